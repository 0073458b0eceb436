import { describe, expect, test } from 'vitest'
import { createStories, type Scenario, type Story } from './support/projects.ts'

const story = createStories()

const STEP = `import { file, pipeline, step } from '@stepwell/engine'\n`
/** Two steps in a row, of which the first one uses `scale` from a helper. */
const PIPELINE = `${STEP}
import { scale } from './lib/scale.ts'
const raw = step({ run: () => scale(2) })
const report = step({ inputs: { raw }, run: ({ raw }) => 'raw ' + raw })
export default pipeline('p', { raw, report })
`
const CONST = (value: number) => `export const scale = (x: number) => x * ${value}\n`

/** After the edit, `raw` gives something else: all that depends on it must have run. */
function reruns(title: string, scenario: Scenario): void {
  const told = story(scenario)
  test(title, () => {
    expectCached(told())
    const { first, edited } = told()
    expect(edited.error).toBeUndefined()
    expect(edited.outputs, 'the edit of this test changes an output').not.toEqual(first.outputs)
    expect(edited.statuses['raw']).toBe('succeeded')
  })
}

/** The first run executes everything, the second one nothing. */
function expectCached({ first, again }: Story): void {
  expect(first.error).toBeUndefined()
  expect(first.warnings).toEqual([])
  for (const [name, status] of Object.entries(first.statuses)) {
    expect([name, status]).toEqual([name, 'succeeded'])
    expect([name, again.statuses[name]]).toEqual([name, 'cached'])
  }
  expect(again.outputs).toEqual(first.outputs)
}

function rawOnly(imports: string, body: string): string {
  return `${STEP}${imports}\nexport const raw = step({ run: async () => { ${body} } })\nexport default pipeline('p', { raw })\n`
}

describe('an edit of what a step imports is seen', () => {
  reruns('a helper', {
    files: { 'pipeline.ts': PIPELINE, 'lib/scale.ts': CONST(3) },
    edit: { 'lib/scale.ts': CONST(4) },
  })
  reruns('the step itself', {
    files: { 'pipeline.ts': PIPELINE, 'lib/scale.ts': CONST(3) },
    edit: { 'pipeline.ts': PIPELINE.replace('scale(2)', 'scale(20)') },
  })
  reruns('a helper of a helper', {
    files: {
      'pipeline.ts': PIPELINE,
      'lib/scale.ts': `import { K } from './k.ts'\nexport const scale = (x: number) => x * K\n`,
      'lib/k.ts': 'export const K = 3\n',
    },
    edit: { 'lib/k.ts': 'export const K = 4\n' },
  })
  reruns('a helper that is exported again by name', {
    files: {
      'pipeline.ts': PIPELINE,
      'lib/scale.ts': `export { times as scale } from './times.ts'\n`,
      'lib/times.ts': 'export const times = (x: number) => x * 3\n',
    },
    edit: { 'lib/times.ts': 'export const times = (x: number) => x * 4\n' },
  })
  reruns('a helper behind two `export *`', {
    files: {
      'pipeline.ts': PIPELINE,
      'lib/scale.ts': `export * from './b.ts'\n`,
      'lib/b.ts': `export * from './c.ts'\n`,
      'lib/c.ts': CONST(3),
    },
    edit: { 'lib/c.ts': CONST(4) },
  })
  reruns('a module that is loaded for its side effect', {
    files: {
      'pipeline.ts': rawOnly(`import './setup.js'\nimport { box } from './box.js'`, `return box.k`),
      'box.js': 'export const box = { k: 0 }',
      'setup.js': `import { box } from './box.js'\nbox.k = 3\n`,
    },
    edit: { 'setup.js': `import { box } from './box.js'\nbox.k = 4\n` },
  })
  reruns('exports that trade names, behind a namespace', {
    files: {
      'pipeline.ts': rawOnly(`import * as lib from './lib.ts'`, 'return lib.x'),
      'lib.ts': 'const a = 3\nconst b = 4\nexport { a as x, b as y }\n',
    },
    edit: { 'lib.ts': 'const a = 3\nconst b = 4\nexport { a as y, b as x }\n' },
  })
  reruns('exports that trade names, behind a namespace that is passed on', {
    files: {
      'pipeline.ts': rawOnly(`import { lib } from './mid.ts'`, 'return lib.x'),
      'mid.ts': `export * as lib from './lib.ts'\n`,
      'lib.ts': `export { a as x, b as y } from './k.ts'\n`,
      'k.ts': 'export const a = 3\nexport const b = 4\n',
    },
    edit: { 'lib.ts': `export { a as y, b as x } from './k.ts'\n` },
  })
  reruns('exports that trade names, behind import()', {
    files: {
      'pipeline.ts': rawOnly('', `return (await import('./lib.ts')).x`),
      'lib.ts': 'const a = 3\nconst b = 4\nexport { a as x, b as y }\n',
    },
    edit: { 'lib.ts': 'const a = 3\nconst b = 4\nexport { a as y, b as x }\n' },
  })
  reruns('a package name that is exported under another', {
    files: {
      'pipeline.ts': rawOnly(`import * as lib from './lib.ts'`, 'return lib.x'),
      'lib.ts': `export { a as x, b as y } from 'fake'\n`,
      'node_modules/fake/package.json':
        '{"name":"fake","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/fake/index.js': 'export const a = 3\nexport const b = 4\n',
    },
    edit: { 'lib.ts': `export { a as y, b as x } from 'fake'\n` },
  })
  reruns('modules in a circle', {
    files: {
      'pipeline.ts': PIPELINE,
      'lib/scale.ts': `import { K } from './k.ts'\nexport const two = 2\nexport const scale = (x: number) => x * K()\n`,
      'lib/k.ts': `import { two } from './scale.ts'\nexport const K = () => two + 1\n`,
    },
    edit: {
      'lib/k.ts': `import { two } from './scale.ts'\nexport const K = () => two + 2\n`,
    },
  })
  reruns('JSON', {
    files: {
      'pipeline.ts': rawOnly(`import data from './data.json' with { type: 'json' }`, 'return data'),
      'data.json': '{"k":3}',
    },
    edit: { 'data.json': '{"k":4}' },
  })
  reruns('a dynamic import that is named literally', {
    files: {
      'pipeline.ts': rawOnly('', `return (await import('./lib/scale.ts')).scale(2)`),
      'lib/scale.ts': CONST(3),
    },
    edit: { 'lib/scale.ts': CONST(4) },
  })
  reruns('a dynamic import named by a template without parts', {
    files: {
      'pipeline.ts': rawOnly('', 'return (await import(`./lib/scale.ts`)).scale(2)'),
      'lib/scale.ts': CONST(3),
    },
    edit: { 'lib/scale.ts': CONST(4) },
  })
  reruns('a file named by new URL', {
    files: {
      'pipeline.ts': rawOnly(
        `import { readFileSync } from 'node:fs'`,
        `return readFileSync(new URL('./words.txt', import.meta.url), 'utf8')`,
      ),
      'words.txt': 'one',
    },
    edit: { 'words.txt': 'two' },
  })
  reruns('a file named by new URL that was not there before', {
    files: {
      'pipeline.ts': rawOnly(
        `import { existsSync } from 'node:fs'`,
        `return existsSync(new URL('./words.txt', import.meta.url))`,
      ),
    },
    edit: { 'words.txt': 'two' },
  })
  reruns('a CommonJS helper and what it requires', {
    files: {
      'pipeline.ts': rawOnly(`import times from './times.cjs'`, 'return times(2)'),
      'times.cjs': `const k = require('./k.cjs')\nmodule.exports = (x) => x * k\n`,
      'k.cjs': 'module.exports = 3\n',
    },
    edit: { 'k.cjs': 'module.exports = 4\n' },
  })
  reruns('what createRequire gives', {
    files: {
      'pipeline.ts': rawOnly(
        `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
        `return require('./k.cjs')`,
      ),
      'k.cjs': 'module.exports = 3\n',
    },
    edit: { 'k.cjs': 'module.exports = 4\n' },
  })
  reruns('a subpath import that is mapped elsewhere', {
    files: {
      'package.json': '{"type":"module","imports":{"#k":"./a.ts"}}',
      'pipeline.ts': rawOnly(`import { k } from '#k'`, 'return k'),
      'a.ts': 'export const k = 3',
      'b.ts': 'export const k = 4',
    },
    edit: { 'package.json': '{"type":"module","imports":{"#k":"./b.ts"}}' },
  })
  reruns('a module constant', {
    files: { 'pipeline.ts': rawOnly('const K = 3', 'return K') },
    edit: { 'pipeline.ts': rawOnly('const K = 4', 'return K') },
  })
})

describe('packages', () => {
  const manifest = (version: string, more = {}) =>
    JSON.stringify({ name: 'fake', version, type: 'module', main: 'index.js', ...more })
  const imported = rawOnly(`import { k } from 'fake'`, 'return k')

  for (const optional of [
    '"optionalDependencies": { "fake": "1" }',
    '"peerDependenciesMeta": { "fake": { "optional": true } }',
  ]) {
    reruns(`a package that was not there, and need not be: ${optional}`, {
      files: {
        'package.json': `{ "name": "project", "type": "module", ${optional} }`,
        'pipeline.ts': rawOnly('', `try { return (await import('fake')).k } catch { return 0 }`),
      },
      edit: {
        'node_modules/fake/package.json': manifest('1.0.0'),
        'node_modules/fake/index.js': 'export const k = 3',
      },
    })
  }
  reruns('a new version is seen', {
    files: {
      'pipeline.ts': imported,
      'node_modules/fake/package.json': manifest('1.0.0'),
      'node_modules/fake/index.js': 'export const k = 3',
    },
    edit: {
      'node_modules/fake/package.json': manifest('1.0.1'),
      'node_modules/fake/index.js': 'export const k = 4',
    },
  })
  reruns('a new version of what a package depends on is seen', {
    files: {
      'pipeline.ts': imported,
      'node_modules/fake/package.json': manifest('1.0.0', { dependencies: { deep: '*' } }),
      'node_modules/fake/index.js': `export { k } from 'deep'`,
      'node_modules/deep/package.json':
        '{"name":"deep","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/deep/index.js': 'export const k = 3',
    },
    edit: {
      'node_modules/deep/package.json':
        '{"name":"deep","version":"1.0.1","type":"module","main":"index.js"}',
      'node_modules/deep/index.js': 'export const k = 4',
    },
  })
  reruns('a package without a version counts by its files', {
    files: {
      'pipeline.ts': imported,
      'node_modules/fake/package.json': '{"name":"fake","type":"module","main":"index.js"}',
      'node_modules/fake/index.js': 'export const k = 3',
    },
    edit: { 'node_modules/fake/index.js': 'export const k = 4' },
  })
  reruns('a workspace package counts as code of the project', {
    files: {
      'pipeline.ts': imported,
      'packages/fake/package.json': manifest('1.0.0'),
      'packages/fake/index.js': `export { k } from './k.js'`,
      'packages/fake/k.js': 'export const k = 3',
    },
    links: { 'node_modules/fake': 'packages/fake' },
    edit: { 'packages/fake/k.js': 'export const k = 4' },
  })
  reruns('one that calls itself a front end, and is none of ours, too', {
    files: {
      'pipeline.ts': imported,
      'packages/fake/package.json': manifest('1.0.0', { stepwell: { frontEnd: true } }),
      'packages/fake/index.js': 'export const k = 3',
    },
    links: { 'node_modules/fake': 'packages/fake' },
    edit: { 'packages/fake/index.js': 'export const k = 4' },
  })
  reruns('an installed package that depends on a linked one', {
    files: {
      'pipeline.ts': imported,
      'node_modules/fake/package.json': manifest('1.0.0', { dependencies: { linked: '*' } }),
      'node_modules/fake/index.js': `export { k } from 'linked'`,
      'packages/linked/package.json':
        '{"name":"linked","version":"1.0.0","type":"module","main":"index.js"}',
      'packages/linked/index.js': 'export const k = 3',
    },
    links: { 'node_modules/linked': 'packages/linked' },
    edit: { 'packages/linked/index.js': 'export const k = 4' },
  })

  const unused = story({
    files: {
      'pipeline.ts': imported,
      'node_modules/fake/package.json': manifest('1.0.0'),
      'node_modules/fake/index.js': 'export const k = 3',
      'node_modules/other/package.json': '{"name":"other","version":"1.0.0"}',
    },
    edit: { 'node_modules/other/package.json': '{"name":"other","version":"2.0.0"}' },
  })
  test('one that is not reached does not matter', () => {
    expectCached(unused())
    expect(unused().edited.statuses).toEqual({ raw: 'cached' })
  })
})

describe('environment variables', () => {
  const reads = (code: string) => ({ 'pipeline.ts': rawOnly('', code) })
  reruns('process.env.NAME', {
    files: reads('return process.env.STEPWELL_T1 ?? null'),
    env: { STEPWELL_T1: 'a' },
    envAfter: { STEPWELL_T1: 'b' },
  })
  reruns('a variable that is removed', {
    files: reads('return process.env.STEPWELL_T2 ?? null'),
    env: { STEPWELL_T2: 'a' },
    envAfter: { STEPWELL_T2: undefined },
  })
  reruns(`process.env['NAME']`, {
    files: reads(`return process.env['STEPWELL_T3'] ?? null`),
    env: { STEPWELL_T3: 'a' },
    envAfter: { STEPWELL_T3: 'b' },
  })
  reruns('const { NAME } = process.env', {
    files: reads(`const { STEPWELL_T4: k = null } = process.env; return k`),
    env: { STEPWELL_T4: 'a' },
    envAfter: { STEPWELL_T4: 'b' },
  })
  reruns('in a helper', {
    files: {
      'pipeline.ts': rawOnly(`import { k } from './k.ts'`, 'return k()'),
      'k.ts': 'export const k = () => process.env.STEPWELL_T5 ?? null',
    },
    env: { STEPWELL_T5: 'a' },
    envAfter: { STEPWELL_T5: 'b' },
  })
  const other = story({
    files: reads('return process.env.STEPWELL_T6 ?? null'),
    env: { STEPWELL_T7: 'a' },
    envAfter: { STEPWELL_T7: 'b' },
  })
  test('one that the code does not name does not matter', () => {
    expectCached(other())
    expect(other().edited.statuses).toEqual({ raw: 'cached' })
  })
})

describe('params', () => {
  const three = (rate: string, extra = '') => `${STEP}${extra}
const raw = step({ params: { rate: ${rate} }, run: (_, { params }) => params.rate })
const rest = step({ params: { rate: 7 }, run: (_, { params }) => params.rate })
const report = step({ inputs: { raw }, run: ({ raw }) => 'raw ' + raw })
export default pipeline('p', { raw, rest, report })
`
  const literal = story({
    files: { 'pipeline.ts': three('1') },
    edit: { 'pipeline.ts': three('2') },
  })
  test('an edit of a literal reruns that step and what reads it', () => {
    expectCached(literal())
    const { edited } = literal()
    expect(edited.statuses).toEqual({ raw: 'succeeded', rest: 'cached', report: 'succeeded' })
    expect(edited.outputs).toEqual({ raw: 2, rest: 7, report: 'raw 2' })
    expect(edited.reasons['raw']).toEqual(['param'])
  })
  const back = story({
    files: { 'pipeline.ts': three('1') },
    edit: { 'pipeline.ts': three('1').replace('{ rate: 7 }', '{ rate: 7 as number }') },
  })
  test('an edit that is not one of data is one of code', () => {
    expectCached(back())
    expect(back().edited.outputs).toEqual(back().first.outputs)
  })
  reruns('a value that is kept in a constant elsewhere', {
    files: {
      'pipeline.ts': three('RATE', `import { RATE } from './rate.ts'\n`),
      'rate.ts': 'export const RATE = 1',
    },
    edit: { 'rate.ts': 'export const RATE = 2' },
  })
  reruns('params that the code also reads in another way', {
    files: {
      'pipeline.ts': `${STEP}const options = { params: { rate: 1 }, run: () => options.params.rate }
const raw = step(options)
export default pipeline('p', { raw })`,
    },
    edit: {
      'pipeline.ts': `${STEP}const options = { params: { rate: 2 }, run: () => options.params.rate }
const raw = step(options)
export default pipeline('p', { raw })`,
    },
  })
  const described = (words: string) =>
    `${STEP}const raw = step({ description: '${words}', run: () => 1 })\nexport default pipeline('p', { raw })`
  const description = story({
    files: { 'pipeline.ts': described('one') },
    edit: { 'pipeline.ts': described('two') },
  })
  test('a description is not part of the key', () => {
    expectCached(description())
    expect(description().edited.statuses).toEqual({ raw: 'cached' })
  })
  const versioned = (version: string) => `${STEP}
const raw = step({ version: '${version}', run: () => 1 })
const rest = step({ version: 'x', run: () => 2 })
export default pipeline('p', { raw, rest })`
  const version = story({
    files: { 'pipeline.ts': versioned('1') },
    edit: { 'pipeline.ts': versioned('2') },
  })
  test('a new version reruns that step alone', () => {
    expectCached(version())
    expect(version().edited.statuses).toEqual({ raw: 'succeeded', rest: 'cached' })
    expect(version().edited.reasons['raw']).toEqual(['version'])
  })
})

describe('steps made in a loop', () => {
  const loop = (run: string, more = '') => `${STEP}
const made: Record<string, any> = {}
for (const k of [1, 2, 3]) made['s' + k] = step({ params: { k }, run: ${run}${more} })
export default pipeline('p', made)
`
  const free = story({ files: { 'pipeline.ts': loop('(_, { params }) => params.k * 10') } })
  test('without captures they are cached and told apart', () => {
    expectCached(free())
    expect(free().again.outputs).toEqual({ s1: 10, s2: 20, s3: 30 })
  })
  const captured = story({ files: { 'pipeline.ts': loop('() => k') } })
  test('with captures they are not cached, and the warning names the variable', () => {
    const { first, again } = captured()
    expect(again.statuses).toEqual({ s1: 'succeeded', s2: 'succeeded', s3: 'succeeded' })
    expect(first.warnings.join('\n')).toMatch(
      /steps `s1`, `s2` and `s3` are not cached: .*captures `k` .*pipeline\.ts:4/,
    )
  })
  const versioned = story({ files: { 'pipeline.ts': loop('() => k', ', version: String(k)') } })
  test('with captures and a version they are cached', () => {
    expectCached(versioned())
    expect(versioned().again.outputs).toEqual({ s1: 1, s2: 2, s3: 3 })
  })
  const same = story({
    files: { 'pipeline.ts': loop('() => 0').replace('params: { k }, ', '') },
  })
  test('equal ones are executed once, for all of them', () => {
    const { first, again } = same()
    expect(Object.values(first.statuses).toSorted()).toEqual(['cached', 'cached', 'succeeded'])
    expect(new Set(Object.values(again.statuses))).toEqual(new Set(['cached']))
    expect(again.outputs).toEqual(first.outputs)
  })

  const factory = (body: string) => ({
    'pipeline.ts': `${STEP}import { make } from './make.ts'
const raw = make(2)
const rest = make(3)
export default pipeline('p', { raw, rest })`,
    'make.ts': `import { step } from '@stepwell/engine'\n${body}`,
  })
  const params = (k: string) =>
    `export const make = (k: number) => step({ params: { k }, run: (_, { params }) => params.k * ${k} })`
  reruns('a factory in another file, edited', {
    files: factory(params('10')),
    edit: { 'make.ts': `import { step } from '@stepwell/engine'\n${params('11')}` },
  })
  const told = story({ files: factory(params('10')) })
  test('what a factory makes is told apart by where it is called', () => {
    expectCached(told())
    expect(told().again.outputs).toEqual({ raw: 20, rest: 30 })
  })
  const closure = story({
    files: factory('export const make = (k: number) => step({ run: () => k * 10 })'),
  })
  test('a factory whose parameter is captured is not cached', () => {
    expect(closure().again.statuses).toEqual({ raw: 'succeeded', rest: 'succeeded' })
    expect(closure().again.warnings.join('\n')).toMatch(
      /captures `k` \(?.*make\.ts:2|captures `k` at make\.ts:2/,
    )
  })
})

describe('what does not matter', () => {
  const unrelated = story({
    files: { 'pipeline.ts': PIPELINE, 'lib/scale.ts': CONST(3), 'other.ts': 'export {}' },
    edit: { 'other.ts': 'export const x = 1', 'README.md': 'new' },
  })
  test('a file that nobody imports', () => {
    expectCached(unrelated())
    expect(unrelated().edited.statuses).toEqual({ raw: 'cached', report: 'cached' })
  })
  const above = story({
    files: { 'pipeline.ts': PIPELINE, 'lib/scale.ts': CONST(3) },
    edit: { 'pipeline.ts': `// a line above\n${PIPELINE}` },
  })
  test('a line above changes no output', () => {
    expectCached(above())
    expect(above().edited.error).toBeUndefined()
    expect(above().edited.outputs).toEqual(above().first.outputs)
  })
  const types = story({
    files: {
      'pipeline.ts': `${PIPELINE}\nimport type { T } from './types.ts'\nexport type U = T`,
      'lib/scale.ts': CONST(3),
      'types.ts': 'export type T = 1',
    },
    edit: { 'types.ts': 'export type T = 2' },
  })
  test('types of another file', () => {
    expectCached(types())
    expect(types().edited.statuses).toEqual({ raw: 'cached', report: 'cached' })
  })
})

describe('code that cannot be followed', () => {
  const doubtful = (title: string, code: string, place: RegExp, more = {}): void => {
    const told = story({
      files: { 'pipeline.ts': rawOnly('', code), 'lib/scale.ts': CONST(3), ...more },
    })
    test(`${title}: nothing is cached and the warning says where`, () => {
      const { first, again } = told()
      expect(first.error).toBeUndefined()
      expect(first.warnings.join('\n')).toMatch(place)
      expect(again.statuses).toEqual({ raw: 'succeeded' })
    })
  }
  doubtful(
    'a computed import',
    `const name = './lib/scale.ts'; return (await import(name)).scale(2)`,
    /a computed import\(\) at pipeline\.ts:3/,
  )
  doubtful('eval', `return eval('1 + 1')`, /eval at pipeline\.ts:3/)
  doubtful('new Function', `return new Function('return 2')()`, /new Function at pipeline\.ts:3/)
  doubtful(
    'the whole of process.env',
    'return Object.keys(process.env).length > 0',
    /process\.env as a whole.* at pipeline\.ts:3/,
  )
  doubtful(
    'a variable by a computed name',
    `const name = 'HOME'; return process.env[name] ?? null`,
    /process\.env as a whole.* at pipeline\.ts:3/,
  )
  doubtful(
    'a package that is not there and must be',
    `try { await import('fake') } catch {} return 1`,
    /cannot be found \(fake\) at pipeline\.ts:3/,
  )
  doubtful(
    'an import that is not there',
    `try { await import('./none.ts') } catch {} return 1`,
    /cannot be found \(\.\/none\.ts\) at pipeline\.ts:3/,
  )
})
