import { defineConfig } from 'oxlint'

// Layers of packages/engine/src, lowest first. A file imports its own layer and those below.
const L0 = ['errors', 'json', 'digest', 'describe', 'impossible']
const L1 = (
  'acceptance action artifact code code-report command command-line context demand estimate event eviction execution fingerprint gate graph halt input kept-runs log-limit mapping matrix order pause pick ' +
  'pinned pipeline pipeline-status plan plan-file plan-moved planned-step process-identity quantity rank ready-queue reason reason-text reason-warning ' +
  'recent-outputs resources run run-diff shell-text snapshot status step step-map step-record tree value'
).split(' ')
const PORTS = ['store/store', 'executor/executor']
const L4 = [
  'adopt-outs',
  'accept-steps',
  'check-hit',
  'check-outs',
  'condition',
  'derive-picks',
  'execute-job',
  'foresee-items',
  'foreseen-files',
  'held-bytes',
  'identify',
  'list-items',
  'mapped-steps',
  'own-fault',
  'out-places',
  'outline',
  'plan-services',
  'plan-steps',
  'read-output',
  'restore-outs',
  'run-map',
  'run-services',
  'run-step',
  'schedule',
  'service-outputs',
  'step-attempts',
  'step-commits',
  'step-life',
  'step-lives',
  'to-come',
  'tree-reasons',
]
const L5 = [
  'accepting',
  'author',
  'cache-entries',
  'collect-garbage',
  'copy-outs',
  'diff-runs',
  'engine',
  'find-garbage',
  'index',
  'project-state',
  'restore-project',
  'run-handle',
  'run-recorder',
  'runnable',
  'situation',
  'verify-cache',
  'watched',
  'who',
]

// Each library stands behind one file of ours, so that a breaking major touches one file.
const BEHIND = {
  'xxhash-wasm': 'packages/engine/src/digest.ts',
  '@dagrejs/graphlib': 'packages/engine/src/graph.ts',
  'p-queue': 'packages/engine/src/schedule.ts',
  level: 'packages/engine/src/store/level-index.ts',
  tinyglobby: 'packages/engine/src/store/project-files.ts',
  'oxc-parser': 'packages/engine/src/code/syntax.ts',
  'oxc-resolver': 'packages/engine/src/code/resolve.ts',
  'csv-parse': 'packages/steps/src/csv.ts',
  'ml-regression': 'packages/steps/src/fit.ts',
  'ml-matrix': 'packages/steps/src/learners/fit-logistic.ts',
  'd3-scale': 'packages/steps/src/report/scale.ts',
  'd3-shape': 'packages/steps/src/report/scale.ts',
  yaml: 'packages/dvc/src/format/yaml.ts',
  'smol-toml': 'packages/dvc/src/format/toml.ts',
  '@duckdb/node-api': 'packages/steps/src/tables/duckdb.ts',
  pg: 'packages/steps/src/tables/postgres.ts',
  'onnxruntime-web': 'packages/steps/src/onnx/network.ts',
  chokidar: 'packages/cli/src/watch/file-watcher.ts',
  'chart.js': 'packages/cli/src/plots/chart-library.ts',
  fastify: 'packages/serve/src/http.ts',
  'prom-client': 'packages/serve/src/metrics.ts',
  croner: 'packages/loop/src/cron.ts',
  commander: 'packages/cli/src/program.ts',
  'cli-table3': 'packages/cli/src/ui/table.ts',
  'log-update': 'packages/cli/src/ui/progress.ts',
}

interface Ban {
  readonly regex?: string
  /** As in .gitignore: a later `!` takes back. */
  readonly group?: string[]
  readonly message: string
}

const files = (names: readonly string[]): string[] =>
  names.map((name) => `packages/engine/src/${name}.ts`)
const up = (names: readonly string[], message: string): Ban => ({
  regex: `^\\.\\.?/(${names.join('|')})\\.ts$`,
  message,
})
const WIRING = up(L5, 'engine.ts wires; nothing below it may know it.')
const RUNNING = up(L4, 'Whether, how and when a step runs is decided above this layer.')
const ADAPTERS: Ban = {
  group: [
    '**/store/*',
    '**/executor/*',
    '**/code/*',
    '!**/store/store.ts',
    '!**/executor/executor.ts',
  ],
  message: 'Adapters stand above this layer: use their port.',
}
const PORT_FILES: Ban = {
  regex: '(store/store|executor/executor)\\.ts$',
  message: 'Nouns know no ports.',
}
const NODE: Ban = { regex: '^node:', message: 'This layer is pure.' }
const OWN_ADAPTERS: Ban = { regex: '^\\./', message: 'A port does not know its adapters.' }
const SCHEDULE = up(['schedule'], 'When and whether do not know each other.')
const OTHER_PACKAGES: Ban = {
  regex: '^@stepwell/',
  message: 'The engine depends on no other package.',
}

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

// The last override that names a file decides: general ones first.
const ENGINE = [
  layer(['packages/engine/src/**'], OTHER_PACKAGES),
  layer(files(L4), OTHER_PACKAGES, WIRING, SCHEDULE),
  layer(files(['schedule']), {
    group: ['./*', '../*', '!./demand.ts', '!./ready-queue.ts'],
    message: 'The scheduler knows nothing of steps.',
  }),
  layer(
    ['packages/engine/src/{store,executor,code}/**'],
    OTHER_PACKAGES,
    up(L5, 'Adapters do not know what wires them.'),
    up(L4, 'Adapters do not know who uses them.'),
  ),
  ...['store/level-index', 'store/project-files', 'code/syntax', 'code/resolve'].map((name) =>
    layer(files([name]), OTHER_PACKAGES, WIRING, RUNNING),
  ),
  layer(files(PORTS), OTHER_PACKAGES, NODE, ADAPTERS, OWN_ADAPTERS, WIRING, RUNNING),
  layer(files(L1), OTHER_PACKAGES, NODE, PORT_FILES, ADAPTERS, WIRING, RUNNING),
  layer(files(['graph']), OTHER_PACKAGES, NODE, PORT_FILES, ADAPTERS, WIRING, RUNNING),
  // The snapshot is a noun of the store's port.
  layer(files(['snapshot']), OTHER_PACKAGES, NODE, ADAPTERS, WIRING, RUNNING),
  layer(files(L0), {
    group: ['./*', '../*', 'node:*', ...L0.map((name) => `!./${name}.ts`)],
    message: 'Leaves import leaves only.',
  }),
  layer(files(['digest']), { regex: '^(\\.|node:)', message: 'Leaves import leaves only.' }),
]

const STEPS_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/engine/author',
    '!@stepwell/registry',
    '!@stepwell/registry/files',
  ],
  message: 'Steps know the entry for step authors and the registry only.',
}
const REGISTRY_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine/author'],
  message: 'The registry knows the entry for step authors only.',
}
const SERVE_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/engine/author',
    '!@stepwell/registry',
    '!@stepwell/registry/files',
    '!@stepwell/steps/model',
  ],
  message: 'The server knows the registry, and of the steps how a model is opened.',
}
const CLI_BAN: Ban = {
  group: [
    '@stepwell/*',
    '@stepwell/*/**',
    '!@stepwell/engine',
    '!@stepwell/dvc',
    '!@stepwell/registry',
    '!@stepwell/serve',
    '!@stepwell/loop',
  ],
  message: 'The CLI uses the public API only.',
}
const DVC_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine'],
  message: 'What reads dvc.yaml uses the public API only.',
}
const LOOP_BAN: Ban = {
  group: ['@stepwell/*', '@stepwell/*/**', '!@stepwell/engine', '!@stepwell/registry/files'],
  message: 'The loop uses the public API only.',
}
const UI_BAN: Ban = { regex: '/commands/', message: 'The screen does not know the commands.' }
const PACKAGES = [
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
  layer(['packages/steps/src/onnx/network.ts'], STEPS_BAN),
  layer(['packages/loop/src/**'], LOOP_BAN),
  layer(['packages/loop/src/cron.ts'], LOOP_BAN),
  layer(['packages/cli/src/**'], CLI_BAN),
  layer(['packages/cli/src/program.ts'], CLI_BAN),
  layer(['packages/cli/src/watch/file-watcher.ts'], CLI_BAN),
  layer(['packages/cli/src/ui/**'], CLI_BAN, UI_BAN),
  layer(['packages/cli/src/ui/table.ts'], CLI_BAN, UI_BAN),
  layer(['packages/cli/src/ui/progress.ts'], CLI_BAN, UI_BAN),
]

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['**/dist/**', '**/node_modules/**', '**/.stepwell/**', 'scripts/**'],
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
