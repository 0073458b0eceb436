import { describe, expect, test } from 'vitest'
import { createStories, type Scenario } from './support/projects.ts'

// Roundabout ways by which a step's output can depend on something: whatever the engine makes of them
// (it may follow them, or doubt and cache nothing), it must not show the old output after the edit.

const story = createStories()
const STEP = `import { file, pipeline, step } from '@stepwell/engine'\n`

function raw(imports: string, body: string): string {
  return `${STEP}${imports}\nexport const raw = step({ run: async () => { ${body} } })\nexport default pipeline('p', { raw })\n`
}

function fresh(title: string, scenario: Scenario): void {
  const told = story(scenario)
  test(title, () => {
    const { first, edited } = told()
    expect(first.error).toBeUndefined()
    expect(edited.error).toBeUndefined()
    expect(first.outputs['raw'], 'the scenario works').toEqual(3)
    expect(edited.outputs['raw'], 'no stale output').toEqual(4)
  })
}

const K = { 'k.ts': 'export const k = 3\n' }
const K_EDIT = { 'k.ts': 'export const k = 4\n' }
const KC = { 'k.cjs': 'module.exports = 3\n' }
const KC_EDIT = { 'k.cjs': 'module.exports = 4\n' }
const TXT = { 'k.txt': '3' }
const TXT_EDIT = { 'k.txt': '4' }

describe('modules', () => {
  fresh('createRequire called in place', {
    files: {
      ...KC,
      'pipeline.ts': raw(
        `import { createRequire } from 'node:module'`,
        `return createRequire(import.meta.url)('./k.cjs')`,
      ),
    },
    edit: KC_EDIT,
  })
  fresh('createRequire under another name', {
    files: {
      ...KC,
      'pipeline.ts': raw(
        `import { createRequire } from 'node:module'\nconst load = createRequire(import.meta.url)`,
        `return load('./k.cjs')`,
      ),
    },
    edit: KC_EDIT,
  })
  fresh('require under another name', {
    files: {
      ...KC,
      'pipeline.ts': raw(`import f from './f.cjs'`, 'return f()'),
      'f.cjs': `const load = require\nmodule.exports = () => load('./k.cjs')\n`,
    },
    edit: KC_EDIT,
  })
  fresh('module.require', {
    files: {
      ...KC,
      'pipeline.ts': raw(`import f from './f.cjs'`, 'return f()'),
      'f.cjs': `module.exports = () => module.require('./k.cjs')\n`,
    },
    edit: KC_EDIT,
  })
  fresh('require without an extension beside a file of that name in TypeScript', {
    files: {
      'pipeline.ts': raw(`import f from './f.cjs'`, 'return f()'),
      'f.cjs': `module.exports = () => require('./lib/k')\n`,
      'lib/package.json': '{"type":"commonjs"}',
      'lib/k.js': 'module.exports = 3',
      'lib/k.ts': 'export const unused = 1',
    },
    edit: { 'lib/k.js': 'module.exports = 4' },
  })
  fresh('a CommonJS module without an extension, and what it requires', {
    files: {
      ...KC,
      'pipeline.ts': raw(`import f from './f.cjs'`, 'return f()'),
      'f.cjs': `module.exports = () => require('./lib/legacy')\n`,
      'lib/package.json': '{"type":"commonjs"}',
      'lib/legacy': `module.exports = require('../k.cjs')`,
    },
    edit: KC_EDIT,
  })
  fresh('Function without new, importing', {
    files: {
      ...K,
      'pipeline.ts': raw(
        '',
        `const load = Function('p', 'return import(p)'); return (await load(new URL('k.ts', import.meta.url).href).catch(() => import('./k.ts'))).k`,
      ),
    },
    edit: K_EDIT,
  })
  fresh('indirect eval of a file', {
    files: {
      ...TXT,
      'pipeline.ts': raw(
        `import { readFileSync } from 'node:fs'`,
        `return (0, eval)(readFileSync('k.txt', 'utf8'))`,
      ),
    },
    edit: TXT_EDIT,
  })
  fresh('Function without new, of a file', {
    files: {
      ...TXT,
      'pipeline.ts': raw(
        `import { readFileSync } from 'node:fs'`,
        `return Function('return ' + readFileSync('k.txt', 'utf8'))()`,
      ),
    },
    edit: TXT_EDIT,
  })
  fresh('import.meta.resolve', {
    files: {
      ...K,
      'pipeline.ts': raw('', `return (await import(import.meta.resolve('./k.ts'))).k`),
    },
    edit: K_EDIT,
  })
  fresh('a package that tsconfig maps elsewhere, which Node does not heed', {
    files: {
      'tsconfig.json': '{"compilerOptions":{"paths":{"fake":["./stub.ts"]}}}',
      'stub.ts': 'export const k = 0',
      'pipeline.ts': raw(`import { k } from 'fake'`, 'return k'),
      'node_modules/fake/package.json':
        '{"name":"fake","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/fake/index.js': 'export const k = 3',
    },
    edit: {
      'node_modules/fake/package.json':
        '{"name":"fake","version":"2.0.0","type":"module","main":"index.js"}',
      'node_modules/fake/index.js': 'export const k = 4',
    },
  })
  fresh('a workspace package with a `module-sync` export', {
    files: {
      'pipeline.ts': raw(`import { k } from 'fake'`, 'return k'),
      'packages/fake/package.json': JSON.stringify({
        name: 'fake',
        version: '1.0.0',
        type: 'module',
        exports: { '.': { 'module-sync': './sync.js', default: './other.js' } },
      }),
      'packages/fake/sync.js': 'export const k = 3',
      'packages/fake/other.js': 'export const k = 0',
    },
    links: { 'node_modules/fake': 'packages/fake' },
    edit: { 'packages/fake/sync.js': 'export const k = 4' },
  })
  fresh('a workspace package with a `node-addons` export', {
    files: {
      'pipeline.ts': raw(`import { k } from 'fake'`, 'return k'),
      'packages/fake/package.json': JSON.stringify({
        name: 'fake',
        version: '1.0.0',
        type: 'module',
        exports: { '.': { 'node-addons': './addon.js', default: './other.js' } },
      }),
      'packages/fake/addon.js': 'export const k = 3',
      'packages/fake/other.js': 'export const k = 0',
    },
    links: { 'node_modules/fake': 'packages/fake' },
    edit: { 'packages/fake/addon.js': 'export const k = 4' },
  })
  fresh('a module that imports the pipeline and sets something up for it', {
    entry: 'main.ts',
    files: {
      'main.ts': `import './setup.ts'\nexport { default } from './pipeline.ts'\n`,
      'setup.ts': `Reflect.set(globalThis, 'setupB', 3)\n`,
      'pipeline.ts': raw('', `return Reflect.get(globalThis, 'setupB')`),
    },
    edit: { 'setup.ts': `Reflect.set(globalThis, 'setupB', 4)\n` },
  })
  fresh('a step of another file', {
    files: {
      'pipeline.ts': `import { pipeline } from '@stepwell/engine'\nimport { raw } from './raw.ts'\nexport default pipeline('p', { raw })`,
      'raw.ts': `import { step } from '@stepwell/engine'\nimport { k } from './k.ts'\nexport const raw = step({ run: () => k })`,
      ...K,
    },
    edit: K_EDIT,
  })
  fresh('a project in a directory with parentheses', {
    dir: 'project (copy)',
    files: { ...K, 'pipeline.ts': raw(`import { k } from './k.ts'`, 'return k') },
    edit: K_EDIT,
  })
  fresh('a step with a version in a directory with parentheses', {
    dir: 'project (copy)',
    files: {
      ...K,
      'pipeline.ts': raw(`import { k } from './k.ts'`, 'return k').replace(
        '{ run',
        `{ version: '1', run`,
      ),
    },
    edit: K_EDIT,
  })
  fresh('a step with a version in a directory with a space', {
    dir: 'my project',
    files: {
      ...K,
      'pipeline.ts': raw(`import { k } from './k.ts'`, 'return k').replace(
        '{ run',
        `{ version: '1', run`,
      ),
    },
    edit: K_EDIT,
  })
  fresh('params of a factory in a directory with parentheses', {
    files: {
      'pipeline.ts': `import { pipeline } from '@stepwell/engine'
import { make } from './lib (1)/make.ts'
const raw = make({ params: { k: 3 } })
export default pipeline('p', { raw })`,
      'lib (1)/make.ts': `import { step } from '@stepwell/engine'
let used: any
const run = () => used.params.k
export function make(options: any) { used = options; return step({ run }) }`,
    },
    edit: {
      'pipeline.ts': `import { pipeline } from '@stepwell/engine'
import { make } from './lib (1)/make.ts'
const raw = make({ params: { k: 4 } })
export default pipeline('p', { raw })`,
    },
  })
  fresh('a worker', {
    files: {
      'pipeline.ts': raw(
        `import { Worker } from 'node:worker_threads'\nimport { once } from 'node:events'`,
        `const [k] = await once(new Worker(new URL('./worker.js', import.meta.url)), 'message'); return k`,
      ),
      'worker.js': `import { parentPort } from 'node:worker_threads'\nimport { k } from './w.js'\nparentPort.postMessage(k)`,
      'w.js': 'export const k = 3',
    },
    edit: { 'w.js': 'export const k = 4' },
  })
})

describe('files beside the code', () => {
  const read = (imports: string, path: string) =>
    raw(
      `import { readFileSync } from 'node:fs'\nimport { dirname, join } from 'node:path'\nimport { fileURLToPath } from 'node:url'\n${imports}`,
      `return Number(readFileSync(${path}, 'utf8'))`,
    )
  const cases: Record<string, string> = {
    'import.meta.dirname': read('', `join(import.meta.dirname, 'k.txt')`),
    'import.meta.filename': read('', `join(import.meta.filename, '../k.txt')`),
    'fileURLToPath(import.meta.url)': read(
      '',
      `join(dirname(fileURLToPath(import.meta.url)), 'k.txt')`,
    ),
    'import.meta.url in a variable': read(
      'const here = import.meta.url',
      `new URL('./k.txt', here)`,
    ),
    'a computed URL': read(`const name = 'k'`, 'new URL(`./${name}.txt`, import.meta.url)'),
    'globalThis.URL': read('', `new globalThis.URL('./k.txt', import.meta.url)`),
    'a URL with a query': read('', `new URL('./k.txt?raw', import.meta.url)`),
    'a URL with an escape': read('', `new URL('./%6b.txt', import.meta.url)`),
    'import.meta.dirname by a literal': read('', `join(import.meta['dirname'], 'k.txt')`),
    'a path of two parts': read('', `join(import.meta.dirname, './', 'k.txt')`),
    'a path in a template': read('', '`${import.meta.dirname}/k.txt`'),
    'import.meta taken apart': read('const { url } = import.meta', `new URL('./k.txt', url)`),
  }
  for (const [title, pipeline] of Object.entries(cases)) {
    fresh(title, { files: { ...TXT, 'pipeline.ts': pipeline }, edit: TXT_EDIT })
  }
  for (const path of [
    `new URL('./sub/k.txt', import.meta.url)`,
    `join(import.meta.dirname, 'sub/k.txt')`,
  ]) {
    fresh(`a file in a directory below: ${path}`, {
      files: { 'sub/k.txt': '3', 'pipeline.ts': read('', path) },
      edit: { 'sub/k.txt': '4' },
    })
  }
  fresh('beside a URL that is none', {
    files: {
      ...TXT,
      'pipeline.ts': raw(
        `import { readFileSync } from 'node:fs'`,
        `const none = () => [new URL('http://[', import.meta.url), new URL('./a%2Fb', import.meta.url)]
         return Number(readFileSync(new URL('./k.txt', import.meta.url), 'utf8')) + none.length`,
      ),
    },
    edit: TXT_EDIT,
  })
  fresh('__dirname', {
    files: {
      ...TXT,
      'pipeline.ts': raw(`import f from './f.cjs'`, 'return f()'),
      'f.cjs': `const fs = require('fs')\nmodule.exports = () => Number(fs.readFileSync(__dirname + '/k.txt', 'utf8'))`,
    },
    edit: TXT_EDIT,
  })
})

describe('environment variables', () => {
  const cases: Record<string, (name: string) => string> = {
    'env of node:process': (name) =>
      raw(`import { env } from 'node:process'`, `return Number(env.${name})`),
    'the default of node:process under another name': (name) =>
      raw(`import proc from 'node:process'`, `return Number(proc.env.${name})`),
    'the default of node:process by its name': (name) =>
      raw(`import { default as proc } from 'node:process'`, `return Number(proc.env.${name})`),
    'env exported again by a helper': (name) =>
      raw(`import { env } from './env.ts'`, `return Number(env.${name})`),
    'a dynamic import of node:process': (name) =>
      raw('', `return Number((await import('node:process')).env.${name})`),
    'process of globalThis by a literal': (name) =>
      raw('', `return Number(globalThis['process']['env'].${name})`),
    'a namespace of node:process': (name) =>
      raw(`import * as proc from 'node:process'`, `return Number(proc.env.${name})`),
    'globalThis.process': (name) => raw('', `return Number(globalThis.process.env.${name})`),
    'process in a variable': (name) => raw('const p = process', `return Number(p.env.${name})`),
    'process taken apart': (name) => raw('const { env } = process', `return Number(env.${name})`),
    'process.env in a variable': (name) => raw('const e = process.env', `return Number(e.${name})`),
    'optional chaining': (name) => raw('', `return Number(process?.env?.${name})`),
    'an assertion': (name) => raw('', `return Number((process.env as any).${name})`),
    'process in parentheses': (name) => raw('', `return Number((process).env.${name})`),
    [`process['env']`]: (name) => raw('', `return Number(process['env'].${name})`),
    'a default parameter': (name) =>
      raw(`const f = ({ ${name}: k } = process.env) => Number(k)`, 'return f()'),
    require: (name) =>
      raw(
        `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
        `return Number(require('node:process').env.${name})`,
      ),
  }
  for (const [index, [title, pipeline]] of Object.entries(cases).entries()) {
    const name = `STEPWELL_U${index}`
    fresh(title, {
      files: { 'pipeline.ts': pipeline(name), 'env.ts': `export { env } from 'node:process'` },
      env: { [name]: '3' },
      envAfter: { [name]: '4' },
    })
  }
})

describe('params and code', () => {
  const edited = (title: string, code: (k: number) => string) =>
    fresh(title, { files: { 'pipeline.ts': code(3) }, edit: { 'pipeline.ts': code(4) } })

  edited(
    'params given to a function of the project that is no step()',
    (k) => `${STEP}
let seen: any
const make = (options: any) => { seen = options; return step({ run: () => seen.params.k }) }
const raw = make({ params: { k: ${k} } })
export default pipeline('p', { raw })`,
  )
  edited(
    'params that are spread over',
    (k) => `${STEP}
const more = { params: { k: ${k} } }
const raw = step({ params: { k: 0 }, run: (_: {}, { params }: any) => params.k, ...more })
export default pipeline('p', { raw })`,
  )
  edited(
    'a version that is also a value',
    (k) => `${STEP}
const V = '${k}'
const raw = step({ version: V, run: () => Number(V) })
export default pipeline('p', { raw })`,
  )
  edited(
    'the linear form',
    (k) => `${STEP}
export default pipeline('p', [['first', () => ${k}], ['raw', (x: number) => x]])`,
  )
  edited(
    'options that the functions of the linear form close over',
    (k) => `${STEP}
const K = { params: { k: ${k} } }
export default pipeline('p', [['raw', () => K.params.k]])`,
  )
})

describe('steps that look alike', () => {
  /** Several pipelines in one project: each must give its own outputs, in every run. */
  const apart = (
    title: string,
    code: string,
    expected: Record<string, unknown>,
    more = {},
  ): void => {
    const told = story({ files: { 'pipeline.ts': `${STEP}${code}`, ...more } })
    test(title, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().first.outputs).toEqual(expected)
      expect(told().again.outputs).toEqual(expected)
    })
  }
  apart(
    'two functions of one array',
    `const runs = [() => 1, () => 2]
const made: any = {}
for (const run of runs) made['s' + (Object.keys(made).length + 1)] = step({ run })
export default pipeline('p', made)`,
    { s1: 1, s2: 2 },
  )
  apart(
    'functions taken one by one from a list of the module, in two pipelines',
    `const runs = [() => 1, () => 2]
const made: any[] = []
while (runs.length > 0) made.push(step({ run: runs.shift() as () => number }))
export default [pipeline('one', { a: made[0] }), pipeline('two', { b: made[1] })]`,
    { 'one/a': 1, 'two/b': 2 },
  )
  apart(
    'such functions under each other’s name in two pipelines',
    `const runs = [() => 1, () => 2]
const made: any[] = []
while (runs.length > 0) made.push(step({ run: runs.shift() as () => number }))
export default [
  pipeline('one', { a: made[0], b: made[1] }),
  pipeline('two', { a: made[1], b: made[0] }),
]`,
    { 'one/a': 1, 'one/b': 2, 'two/a': 2, 'two/b': 1 },
  )
  apart(
    'a function that the module keeps in a variable',
    `let current: () => number = () => 0
const make = () => step({ run: current })
const pipelines: any[] = []
for (const k of [1, 2]) {
  current = () => k
  pipelines.push(pipeline('p' + k, { a: make() }))
}
export default pipelines`,
    { 'p1/a': 1, 'p2/a': 2 },
  )
  apart(
    'options that are mapped through step()',
    `const build = (k: number) => pipeline('p' + k, { a: [{ run: () => k }].map((o) => step(o))[0] as any })
export default [1, 2].map(build)`,
    { 'p1/a': 1, 'p2/a': 2 },
  )
  apart(
    'options that step() is called on by map itself',
    `const build = (k: number) => pipeline('p' + k, { a: [{ run: () => k }].map(step as any)[0] as any })
export default [1, 2].map(build)`,
    { 'p1/a': 1, 'p2/a': 2 },
  )
  apart(
    'the linear form in a loop',
    `const lists: any[] = [[['a', () => 1]], [['a', () => 2]]]
const pipelines: any[] = []
while (lists.length > 0) pipelines.push(pipeline('p' + lists.length, lists.shift()))
export default pipelines`,
    { 'p2/a': 1, 'p1/a': 2 },
  )
  apart(
    'methods of one class',
    `class Maker { constructor(k: number) { this.k = k } k: number; make() { return step({ run: () => this.k }) } }
const makers = [new Maker(1), new Maker(2)]
export default makers.map((maker, i) => pipeline('p' + i, { a: maker.make() }))`,
    { 'p0/a': 1, 'p1/a': 2 },
  )
  apart(
    'bound functions',
    `const makes = [1, 2].map((k) => ((x: number) => x).bind(null, k))
const pipelines: any[] = []
while (makes.length > 0) pipelines.push(pipeline('p' + makes.length, { a: step({ run: makes.shift() as any }) }))
export default pipelines`,
    { 'p2/a': 1, 'p1/a': 2 },
  )
  apart(
    'a function that another module keeps in a variable',
    `import { current, set } from './state.ts'
const make = () => step({ run: current })
const pipelines: any[] = []
for (const k of [1, 2]) {
  set(() => k)
  pipelines.push(pipeline('p' + k, { a: make() }))
}
export default pipelines`,
    { 'p1/a': 1, 'p2/a': 2 },
    {
      'state.ts':
        'export let current: () => number = () => 0\nexport const set = (f: () => number) => { current = f }',
    },
  )
  apart(
    'a function declaration that is assigned to',
    `function current() { return 0 }
const make = () => step({ run: current })
const pipelines: any[] = []
for (const k of [1, 2]) {
  // @ts-ignore
  current = () => k
  pipelines.push(pipeline('p' + k, { a: make() }))
}
export default pipelines`,
    { 'p1/a': 1, 'p2/a': 2 },
  )
  apart(
    'steps of a wrapper in the project',
    `const wrap = (run: any) => step({ run })
const pipelines: any[] = []
for (const k of [1, 2]) pipelines.push(pipeline('p' + k, { a: wrap(() => k) }))
export default pipelines`,
    { 'p1/a': 1, 'p2/a': 2 },
  )
  apart(
    'a generator that makes steps',
    `function* makes(): any { for (let k = 1; k < 3; k += 1) yield step({ run: () => k * 10 }) }
export default [...makes()].map((made: any, i) => pipeline('p' + i, { a: made }))`,
    { 'p0/a': 10, 'p1/a': 20 },
  )
  apart(
    'one function with two sets of params',
    `const run = (_: {}, { params }: any) => params.k
const a = step({ params: { k: 1 }, run })
const b = step({ params: { k: 2 }, run })
export default pipeline('p', { a, b })`,
    { a: 1, b: 2 },
  )
  apart(
    'two steps on one line',
    `const a = step({ run: () => 1 }), b = step({ run: () => 2 })\nexport default pipeline('p', { a, b })`,
    { a: 1, b: 2 },
  )
})

describe('captured values that are not in the source', () => {
  const argv = (title: string, code: string) =>
    fresh(title, {
      files: { ...TXT, 'pipeline.ts': `${STEP}import { readFileSync } from 'node:fs'\n${code}` },
      edit: TXT_EDIT,
    })
  argv(
    'a variable of a function, used in the run function',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step({ run: () => k }) }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a variable of a function, used in what is mapped',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return [{ run: () => k }].map(step as any)[0] as any }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a variable of a function, by way of a local function',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); const run = () => k; return step({ run }) }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a variable of a function, by way of the module',
    `let run: any
function build() { const k = Number(readFileSync('k.txt', 'utf8')); run = () => k; return step({ run }) }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a variable of a block at the top level',
    `let raw: any
{ const k = Number(readFileSync('k.txt', 'utf8')); raw = step({ run: () => k }) }
export default pipeline('p', { raw })`,
  )
  argv(
    'step.call and a getter',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step.call(null, { get run() { return () => k } } as any) }
export default pipeline('p', { raw: build() as any })`,
  )
  argv(
    'spread options',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); const options = { run: () => k }; return step({ ...options }) }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a module constant that was read from a file',
    `const k = Number(readFileSync('k.txt', 'utf8'))
const raw = step({ run: () => k })
export default pipeline('p', { raw })`,
  )
  argv(
    'step.call',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step.call(null, { run: () => k }) as any }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'step.apply',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step.apply(null, [{ run: () => k }]) as any }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'Reflect.apply',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return Reflect.apply(step, null, [{ run: () => k }]) as any }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'step.bind',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step.bind(null, { run: () => k } as any)() as any }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'the linear form in a function',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return pipeline('p', [['raw', () => k]]) }
export default build()`,
  )
  argv(
    'the linear form in a function, spread',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); const links: any = [['raw', () => k]]; return pipeline('p', [...links] as any) }
export default build()`,
  )
  argv(
    'options that inherit the function',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step({ __proto__: { run: () => k } } as any) }
export default pipeline('p', { raw: build() as any })`,
  )
  argv(
    'a class expression within the function',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step({ run: () => new (class { v = k })().v }) }
export default pipeline('p', { raw: build() })`,
  )
  argv(
    'a destructured parameter',
    `const build = ({ at: [k] }: any) => step({ run: () => k })
export default pipeline('p', { raw: build({ at: [Number(readFileSync('k.txt', 'utf8'))] }) })`,
  )
  argv(
    'this of a class field',
    `class M { k = Number(readFileSync('k.txt', 'utf8')); made = step({ run: () => this.k }) }
export default pipeline('p', { raw: new M().made })`,
  )
  argv(
    'arguments',
    `function build() { return step({ run: () => arguments[0] }) }
export default pipeline('p', { raw: (build as any)(Number(readFileSync('k.txt', 'utf8'))) })`,
  )
  argv(
    'a stale that captures',
    `function build() { const k = Number(readFileSync('k.txt', 'utf8')); return step({ run: Object.assign(() => k, { stale: () => undefined }) }) }
export default pipeline('p', { raw: build() })`,
  )
})
