import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createStories, type Scenario } from './support/projects.ts'

// Each line of docs/over-invalidation.md, as it happens: step `a` reaches what is edited, step `b` does
// not, and no output changes.

const DOC = readFileSync(new URL('../../../docs/over-invalidation.md', import.meta.url), 'utf8')
const story = createStories()

type Files = Readonly<Record<string, string>>

interface Line {
  readonly files: Files
  readonly edit: Files
  /** The steps that run again. */
  readonly reruns: 'a' | 'a b'
  readonly more?: Partial<Scenario>
}

function pipeline(head: string, a: string): string {
  return `import { env, pipeline, step } from '@stepwell/engine'
${head}
export const a = step({ run: async () => (${a}) })
export const b = step({ run: () => 5 })
export default pipeline('p', { a, b })
`
}

/** One of two texts of a library, of which step `a` shows an expression. */
function lib(before: string, after: string, a = 'f()', names = 'f'): Line {
  const head = `import { ${names} } from './lib.ts'`
  const files = { 'pipeline.ts': pipeline(head, a), 'lib.ts': before }
  return { files, edit: { 'lib.ts': after }, reruns: 'a' }
}

/** What a module does when it is loaded, that no step reaches; with `1` before the edit and `2` after it. */
function loading(text: string, files: Files = {}, more: Partial<Scenario> = {}): Line {
  const put = (n: string): string => text.replaceAll('#', n)
  return {
    files: {
      'pipeline.ts': pipeline(`import './effect.ts'`, '3'),
      'effect.ts': put('1'),
      ...files,
    },
    edit: { 'effect.ts': put('2') },
    reruns: 'a b',
    more,
  }
}

const pack = (version: string): Files => ({
  'node_modules/pack/package.json': `{"name":"pack","version":"${version}","type":"module","main":"index.js"}`,
  'node_modules/pack/index.js': 'export const k = 3',
})
const CIRCLE = {
  'x.ts': `import { y } from './y.ts'\nimport './z.ts'\nexport const x = () => y\nexport const m = Math.max(1, 2)`,
  'y.ts': `import { x } from './x.ts'\nexport const y = () => x`,
  'z.ts': 'export const z = 1',
}

/** By the start of what the first column says. */
const LINES: Readonly<Record<string, Line>> = {
  'renamed a helper or a constant': lib(
    'const g = () => 3\nexport const f = () => g()',
    'const h = () => 3\nexport const f = () => h()',
  ),
  'renamed what a step is read as': {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
export const b = step({ run: () => 5 })
export const a = step({ inputs: { rows: b }, run: ({ rows }) => rows })
export default pipeline('p', { a, b })`,
    },
    edit: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
export const b = step({ run: () => 5 })
export const a = step({ inputs: { table: b }, run: ({ table }) => table })
export default pipeline('p', { a, b })`,
    },
    reruns: 'a',
  },
  'wrote an expression otherwise': lib(
    'export const f = (n = 3) => n * 2',
    'export const f = (n = 3) => n + n',
  ),
  'changed one method of a class': lib(
    'export const o = { x: 3, y: 4 }',
    'export const o = { x: 3, y: 5 }',
    'o.x',
    'o',
  ),
  'changed an export of a module that is loaded by': lib(
    'export const f = 3\nexport const g = 4',
    'export const f = 3\nexport const g = 5',
    `(await import('./lib.ts')).f`,
  ),
  'changed the format of a JSON file': {
    files: {
      'pipeline.ts': pipeline(
        `import { readFileSync } from 'node:fs'`,
        `JSON.parse(readFileSync(new URL('./k.json', import.meta.url), 'utf8')).k`,
      ),
      'k.json': '{"k":3}',
    },
    edit: { 'k.json': '{ "k": 3 }' },
    reruns: 'a',
  },
  'moved a file whose state changes': {
    files: {
      'pipeline.ts': pipeline(`import { f } from './lib.ts'`, 'f()'),
      'lib.ts': 'let k = 2\nk = 3\nexport const f = () => k',
    },
    edit: {
      'pipeline.ts': pipeline(`import { f } from './moved.ts'`, 'f()'),
      'moved.ts': 'let k = 2\nk = 3\nexport const f = () => k',
    },
    reruns: 'a b',
  },
  'upgraded a package that the code reaches': {
    files: { 'pipeline.ts': pipeline(`import { k } from 'pack'`, 'k'), ...pack('1.0.0') },
    edit: pack('1.0.1'),
    reruns: 'a',
  },
  'reinstalled a package from a directory': {
    files: { 'pipeline.ts': pipeline(`import { k } from 'pack'`, 'k'), ...pack('0.0.0') },
    edit: { 'node_modules/pack/README.md': 'hello' },
    reruns: 'a',
  },
  'set a variable that the step reads only on some path': {
    ...lib('export const f = () => (3 > 2 ? 3 : process.env.STEPWELL_E)', ''),
    edit: {},
    reruns: 'a',
    more: { env: { STEPWELL_E: undefined }, envAfter: { STEPWELL_E: '1' } },
  },
  'changed one of two functions': lib(
    'const g = () => 3\nconst h = () => 4\nexport const f = (n = 1) => (n > 0 ? g() : h())',
    'const g = () => 3\nconst h = () => 5\nexport const f = (n = 1) => (n > 0 ? g() : h())',
  ),
  'a statement at the top level': loading('Object.keys([#])'),
  'a declaration that calls something': loading(`export const words = '#,b'.split(',')`),
  'a declaration that reads a member': loading('const o = { x: #, y: 2 }\nexport const k = o.x'),
  'an operator on something other than literals': loading('const n = 1\nexport const k = n + #'),
  'a spread outside of': loading('const o = { x: 1 }\nexport const k = { ...o, y: # }'),
  'a destructuring declaration': loading('export const { k } = { k: # }'),
  'a static block': loading('export class C { static { void # } }'),
  'a constant that copies a': loading('let n = #\nexport const k = n'),
  '`new Map(...)`': loading('export const k = new Set([#])\nexport const p = Array.prototype'),
  'a member that is read among params': {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
const o = { x: 3 }
export const define = () => Object.defineProperty
export const a = step({ params: { x: o.x }, run: (_, { params }) => params.x })
export const b = step({ run: () => 5 })
export default pipeline('p', { a, b })`,
    },
    edit: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
const o = { x: 3 }
export const define = () => Object.defineProperty
export const a = step({ params: { x: 3 }, run: (_, { params }) => params.x })
export const b = step({ run: () => 5 })
export default pipeline('p', { a, b })`,
    },
    reruns: 'a b',
  },
  'a step made by other code': {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
const wrap = (f: () => number) => () => f() + 1 - 1
export const a = step({ run: wrap(() => 3) })
export const b = step({ run: () => 5 })
export default pipeline('p', { a, b })`,
    },
    edit: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
const wrap = (f: () => number) => () => f() + 1 - 1
export const a = step({ run: wrap(() => 2 + 1) })
export const b = step({ run: () => 5 })
export default pipeline('p', { a, b })`,
    },
    reruns: 'a b',
  },
  'a CommonJS module': {
    files: { 'pipeline.ts': pipeline(`import k from './k.cjs'`, 'k.k'), 'k.cjs': 'exports.k = 3' },
    edit: { 'k.cjs': 'exports.k = 3\nexports.l = 4' },
    reruns: 'a b',
  },
  'an environment variable that is read while': loading(
    'export const k = process.env.STEPWELL_E ?? #',
    {},
    { env: { STEPWELL_E: '0' }, envAfter: { STEPWELL_E: '1' } },
  ),
  'a package that is imported for its effect': {
    files: {
      'pipeline.ts': pipeline(`import './other.ts'`, '3'),
      'other.ts': `import 'pack'`,
      ...pack('1.0.0'),
    },
    edit: pack('1.0.1'),
    reruns: 'a b',
  },
  'imports in a circle': {
    files: { 'pipeline.ts': pipeline(`import './x.ts'`, '3'), ...CIRCLE },
    edit: { 'pipeline.ts': pipeline(`import './y.ts'`, '3') },
    reruns: 'a b',
  },
}
/** Lines that no test here can run: what Node makes of them, or which Node it is. */
const ELSEWHERE = ['changed the major version of Node', 'a TypeScript `namespace`']

for (const [start, { files, edit, reruns, more }] of Object.entries(LINES)) {
  const told = story({ files, edit, ...more })
  test(`${start}: ${reruns} again`, () => {
    const { first, again, edited } = told()
    expect([first.error, first.warnings, edited.error]).toEqual([undefined, [], undefined])
    expect(new Set(Object.values(again.statuses))).toEqual(new Set(['cached']))
    expect({ ...edited.outputs, ...first.outputs }).toEqual(edited.outputs)
    const names = Object.keys(first.statuses).filter((name) => edited.statuses[name] !== 'cached')
    expect(names.toSorted().join(' ')).toBe(reruns)
  })
}

test('each line of the page has its test', () => {
  const cells = DOC.split('\n').flatMap((row) => /^\| (?!what |-)(.*?) *\|/.exec(row)?.[1] ?? [])
  const known = [...Object.keys(LINES), ...ELSEWHERE]
  expect(cells.filter((cell) => !known.some((start) => cell.startsWith(start)))).toEqual([])
  expect(known.filter((start) => !cells.some((cell) => cell.startsWith(start)))).toEqual([])
})
