import { defineConfig } from 'oxlint'

// The rooms of packages/engine/src, from the ground up. A room imports only those before it.
const ROOMS = [
  'value',
  'define',
  'identity',
  'record',
  'store',
  'code',
  'executor',
  'decide',
  'plan',
  'run',
  'engine',
]

// Each library stands behind one file of ours, so that a breaking major touches one file.
const BEHIND = {
  'xxhash-wasm': 'packages/base/src/digest.ts',
  '@dagrejs/graphlib': 'packages/engine/src/engine/graph.ts',
  'p-queue': 'packages/engine/src/run/schedule.ts',
  level: 'packages/engine/src/store/cache/level-index.ts',
  picomatch: 'packages/engine/src/store/inputs/patterns.ts',
  'oxc-parser': 'packages/engine/src/code/parse/syntax.ts',
  'oxc-resolver': 'packages/engine/src/code/resolve/resolve.ts',
  'csv-parse': 'packages/steps/src/csv.ts',
  'ml-regression': 'packages/steps/src/fit.ts',
  'ml-matrix': 'packages/steps/src/learners/fit-logistic.ts',
  'd3-scale': 'packages/steps/src/report/scale.ts',
  'd3-shape': 'packages/steps/src/report/scale.ts',
  yaml: 'packages/dvc/src/format/yaml.ts',
  'smol-toml': 'packages/dvc/src/format/toml.ts',
  '@duckdb/node-api': 'packages/steps/src/tables/duckdb.ts',
  pg: 'packages/steps/src/tables/postgres.ts',
  'onnxruntime-web': 'packages/steps/src/onnx/runtime.ts',
  chokidar: 'packages/cli/src/watch/file-watcher.ts',
  '@clack/prompts': 'packages/create-stepwell/src/ask.ts',
  'chart.js': 'packages/cli/src/plots/chart-library.ts',
  fastify: 'packages/serve/src/http.ts',
  'prom-client': 'packages/serve/src/metrics.ts',
  croner: 'packages/loop/src/cron.ts',
  commander: 'packages/cli/src/commander.ts',
  'cli-table3': 'packages/cli/src/ui/table.ts',
  'log-update': 'packages/cli/src/ui/progress.ts',
}

interface Ban {
  readonly regex?: string
  /** As in .gitignore: a later `!` takes back. */
  readonly group?: string[]
  readonly message: string
}

const GROUND: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/base', '!@stepwell/base/**'],
  message: 'The engine stands on the base only.',
}
const BASE: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**'],
  message: 'The base knows no other package.',
}
const PURE: Ban = { regex: '^node:', message: 'This room is pure.' }

/** A rule for some files: the bans given, and every library that is not behind one of them. */
function layer(paths: readonly string[], ...bans: readonly Ban[]) {
  const libraries = Object.entries(BEHIND).filter(([, file]) => !paths.includes(file))
  const patterns = [
    ...bans,
    ...libraries.map(([name, file]) => ({
      regex: `^${name}($|/)`,
      message: `${name} stands behind ${file}.`,
    })),
  ]
  return { files: [...paths], rules: { 'no-restricted-imports': ['error', { patterns }] as const } }
}

const behindIn = (dir: string): string[] =>
  Object.values(BEHIND).filter((file) => file.startsWith(dir))

// The last override that names a file decides: general ones first.
const ENGINE = ROOMS.flatMap((room, place) => {
  const dir = `packages/engine/src/${room}/`
  const later = ROOMS.slice(place + 1)
  const bans = [
    GROUND,
    ...(later.length > 0
      ? [
          {
            regex: `^(\\.\\./)+(${later.join('|')})/`,
            message: 'A room imports only those before it.',
          },
        ]
      : []),
    ...(['value', 'define', 'identity', 'record'].includes(room) ? [PURE] : []),
  ]
  return [layer([`${dir}**`], ...bans), ...behindIn(dir).map((file) => layer([file], ...bans))]
})

const STEPS_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/engine/author',
    '!@stepwell/registry',
    '!@stepwell/base/**',
  ],
  message: 'Steps know the entry for step authors and the registry only.',
}
const REGISTRY_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine/author', '!@stepwell/base/**'],
  message: 'The registry knows the entry for step authors only.',
}
const SERVE_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/engine/author',
    '!@stepwell/registry',
    '!@stepwell/base/**',
    '!@stepwell/steps/model',
  ],
  message: 'The server knows the registry, and of the steps how a model is opened.',
}
const CLI_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/base/**',
    '!@stepwell/engine',
    '!@stepwell/dvc',
    '!@stepwell/registry',
    '!@stepwell/serve',
    '!@stepwell/loop',
  ],
  message: 'The CLI uses the public API only.',
}
const DVC_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine', '!@stepwell/base/**'],
  message: 'What reads dvc.yaml uses the public API only.',
}
const LOOP_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine', '!@stepwell/base/**'],
  message: 'The loop uses the public API only.',
}
const UI_BAN: Ban = { regex: '/commands/', message: 'The screen does not know the commands.' }
const PACKAGES = [
  layer(['packages/base/src/**'], BASE),
  layer(['packages/base/src/digest.ts'], BASE),
  layer(['packages/registry/src/**'], REGISTRY_BAN),
  layer(['packages/serve/src/**'], SERVE_BAN),
  layer(['packages/serve/src/http.ts'], SERVE_BAN),
  layer(['packages/serve/src/metrics.ts'], SERVE_BAN),
  layer(['packages/steps/src/**'], STEPS_BAN),
  layer(['packages/steps/src/csv.ts'], STEPS_BAN),
  layer(['packages/steps/src/fit.ts'], STEPS_BAN),
  layer(['packages/steps/src/learners/fit-logistic.ts'], STEPS_BAN),
  layer(['packages/steps/src/report/scale.ts'], STEPS_BAN),
  layer(['packages/dvc/src/**'], DVC_BAN),
  layer(['packages/dvc/src/format/yaml.ts'], DVC_BAN),
  layer(['packages/dvc/src/format/toml.ts'], DVC_BAN),
  layer(['packages/steps/src/tables/duckdb.ts'], STEPS_BAN),
  layer(['packages/steps/src/tables/postgres.ts'], STEPS_BAN),
  layer(['packages/steps/src/onnx/runtime.ts'], STEPS_BAN),
  layer(['packages/loop/src/**'], LOOP_BAN),
  layer(['packages/loop/src/cron.ts'], LOOP_BAN),
  layer(['packages/create-stepwell/src/**'], BASE),
  layer(['packages/create-stepwell/src/ask.ts'], BASE),
  layer(['packages/cli/src/**'], CLI_BAN),
  layer(['packages/cli/src/commander.ts'], CLI_BAN),
  layer(['packages/cli/src/watch/file-watcher.ts'], CLI_BAN),
  layer(['packages/cli/src/ui/**'], CLI_BAN, UI_BAN),
  layer(['packages/cli/src/ui/table.ts'], CLI_BAN, UI_BAN),
  layer(['packages/cli/src/ui/progress.ts'], CLI_BAN, UI_BAN),
]

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: [
    '**/dist/**',
    'packages/create-stepwell/templates/**',
    '**/node_modules/**',
    '**/.stepwell/**',
    'scripts/**',
  ],
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'no-console': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    // What is done one after the other is meant to be.
    'no-await-in-loop': 'off',
    // The compiler checks this, and knows of exhaustive switches.
    'typescript/consistent-return': 'off',
    // What comes from JSON or a codec has no type until it is given one.
    'typescript/no-unsafe-type-assertion': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'oxc/no-map-spread': 'off',
    // Of windows, not of threads.
    'unicorn/require-post-message-target-origin': 'off',
  },
  overrides: [
    ...ENGINE,
    ...PACKAGES,
    {
      files: ['**/test/**'],
      rules: {
        // Assertions may sit in a helper, and laws in a property.
        'vitest/expect-expect': 'off',
        // The second argument says which case failed.
        'vitest/valid-expect': ['error', { maxArgs: 2 }],
        'typescript/no-floating-promises': 'error',
        'vitest/no-conditional-expect': 'off',
        'vitest/no-standalone-expect': 'off',
        'vitest/valid-title': 'off',
        // `fc.property` is how fast-check is written everywhere.
        'import/no-named-as-default-member': 'off',
      },
    },
  ],
})
