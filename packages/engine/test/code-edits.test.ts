import { describe, expect, test } from 'vitest'
import { createStories, type Scenario, type Story } from './support/projects.ts'

// Edits of small projects whose steps read nothing from each other, so that code alone decides. For
// each: the steps whose output changes, which must run again, and the ones that must not. Where one of
// the coarse rules of the analysis makes a step run again for nothing, the case says so: what is known
// to be coarse stays known.

const story = createStories()

/** What is written, removed (`undefined`) or, as [from, to], replaced. */
type Change = Readonly<Record<string, string | undefined | readonly [from: string, to: string]>>

interface Edit extends Omit<Scenario, 'edit'> {
  readonly edit?: Change
  /** Names of the steps whose output the edit changes, separated by spaces. */
  readonly changes: string
  /** Steps that run again with the same output, and the rule that makes them. */
  readonly coarse?: { readonly [rule: string]: string }
}

const EFFECT = 'what a module does when it is loaded counts for every step'
const NAMESPACE = 'all exports of a module count where it is used as a value'
const BYTES = 'a data file counts by its bytes'

function edits(title: string, { edit = {}, changes, coarse = {}, ...rest }: Edit): void {
  const files = rest.files
  const written = Object.entries(edit).map(([path, change]) => {
    if (typeof change === 'string' || change === undefined) return [path, change]
    const [from, to] = change
    const before = files[path] ?? ''
    if (!before.includes(from)) throw new Error(`${title}: ${path} does not contain ${from}`)
    return [path, before.replace(from, () => to)]
  })
  const told = story({
    ...rest,
    edit: Object.fromEntries(written) as Scenario['files'],
  })
  const changed = new Set(changes.split(' ').filter((name) => name !== ''))
  const known = new Map(
    Object.entries(coarse).flatMap(([rule, names]) =>
      names.split(' ').map((name) => [name, rule] as const),
    ),
  )
  test(`${title}: ${changes || 'nothing'} changes`, () => {
    expectWorking(told())
    const { first, edited } = told()
    expect(edited.error).toBeUndefined()
    const names = Object.keys(first.outputs).filter((name) => name in edited.outputs)
    const differing = names.filter(
      (name) => JSON.stringify(first.outputs[name]) !== JSON.stringify(edited.outputs[name]),
    )
    expect(differing.toSorted(), 'each listed step, whether it is right or stale').toEqual(
      names.filter((name) => changed.has(name)).toSorted(),
    )
  })
  test(`${title}: what stays`, () => {
    const { first, edited } = told()
    for (const name of Object.keys(first.statuses)) {
      if (changed.has(name) || !(name in edited.statuses)) continue
      const rule = known.get(name)
      expect([name, edited.statuses[name]], rule ?? 'nothing that it reaches changed').toEqual([
        name,
        rule === undefined ? 'cached' : 'succeeded',
      ])
    }
  })
}

function expectWorking({ first, again }: Story): void {
  expect(first.error).toBeUndefined()
  expect(first.warnings).toEqual([])
  for (const [name, status] of Object.entries(first.statuses)) {
    expect([name, status]).toEqual([name, 'succeeded'])
    expect([name, again.statuses[name]]).toEqual([name, 'cached'])
  }
  expect(again.outputs).toEqual(first.outputs)
}

/** A pipeline of steps that each return an expression. */
function steps(head: string, expressions: Readonly<Record<string, string>>, tail = ''): string {
  const made = Object.entries(expressions).map(
    ([name, expression]) => `export const ${name} = step({ run: async () => (${expression}) })\n`,
  )
  return `import { env, file, pipeline, step } from '@stepwell/engine'
${head}
${made.join('')}
export default pipeline('p', { ${Object.keys(expressions).join(', ')} })
${tail}`
}

/** Step `a` returns an expression, where `lib.k` stands for an import of `k` alone. */
function named(a: string, head = ''): string {
  const names = new Set([...a.matchAll(/\blib\.(\w+)/g)].map(([, name]) => name))
  const specifiers = [...names].map((name) => `${name} as lib_${name}`).join(', ')
  return steps(`import { ${specifiers} } from './lib.ts'\n${head}`, {
    a: a.replaceAll(/\blib\./g, 'lib_'),
    b: '0',
  })
}

/** Steps `a` and `b`, which call `f` and `g` of a library. */
const FG = steps(`import { f, g } from './lib.ts'`, { a: 'f()', b: 'g()' })
/** Step `a` shows `k` of a library, step `b` nothing of it. */
const K = steps(`import { k } from './lib.ts'`, { a: 'k', b: '0' })

describe('an edit that changes nothing', () => {
  const LIB = `export const f = (x = 2) => x * 3
export const g = () => 5
`
  const nothing = (title: string, to: string, coarse: Edit['coarse'] = {}) =>
    edits(title, {
      files: { 'pipeline.ts': FG, 'lib.ts': LIB, 'other.ts': 'export const h = 1' },
      edit: { 'lib.ts': to },
      changes: '',
      coarse,
    })
  nothing('comments', `// one\n/** two */${LIB.replace('x * 3', '/* three */ x * 3 // four')}`)
  nothing('format', LIB.replace('x * 3', '\n  (x\n    *\n 3);').replace('() => 5', '()=>5'))
  nothing('CRLF and BOM', `\uFEFF${LIB.replaceAll('\n', '\r\n')}`)
  nothing('types', LIB.replace('(x = 2)', '(x: number = 2): number'))
  nothing('as, satisfies and !', LIB.replace('x * 3', '(x as number) * (3 satisfies number)!'))
  nothing('type parameters', LIB.replace('() => 5', '<T = unknown>(): T | number => 5'))
  nothing('an interface', `interface I { k: number }\nexport type T = I\n${LIB}`)
  nothing('an import of types', `import type { T } from './types.ts'\n${LIB}export type U = T\n`)
  nothing('the way a number is written', LIB.replace('* 3', '* 0x3'))
  nothing('one more export', `${LIB}export const h = () => f() + g()\n`)
  nothing('one more constant', `const unused = { x: [1, 'two'], y: () => 3 }\n${LIB}`)
  nothing('the order of declarations', LIB.split('\n').toReversed().join('\n'))
  nothing('an empty statement', `;${LIB}`)
  nothing('the name of a local variable', LIB.replace('(x = 2) => x * 3', '(y = 2) => y * 3'))
  nothing('one more import', `import { h } from './other.ts'\nexport { h }\n${LIB}`)

  edits('the name under which something is imported', {
    files: { 'pipeline.ts': FG, 'lib.ts': LIB },
    edit: {
      'pipeline.ts': steps(`import { f as times, g } from './lib.ts'`, {
        a: 'times()',
        b: 'g()',
      }),
    },
    changes: '',
  })
  edits('a helper that moves to another file', {
    files: { 'pipeline.ts': FG, 'lib.ts': LIB },
    edit: {
      'lib.ts': `export { f } from './deep/f.ts'\nexport const g = () => 5\n`,
      'deep/f.ts': 'export const f = (x = 2) => x * 3',
    },
    changes: '',
  })
  edits('an import of a module with an effect', {
    files: { 'pipeline.ts': FG, 'lib.ts': LIB, 'noise.ts': 'Object.keys({})' },
    edit: { 'lib.ts': `import './noise.ts'\n${LIB}` },
    changes: '',
    coarse: { [EFFECT]: 'a b' },
  })
  edits('the format of JSON', {
    files: {
      'pipeline.ts': steps(`import data from './data.json' with { type: 'json' }`, {
        a: 'data.k',
        b: '0',
      }),
      'data.json': '{"k":3}',
    },
    edit: { 'data.json': '{ "k": 3 }' },
    changes: '',
    coarse: { [BYTES]: 'a' },
  })
})

describe('the pipeline', () => {
  const ABC = steps(`const K = 3\nconst L = 4`, { a: 'K', b: 'L', c: '5' })
  const files = { 'pipeline.ts': ABC }
  edits('a step is edited', {
    files,
    edit: { 'pipeline.ts': ['=> (5)', '=> (6)'] },
    changes: 'c',
  })
  edits('a constant of one step', {
    files,
    edit: { 'pipeline.ts': ['K = 3', 'K = 4'] },
    changes: 'a',
  })
  edits('a line above', {
    files,
    edit: { 'pipeline.ts': ['import', '\n\nimport'] },
    changes: '',
  })
  edits('a step is added in front', {
    files,
    edit: {
      'pipeline.ts': steps(`const K = 3\nconst L = 4`, {
        z: '9',
        a: 'K',
        b: 'L',
        c: '5',
      }),
    },
    changes: '',
  })
  edits('a step is removed', {
    files,
    edit: { 'pipeline.ts': steps(`const L = 4`, { b: 'L', c: '5' }) },
    changes: '',
  })
  edits('two constants trade their values', {
    files,
    edit: {
      'pipeline.ts': steps(`const K = 4\nconst L = 3`, {
        a: 'K',
        b: 'L',
        c: '5',
      }),
    },
    changes: 'a b',
  })
  edits('two steps trade their functions', {
    files,
    edit: {
      'pipeline.ts': steps(`const K = 3\nconst L = 4`, {
        a: 'L',
        b: 'K',
        c: '5',
      }),
    },
    changes: 'a b',
  })
  edits('a step that is imported from another pipeline', {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
import { a } from './other.ts'
const b = step({ run: () => 1 })
export default pipeline('p', { a, b })`,
      'other.ts': steps('const K = 3', { a: 'K', c: '5' }),
    },
    edit: { 'other.ts': ['K = 3', 'K = 4'] },
    changes: 'a',
  })
  edits('steps written in the record', {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
export default pipeline('p', { a: step({ run: () => 3 }), b: step({ run: () => 5 }) })`,
    },
    edit: { 'pipeline.ts': ['=> 3', '=> 4'] },
    changes: 'a',
  })
  const runs = (title: string, head: string, a: string, change: [string, string], coarse = '') =>
    edits(title, {
      files: {
        'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
${head}
const a = ${a}
const b = step({ run: () => 'b' })
export default pipeline('p', { a, b })`,
      },
      edit: { 'pipeline.ts': change },
      changes: 'a',
      coarse: coarse === '' ? {} : { [coarse]: 'b' },
    })
  runs('a named function', 'function f() { return 3 }', 'step({ run: f })', ['3', '4'])
  runs('a method', '', 'step({ run() { return 3 } })', ['3', '4'])
  runs('a key in quotes', '', `step({ 'run': () => 3 })`, ['3', '4'])
  runs('the shorthand', 'const run = () => 3', 'step({ run })', ['3', '4'])
  runs('options in a variable', 'const o = { run: () => 3 }', 'step(o)', ['3', '4'])
  runs('options that are spread', 'const o = { run: () => 3 }', 'step({ ...o })', ['3', '4'])
  runs(
    'options that are spread over a function',
    'const o = { run: () => 3 }',
    'step({ run: () => 0, ...o })',
    ['3', '4'],
  )
  runs('two functions of one name', '', 'step({ run: () => 0, run: () => 3 })', ['3', '4'])
  runs(
    'two functions of one name, one in quotes',
    '',
    `step({ run: () => 0, 'run': () => 3 } as any)`,
    ['3', '4'],
  )
  runs('a computed key', `const r = 'run'`, 'step({ [r]: () => 3 } as any)', ['3', '4'], EFFECT)
  runs('a prototype', 'const o = { run: () => 3 }', 'step({ __proto__: o } as any)', ['3', '4'])
  runs('a getter', 'const k = 3', 'step({ get run() { return () => k } })', ['3', '4'], EFFECT)
  runs('a member', 'const o = { m: () => 3 }', 'step({ run: o.m })', ['3', '4'])
  runs(
    'a wrapped function',
    'const wrap = (f: any) => () => f() + 1\nconst f = () => 3',
    'step({ run: wrap(f) })',
    ['3', '4'],
    EFFECT,
  )
  runs(
    'a wrapper',
    'const wrap = (f: any) => () => f() + 3\nconst f = () => 0',
    'step({ run: wrap(f) })',
    ['3', '4'],
    EFFECT,
  )
  runs('a choice', 'const is = true\nconst f = () => 3', 'step({ run: is ? f : () => 0 })', [
    '3',
    '4',
  ])
  runs(
    'in a block',
    'let s: any; { const k = 3; s = step({ run: () => k }) }',
    's',
    ['3', '4'],
    EFFECT,
  )
  runs(
    'a static field',
    'class C { static k = 3; static s = step({ run: () => C.k }) }',
    'C.s',
    ['3', '4'],
    EFFECT,
  )
  runs(
    'a function that is reassigned',
    'let f = () => 0; f = () => 3',
    'step({ run: f })',
    ['3', '4'],
    EFFECT,
  )
  runs(
    'a step by the name of another function',
    `const s = step`,
    's({ run: () => 3 })',
    ['3', '4'],
    EFFECT,
  )
})

describe('every part of the syntax', () => {
  // All in one library, so that what each edit reaches is told apart from what the others do.
  const forms: readonly (readonly [title: string, before: string, after: string])[] = [
    ['a string', `'x'`, `'y'`],
    ['a space in a string', `'x'`, `'x '`],
    ['a template', '`x${1}y`', '`x${1}z`'],
    ['the raw text of a template', 'String.raw`\\x41`', 'String.raw`A`'],
    ['a number', '3', '3.5'],
    ['the sign', '-1', '+1'],
    ['a big number', 'String(10n)', 'String(11n)'],
    ['a regular expression', '/a/.test("b")', '/b/.test("b")'],
    ['its flags', '/B/.test("b")', '/B/i.test("b")'],
    ['true', 'true', 'false'],
    ['an operator', '3 + 1', '3 - 1'],
    ['a logical operator', '0 || null', '0 ?? null'],
    [
      'an assignment operator',
      '((x) => { x += 2; return x })(3)',
      '((x) => { x *= 2; return x })(3)',
    ],
    ['++', '((x) => ++x)(3)', '((x) => --x)(3)'],
    ['where ++ stands', '((x) => ++x)(3)', '((x) => x++)(3)'],
    ['a member', '({ x: 1, y: 2 }).x', '({ x: 1, y: 2 }).y'],
    ['a computed member', '((x) => ({ x: 1, y: 2 }).x)("y")', '((x) => ({ x: 1, y: 2 })[x])("y")'],
    ['a key', '({ x: 1 })', '({ y: 1 })'],
    ['a computed key', '((x) => ({ x: 1 }))("y")', '((x) => ({ [x]: 1 }))("y")'],
    ['the order of a spread', '({ x: 1, ...{ x: 2 } })', '({ ...{ x: 2 }, x: 1 })'],
    ['a hole', '[1, , 2].length', '[1, 2].length'],
    ['where a hole is', 'Object.keys([1, , 2])', 'Object.keys([, 1, 2])'],
    ['a default', '((x = 3) => x)()', '((x = 4) => x)()'],
    ['a pattern', '(({ x }: any) => x ?? 0)({ x: 1 })', '(({ y: x }: any) => x ?? 0)({ x: 1 })'],
    ['a rest', '((...x: number[]) => x)(1)', '((x: number) => x)(1)'],
    [
      'an optional call',
      '(() => { try { return (null as any)?.x ?? 1 } catch { return 2 } })()',
      '(() => { try { return (null as any).x ?? 1 } catch { return 2 } })()',
    ],
    [
      'a label',
      '(() => { let n = 0; o: for (const x of [1, 2]) for (const y of [1, 2]) { n += x * y; continue o }; return n })()',
      '(() => { let n = 0; o: for (const x of [1, 2]) for (const y of [1, 2]) { n += x * y; break o }; return n })()',
    ],
    [
      'of and in',
      '(() => { let n = ""; for (const x of ["p"]) n += x; return n })()',
      '(() => { let n = ""; for (const x in ["p"]) n += x; return n })()',
    ],
    [
      'a generator',
      '[...(function* () { yield 1; yield 2 })()]',
      '[...(function* () { yield 2; yield 1 })()]',
    ],
    [
      'yield*',
      '[...(function* (): any { yield [1] })()]',
      '[...(function* (): any { yield* [1] })()]',
    ],
    [
      'await',
      '(async () => [typeof (await Promise.resolve(1))])()',
      '(async () => [typeof Promise.resolve(1)])()',
    ],
    ['async', 'typeof ((() => 1) as any)().then', 'typeof ((async () => 1) as any)().then'],
    ['a getter', '({ get x() { return 1 } }).x', '({ get x() { return 2 } }).x'],
    [
      'get and set',
      'typeof ({ get x() { return 1 } } as any).x',
      'typeof ({ set x(v: any) { v } } as any).x',
    ],
    [
      'a tag',
      '((s: any, ...v: any[]) => [...s, ...v])`p${1}q`',
      '((s: any, ...v: any[]) => [...s, ...v])`p${2}q`',
    ],
    ['a class field', 'new (class { x = 1 })().x', 'new (class { x = 2 })().x'],
    [
      'a field that is only declared',
      'Object.keys(new (class { x?: number })())',
      'Object.keys(new (class { declare x?: number })())',
    ],
    [
      'a private field',
      'new (class { #x = 1; get x() { return this.#x } })().x',
      'new (class { #x = 2; get x() { return this.#x } })().x',
    ],
    [
      'a static block',
      '(class { static x = 0; static { this.x = 1 } }).x',
      '(class { static x = 0; static { this.x = 2 } }).x',
    ],
    ['static', 'Object.keys(class { static x = 1 })', 'Object.keys(class { x = 1 })'],
    [
      'a switch',
      '(() => { switch (1 as number) { case 1: return 1; default: return 2 } })()',
      '(() => { switch (1 as number) { case 2: return 1; default: return 2 } })()',
    ],
    [
      'finally',
      '(() => { try { return 1 } finally { void 0 } })()',
      '(() => { try { return 1 } finally { return 2 } })()',
    ],
    ['new', 'typeof new String(1)', 'typeof String(1)'],
    [
      'delete',
      '(() => { const o: any = { x: 1, y: 2 }; delete o.x; return o })()',
      '(() => { const o: any = { x: 1, y: 2 }; delete o.y; return o })()',
    ],
    ['an assertion', '(3 as number)', '(4 as number)'],
    ['an instantiation', '((<T>(x: T) => x)<number>)(3)', '((<T>(x: T) => x)<number>)(4)'],
    ['satisfies', '(3 satisfies number)', '(4 satisfies number)'],
    ['!', '(3 as number | null)!', '(4 as number | null)!'],
    ['the order of keys', 'Object.keys({ x: 1, y: 2 })', 'Object.keys({ y: 2, x: 1 })'],
    ['void', 'typeof void 0', 'typeof 0'],
    ['-0', 'Object.is(-0, 0)', 'Object.is(0, 0)'],
    ['a sequence', '(1, 2)', '(2, 1)'],
    ['a comma in a string key', `({ 'x,y': 1 })`, `({ 'x;y': 1 })`],
  ]
  for (const [title, before, after] of forms) {
    edits(title, {
      files: {
        'pipeline.ts': FG,
        'lib.ts': `export const f = () => ${before}\nexport const g = () => 5\n`,
      },
      edit: {
        'lib.ts': `export const f = () => ${after}\nexport const g = () => 5\n`,
      },
      changes: 'a',
    })
  }
})

describe('what a name means', () => {
  // `k` of the module is what each of these shows, however the names around it may look.
  const shows = (title: string, code: string, coarse?: Edit['coarse']) =>
    edits(title, {
      files: {
        'pipeline.ts': FG,
        'lib.ts': `const k = 3\n${code}\nexport const g = () => 5\n`,
      },
      edit: { 'lib.ts': ['k = 3', 'k = 4'] },
      changes: 'a',
      ...(coarse === undefined ? {} : { coarse }),
    })
  shows(
    'a default before a `var` of that name',
    'export function f(x = k) { var k = 5; return x + k }',
  )
  shows('a block', 'export const f = () => { { const k = 5; void k }; return k }')
  shows('a loop', 'export const f = () => { for (const k of [5]) void k; return k }')
  shows('catch', 'export const f = () => { try { throw 5 } catch (k) { void k }; return k }')
  shows(
    'switch',
    'export const f = () => { switch (k) { case 3: return "three"; default: return "other" } }',
  )
  shows(
    'a function expression',
    'export const f = () => { const h = function k() {}; void h; return k }',
  )
  shows('a function in a block', 'export const f = () => { { function k() {} void k }; return k }')
  shows('a type', 'export const f = () => { type k = string; const x: k | number = k; return x }')
  shows('a type parameter', 'export function f<k>(x?: k) { return x ?? k }')
  shows('a parameter in a type', 'export const f = (cb?: (k: number) => void) => [typeof cb, k]')
  shows(
    'an interface',
    'export const f = () => { interface k { x: 1 }; const x: k | number = k; return x }',
  )
  shows('a label', 'export const f = () => { k: for (;;) break k; return k }')
  shows('the shorthand', 'export const f = () => ({ k })')
  shows('a key that is computed', 'export const f = () => ({ [k]: 1 })')
  shows('a class expression', 'export const f = () => { const C = class k {}; void C; return k }')
  shows('a default in a pattern', 'export const f = ({ x = k }: any = {}) => x')
  shows('a parameter that names another one', 'export const f = (x = k, y = x) => y')
  shows('typeof', 'export const f = () => [typeof k, k]')
  shows('a field', 'class C { x = k }\nexport const f = () => new C().x')
  shows('a getter', 'const o = { get x() { return k } }\nexport const f = () => o.x')
  shows('in an alias', 'const x = k\nconst y = x\nexport const f = () => y')
  shows('a template', 'export const f = () => `${k}`')
  shows('an optional member', 'const o = { k }\nexport const f = () => o?.k')
  edits('a parameter of that name', {
    files: {
      'pipeline.ts': FG,
      'lib.ts': 'const k = 3\nexport const f = (k = 1) => k\nexport const g = () => k',
    },
    edit: { 'lib.ts': ['k = 3', 'k = 4'] },
    changes: 'b',
  })
  edits('a member of that name', {
    files: {
      'pipeline.ts': FG,
      'lib.ts':
        'const k = 3\nconst o = { k: 1 }\nexport const f = () => o.k\nexport const g = () => k',
    },
    edit: { 'lib.ts': ['k = 3', 'k = 4'] },
    changes: 'b',
  })
})

/** A variable, and a module that sets it when it is loaded. */
const STATE = 'export let k = 0\nexport const set = (v: number) => { k = v }\n'
const SET = `import { set } from './k.ts'\nset(3)\n`

describe('imports and exports', () => {
  const LIB = {
    'a.ts': 'export const k = 3\nexport const l = 5\n',
    'b.ts': 'export const k = 4\nexport const l = 6\n',
  }
  const via = (
    title: string,
    lib: string,
    to: string | readonly [string, string],
    coarse: Edit['coarse'] = {},
  ) =>
    edits(title, {
      files: { ...LIB, 'pipeline.ts': K, 'lib.ts': lib },
      edit: { 'lib.ts': to },
      changes: 'a',
      coarse,
    })
  const EDIT_A = { 'a.ts': ['k = 3', 'k = 4'] } as const
  const reaches = (title: string, lib: string, coarse: Edit['coarse'] = {}) =>
    edits(title, {
      files: {
        ...LIB,
        'pipeline.ts': steps(`import { k, g } from './lib.ts'`, {
          a: 'k',
          b: 'g',
        }),
        'lib.ts': `${lib}\nconst g = 0\nexport { g }\n`,
      },
      edit: EDIT_A,
      changes: 'a',
      coarse,
    })
  reaches('a re-export', `export { k } from './a.ts'`)
  reaches('an import that is exported', `import { k } from './a.ts'\nexport { k }`)
  reaches(
    'an import that is exported under another name',
    `import { k as x } from './a.ts'\nexport { x as k }`,
  )
  reaches('export *', `export * from './a.ts'`)
  reaches('a constant that is an import', `import { k as x } from './a.ts'\nexport const k = x`)
  reaches(
    'a default export by name',
    `import { k as x } from './a.ts'\nconst k = x\nexport { k as default, k }`,
  )
  via('a re-export that leads elsewhere', `export { k } from './a.ts'`, ['a.ts', 'b.ts'])
  via('a re-export of another name', `export { k } from './a.ts'`, ['{ k }', '{ l as k }'])
  via('export * that leads elsewhere', `export * from './a.ts'`, ['a.ts', 'b.ts'])
  via(
    'an export before which export * gives way',
    `export * from './a.ts'`,
    `export * from './a.ts'\nexport const k = 4\n`,
  )
  via(
    'two exports that trade names',
    'const x = 3\nconst y = 4\nexport { x as k, y as l }',
    'const x = 3\nconst y = 4\nexport { y as k, x as l }',
  )
  via(
    'two imports that trade names',
    `import { k as x, l as y } from './a.ts'\nexport const k = [x, y]`,
    ['k as x, l as y', 'l as x, k as y'],
  )
  via('an export by another name', 'const x = 3\nconst y = 4\nexport { x as k }', [
    'x as k',
    'y as k',
  ])
  edits('a name of a pattern that is exported under another', {
    files: {
      'pipeline.ts': K,
      'lib.ts': 'const { x, y } = { x: 3, y: 4 }\nexport { x as k, y as l }',
    },
    edit: { 'lib.ts': ['{ x as k, y as l }', '{ y as k, x as l }'] },
    changes: 'a',
  })
  edits('a name of a pattern that is imported under another', {
    files: {
      'pipeline.ts': steps(`import { x as k } from './lib.ts'`, {
        a: 'k',
        b: '0',
      }),
      'lib.ts': 'export const [x, y] = [3, 4]\n',
    },
    edit: { 'pipeline.ts': ['{ x as k }', '{ y as k }'] },
    changes: 'a',
  })
  edits('a default of a pattern', {
    files: {
      'pipeline.ts': K,
      'lib.ts': 'const d = 3\nexport const { k = d }: any = {}',
    },
    edit: { 'lib.ts': ['d = 3', 'd = 4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('a computed name in a pattern', {
    files: {
      'pipeline.ts': K,
      'lib.ts': `const d = 'x'\nexport const { [d]: k }: any = { x: 3, y: 4 }`,
    },
    edit: { 'lib.ts': [`'x'`, `'y'`] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('a chain of stars', {
    files: {
      'pipeline.ts': steps(`import { k, l } from './lib.ts'`, {
        a: 'k',
        b: 'l',
      }),
      'lib.ts': `export * from './1.ts'`,
      '1.ts': `export * from './2.ts'\nexport * from './3.ts'`,
      '2.ts': 'export const l = 5',
      '3.ts': 'export const k = 3',
    },
    edit: { '3.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('stars in a circle', {
    files: {
      'pipeline.ts': steps(`import { k, l } from './1.ts'`, { a: 'k', b: 'l' }),
      '1.ts': `export * from './2.ts'\nexport const l = 5`,
      '2.ts': `export * from './1.ts'\nexport const k = 3`,
    },
    edit: { '2.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('functions in a circle', {
    files: {
      'pipeline.ts': steps(`import { f } from './1.ts'`, { a: 'f(3)', b: '0' }),
      '1.ts': `import { g } from './2.ts'\nexport const f = (n: number): any => n === 0 ? 'end' : g(n - 1)`,
      '2.ts': `import { f } from './1.ts'\nexport const g = (n: number): any => [f(n)]`,
    },
    edit: { '1.ts': ['end', 'fin'] },
    changes: 'a',
  })
  edits('a default export', {
    files: {
      'pipeline.ts': steps(`import k, { l } from './lib.ts'`, {
        a: 'k()',
        b: 'l',
      }),
      'lib.ts': 'export default () => 3\nexport const l = 5',
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a default export with a name', {
    files: {
      'pipeline.ts': steps(`import k from './lib.ts'\nimport { default as l } from './lib.ts'`, {
        a: 'k()',
        b: '5',
        c: '+l()',
      }),
      'lib.ts': 'export default function k() { return 3 }',
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a c',
  })
  edits('a default export that becomes another one', {
    files: {
      'pipeline.ts': steps(`import k from './lib.ts'`, { a: 'k', b: '5' }),
      'lib.ts': 'const x = 3\nconst y = 4\nexport default x',
    },
    edit: { 'lib.ts': ['default x', 'default y'] },
    changes: 'a',
  })
  edits('an export whose name is a string', {
    files: {
      'pipeline.ts': steps(`import { 'a-b' as k, 'c-d' as l } from './lib.ts'`, { a: 'k', b: 'l' }),
      'lib.ts': `const x = 3\nconst y = 5\nexport { x as 'a-b', y as 'c-d' }`,
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  const NS = { 'lib.ts': 'export const k = 3\nexport const l = 5\n' }
  edits('a member of a namespace', {
    files: {
      ...NS,
      'pipeline.ts': steps(`import * as ns from './lib.ts'`, {
        a: 'ns.k',
        b: 'ns.l',
        c: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a namespace that is passed on', {
    files: {
      ...NS,
      'pipeline.ts': steps(`import * as ns from './lib.ts'\nconst show = (x: any) => x.k`, {
        a: 'show(ns)',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a namespace by a computed name', {
    files: {
      ...NS,
      'pipeline.ts': steps(`import * as ns from './lib.ts'\nconst name = 'k'`, {
        a: 'ns[name]',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a namespace that is exported', {
    files: {
      ...NS,
      'ns.ts': `export * as ns from './lib.ts'`,
      'pipeline.ts': steps(`import { ns } from './ns.ts'`, {
        a: 'ns.k',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('the names of a namespace', {
    files: {
      ...NS,
      'pipeline.ts': steps(`import * as ns from './lib.ts'`, {
        a: 'Object.keys(ns)',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['const l', 'const m'] },
    changes: 'a',
  })
  edits('a namespace that is taken apart', {
    files: {
      ...NS,
      'pipeline.ts': steps(`import * as ns from './lib.ts'\nconst { k } = ns`, {
        a: 'k',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('a dynamic import', {
    files: {
      ...NS,
      'pipeline.ts': steps('', { a: `(await import('./lib.ts')).k`, b: '0' }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a dynamic import in a helper', {
    files: {
      ...NS,
      'h.ts': `export const h = () => import('./lib.ts').then((m) => m.k)`,
      'pipeline.ts': steps(`import { h } from './h.ts'`, {
        a: 'await h()',
        b: '0',
      }),
    },
    edit: { 'lib.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('what a module that is imported dynamically loads for its effect', {
    files: {
      'pipeline.ts': steps('', { a: `(await import('./lib.ts')).k()`, b: '0' }),
      'lib.ts': `import './set.ts'\nimport { k as x } from './k.ts'\nexport const k = () => x`,
      'k.ts': STATE,
      'set.ts': SET,
    },
    edit: { 'set.ts': ['3', '4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('an effect on what a dynamic import gives', {
    files: {
      'pipeline.ts': steps('', { a: `(await import('./lib.ts')).k`, b: '0' }),
      'lib.ts': `export { k } from './k.ts'\nimport { other } from './set.ts'\nexport const x = () => other`,
      'set.ts': `import { set } from './k.ts'\nset(3)\nexport const other = 1`,
      'k.ts': 'export let k = 0\nexport const set = (v: number) => { k = v }',
    },
    edit: { 'set.ts': ['3', '4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('CommonJS', {
    files: {
      'pipeline.ts': steps(`import { k } from './lib.cjs'`, { a: 'k', b: '0' }),
      'lib.cjs': 'exports.k = 3',
    },
    edit: { 'lib.cjs': ['3', '4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('another export of CommonJS', {
    files: {
      'pipeline.ts': steps(`import { x as k } from './lib.cjs'`, {
        a: 'k',
        b: '0',
      }),
      'lib.cjs': 'exports.x = 3\nexports.y = 4',
    },
    edit: { 'pipeline.ts': ['{ x as k }', '{ y as k }'] },
    changes: 'a',
  })
  edits('the default of CommonJS and its namespace', {
    files: {
      'pipeline.ts': steps(`import k from './lib.cjs'`, {
        a: 'Object.keys(k)',
        b: '0',
      }),
      'lib.cjs': 'exports.x = 3\nexports.y = 4',
    },
    edit: { 'pipeline.ts': ['import k', 'import * as k'] },
    changes: 'a',
  })
  edits('another export of one of the modules of Node', {
    files: {
      'pipeline.ts': steps(`import { sep as k } from 'node:path'`, {
        a: 'k',
        b: '0',
      }),
    },
    edit: { 'pipeline.ts': ['sep as', 'delimiter as'] },
    changes: 'a',
  })
  edits('another one of the modules of Node', {
    files: {
      'pipeline.ts': steps(`import { sep as k } from 'node:path/posix'`, {
        a: 'k',
        b: '0',
      }),
    },
    edit: { 'pipeline.ts': ['posix', 'win32'] },
    changes: 'a',
  })
  edits('a global that becomes an import from Node', {
    files: {
      'pipeline.ts': steps('', {
        a: 'String(setTimeout).length',
        b: '0',
      }),
    },
    edit: {
      'pipeline.ts': [`import`, `import { setTimeout } from 'node:timers/promises'\nimport`],
    },
    changes: 'a',
  })
  edits('a global that becomes a constant', {
    files: {
      'pipeline.ts': steps('', { a: 'typeof structuredClone', b: '0' }),
    },
    edit: { 'pipeline.ts': [`import`, `const structuredClone = 3\nimport`] },
    changes: 'a',
  })
  edits('an import of a type among values loads the module', {
    files: {
      'pipeline.ts': steps(`import { type T } from './set.ts'\nimport { k } from './k.ts'`, {
        a: 'k',
        b: '0',
      }),
      'set.ts': `export type T = number\n${SET}`,
      'k.ts': STATE,
    },
    edit: { 'set.ts': ['(3)', '(4)'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('export {} from loads the module', {
    files: {
      'pipeline.ts': steps(`export {} from './set.ts'\nimport { k } from './k.ts'`, {
        a: 'k',
        b: '0',
      }),
      'set.ts': SET,
      'k.ts': STATE,
    },
    edit: { 'set.ts': ['(3)', '(4)'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('an import that is removed', {
    files: {
      'pipeline.ts': steps(`import './set.ts'\nimport { k } from './k.ts'`, {
        a: 'k',
        b: '0',
      }),
      'set.ts': SET,
      'k.ts': STATE,
    },
    edit: { 'pipeline.ts': [`import './set.ts'`, ''] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
})

describe('what modules do when they are loaded', () => {
  /** `a` shows something that the library has set up, `b` nothing of it. */
  const loads = (
    title: string,
    lib: string,
    a: string,
    change: readonly [string, string],
    { coarse = EFFECT, more = {}, path = 'lib.ts', head = '' } = {},
  ) =>
    edits(title, {
      files: {
        'pipeline.ts': named(a, head),
        'lib.ts': lib,
        ...more,
      },
      edit: { [path]: change },
      changes: 'a',
      coarse: coarse === '' ? {} : { [coarse]: 'b' },
    })
  const LET = 'export let k = 0\nexport const set = (v: number) => { k = v }\n'
  loads('a variable that is set', `${LET}set(3)`, 'lib.k', ['set(3)', 'set(4)'])
  loads('how a setter sets', `${LET}set(3)`, 'lib.k', ['k = v', 'k = v + 1'])
  loads('a variable that is set by another module', LET, 'lib.k', ['set(3)', 'set(4)'], {
    more: { 'set.ts': `import { set } from './lib.ts'\nset(3)` },
    path: 'set.ts',
    head: `import './set.ts'`,
  })
  loads(
    'a registry',
    `import { all } from './all.ts'\nall.push(3)\nexport { all }`,
    'lib.all',
    ['3', '4'],
    {
      more: { 'all.ts': 'export const all: number[] = []' },
    },
  )
  loads(
    'a registry with functions',
    `import { add, all } from './all.ts'\nadd('x', () => 3)\nexport { all }`,
    'lib.all.get("x")()',
    ['3', '4'],
    {
      more: {
        'all.ts':
          'export const all = new Map<string, any>()\nexport const add = (n: string, f: any) => all.set(n, f)',
      },
    },
  )
  loads(
    'a registry by another name',
    'const all: any[] = []\nconst list = all\nlist.push(3)\nexport { all }',
    'lib.all',
    ['3', '4'],
  )
  loads(
    'a prototype',
    'export class C { x() { return 0 } }\nC.prototype.x = () => 3',
    'new lib.C().x()',
    ['3', '4'],
  )
  loads(
    'a prototype of the language',
    `Object.defineProperty(Array.prototype, 'stepwell', { get: () => 3 })`,
    '([] as any).stepwell',
    ['3', '4'],
  )
  loads('a property of a function', 'export function f(): any {}\nf.x = 3', '(lib.f as any).x', [
    '3',
    '4',
  ])
  loads('Object.assign', 'export const o: any = {}\nObject.assign(o, { x: 3 })', 'lib.o.x', [
    '3',
    '4',
  ])
  loads(
    'Object.assign in an initialiser',
    'export const o: any = {}\nexport const p = Object.assign(o, { x: 3 })',
    'lib.o.x',
    ['3', '4'],
  )
  loads('an assignment in an initialiser', 'export let k = 0\nexport const x = (k = 3)', 'lib.k', [
    '= 3',
    '= 4',
  ])
  loads('an assignment in a default export', 'export let k = 0\nexport default (k = 3)', 'lib.k', [
    '= 3',
    '= 4',
  ])
  loads(
    'a getter that is read',
    'export let k = 0\nconst o = { get x() { k = 3; return 1 } }\nexport const y = o.x',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'toString in a template',
    'export let k = 0\nconst o = { toString() { k = 3; return "" } }\nexport const y = `${o}`',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'valueOf',
    'export let k = 0\nconst o: any = { valueOf() { k = 3; return 1 } }\nexport const y = o + 1',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a unary operator',
    'export let k = 0\nconst o: any = { valueOf() { k = 3; return 1 } }\nexport const y = -o',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a comparison',
    'export let k = 0\nconst o: any = { valueOf() { k = 3; return 1 } }\nexport const y = o < 1',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'instanceof',
    'export let k = 0\nconst C: any = { [Symbol.hasInstance]() { k = 3; return true } }\nexport const y = 1 as any instanceof C',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a pattern',
    'export let k = 0\nconst o = { get x() { k = 3; return 1 } }\nexport const { x } = o',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'an iterator',
    'export let k = 0\nconst o: any = { *[Symbol.iterator]() { k = 3 } }\nexport const [x] = o',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a key of an object',
    'export let k = 0\nconst o: any = { toString() { k = 3; return "x" } }\nexport const y = { [o]: 1 }',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a key of a class',
    'export let k = 0\nconst o = () => { k = 3; return "x" }\nexport class C { [o()]() {} }',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a static field',
    'export let k = 0\nconst o = () => { k = 3 }\nexport class C { static x = o() }',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads('a static block', 'export let k = 0\nexport class C { static { k = 3 } }', 'lib.k', [
    '= 3',
    '= 4',
  ])
  loads(
    'what a class extends',
    'export let k = 0\nconst mix = () => { k = 3; return Object }\nexport class C extends (mix() as any) {}',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a class inside of an object',
    'export let k = 0\nexport const o = { C: class { static { k = 3 } } }',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads('using', 'export let k = 0\nusing x = { [Symbol.dispose]() { k = 3 } }\nvoid x', 'lib.k', [
    '= 3',
    '= 4',
  ])
  loads(
    'using, of a name',
    'export let k = 0\nconst o = { [Symbol.dispose]() { k = 3 } }\nusing x = o',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a tagged template',
    'export let k = 0\nconst tag = (s: any) => { k = s.length + 2 }\nexport const y = tag`x`',
    'lib.k',
    ['`x`', '`x${1}`'],
  )
  loads(
    'an immediate function',
    'export let k = 0\nexport const y = (() => { k = 3 })()',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a spread',
    'export let k = 0\nconst o = { get x() { k = 3; return 1 } }\nexport const y = { ...o }',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a pick that is not a step',
    'export let k = 0\nconst o = { pick(x: number) { k = x } }\nexport const y = o.pick(3)',
    'lib.k',
    ['pick(3)', 'pick(4)'],
  )
  loads(
    'a step() that is not the engine',
    `import { step } from './step.ts'\nexport { k } from './step.ts'\nexport const y = step({ run: 3 })`,
    'lib.k',
    ['3', '4'],
    {
      more: {
        'step.ts': 'export let k = 0\nexport const step = (o: any) => { k = o.run }',
      },
    },
  )
  loads(
    'a call among the options of a step',
    `import { step } from '@stepwell/engine'\nexport let k = 0\nconst set = () => { k = 3; return {} }\nexport const s = step({ params: set(), run: () => 1 })`,
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a getter among the options of a step',
    `import { step } from '@stepwell/engine'\nexport let k = 0\nexport const s = step({ get params() { k = 3; return {} }, run: () => 1 })`,
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'an enum as it is compiled',
    'export var E: any;\n(function (E) { E[E["x"] = 3] = "x" })(E || (E = {}))',
    'lib.E.x',
    ['3', '4'],
  )
  loads('a variable that is declared twice', 'export var k = 3\nvar k: number', 'lib.k', ['3', '4'])
  loads('a variable in a block', 'if (true) { var k = 3 }\nexport { k }', 'lib.k', ['3', '4'])
  loads('a loop over a variable', 'export let k = 0\nfor (k of [3]);', 'lib.k', ['3', '4'])
  loads('a pattern that is assigned', 'export let k = 0\n;({ k } = { k: 3 })', 'lib.k', [
    'k: 3',
    'k: 4',
  ])
  loads(
    'top-level await',
    'export let k = 0\nawait Promise.resolve().then(() => { k = 3 })',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads('an instance', 'class C { x = 3 }\nexport const c = new C()', 'lib.c.x', ['3', '4'])
  loads(
    'a class across modules',
    `import { B } from './b.ts'\nexport class C extends B {}`,
    'new lib.C().x()',
    ['3', '4'],
    {
      more: { 'b.ts': 'export class B { x() { return 3 } }' },
      path: 'b.ts',
      coarse: '',
    },
  )
  loads(
    'a base class that becomes another one',
    'class A { x() { return 3 } }\nclass B { x() { return 4 } }\nvoid A\nexport class C extends A {}',
    'new lib.C().x()',
    ['extends A', 'extends B'],
    { coarse: '' },
  )
  loads(
    'a static member that is inherited',
    'class A { static x = 3 }\nexport class C extends A {}',
    'lib.C.x',
    ['3', '4'],
    { coarse: '' },
  )
  loads(
    'super',
    'class A { x() { return 3 } }\nexport class C extends A { x() { return super.x() + 1 } }',
    'new lib.C().x()',
    ['3', '4'],
    { coarse: '' },
  )
  loads(
    'a closure',
    'const make = (x: number) => () => x * 2\nexport const f = make(3)',
    'lib.f()',
    ['3', '4'],
  )
  loads(
    'a closure in an object',
    'const h = () => 3\nexport const o = { p: { f: () => h() } }',
    'lib.o.p.f()',
    ['3', '4'],
    { coarse: '' },
  )
  loads(
    'a table of functions',
    'const x = () => 3\nconst table: any = { x }\nexport const call = (n: string) => table[n]()',
    'lib.call("x")',
    ['3', '4'],
    { coarse: '' },
  )
  loads('a late variable', 'export const f = () => later\nconst later = 3', 'lib.f()', ['3', '4'], {
    coarse: '',
  })

  // The order in which things happen.
  const order = (
    title: string,
    from: string,
    to: string,
    a: string,
    more: Scenario['files'] = {},
    coarse = EFFECT,
  ) =>
    edits(title, {
      files: {
        'pipeline.ts': named(a),
        'lib.ts': from,
        ...more,
      },
      edit: { 'lib.ts': to },
      changes: 'a',
      ...(coarse === '' ? {} : { coarse: { [coarse]: 'b' } }),
    })
  order(
    'two statements',
    'export const l: any[] = []\nl.push(1)\nl.push(2)',
    'export const l: any[] = []\nl.push(2)\nl.push(1)',
    'lib.l',
  )
  order(
    'two initialisers',
    'let n = 0\nconst next = () => ++n\nexport const x = next()\nexport const y = next()',
    'let n = 0\nconst next = () => ++n\nexport const y = next()\nexport const x = next()',
    'lib.x',
  )
  order(
    'two imports',
    `import './1.ts'\nimport './2.ts'\nexport { l } from './l.ts'`,
    `import './2.ts'\nimport './1.ts'\nexport { l } from './l.ts'`,
    'lib.l',
    {
      '1.ts': `import { l } from './l.ts'\nl.push(1)`,
      '2.ts': `import { l } from './l.ts'\nl.push(2)`,
      'l.ts': 'export const l: any[] = []',
    },
  )
  order(
    'an import and an export from',
    `export * from './1.ts'\nimport './2.ts'\nexport { l } from './l.ts'`,
    `import './2.ts'\nexport * from './1.ts'\nexport { l } from './l.ts'`,
    'lib.l',
    {
      '1.ts': `import { l } from './l.ts'\nl.push(1)`,
      '2.ts': `import { l } from './l.ts'\nl.push(2)`,
      'l.ts': 'export const l: any[] = []',
    },
  )
  order(
    'a copy before and after',
    'let x = 3\nexport const k = [x]\nx = 4',
    'let x = 3\nx = 4\nexport const k = [x]',
    'lib.k',
  )
  order(
    'an alias before and after',
    'let x = 3\nexport const k = x\nx = 4',
    'let x = 3\nx = 4\nexport const k = x',
    'lib.k',
  )
  order(
    'a static field before and after',
    'let x = 3\nexport class C { static k = x }\nx = 4',
    'let x = 3\nx = 4\nexport class C { static k = x }',
    'lib.C.k',
  )
  order(
    'a base class before and after',
    'let B = class { k = 3 }\nexport class C extends B {}\nB = class { k = 4 }',
    'let B = class { k = 3 }\nB = class { k = 4 }\nexport class C extends B {}',
    'new lib.C().k',
  )
  order(
    'a default export before and after',
    'let x = 3\nexport default x\nx = 4',
    'let x = 3\nx = 4\nexport default x',
    'lib.default',
  )
  const COPY = {
    'x.ts': 'export let x = 3\nexport const set = (v: number) => { x = v }',
    'set.ts': `import { set } from './x.ts'\nset(4)`,
    'copy.ts': `import { x } from './x.ts'\nexport const k = [x]`,
  }
  order(
    'a copy in a module that is loaded before and after',
    `export { k } from './copy.ts'\nimport './set.ts'`,
    `import './set.ts'\nexport { k } from './copy.ts'`,
    'lib.k',
    COPY,
  )
  order(
    'a copy in a module that is imported before and after',
    `import { k } from './copy.ts'\nimport './set.ts'\nexport { k }`,
    `import './set.ts'\nimport { k } from './copy.ts'\nexport { k }`,
    'lib.k',
    COPY,
  )
  order(
    'a circle that is entered elsewhere',
    `import './1.ts'\nexport { k } from './2.ts'`,
    `import './2.ts'\nexport { k } from './2.ts'`,
    'lib.k',
    {
      '1.ts': `import { k } from './2.ts'\nexport var x = 3\nexport const f = () => k`,
      '2.ts': `import { x } from './1.ts'\nexport const k = [x ?? null]`,
    },
  )
  order(
    'a circle that is entered elsewhere, without a call',
    `import './1.ts'\nexport { k } from './2.ts'`,
    `import './2.ts'\nexport { k } from './2.ts'`,
    'lib.k',
    {
      '1.ts': `import { k } from './2.ts'\nexport var x = 3\nexport const f = () => k`,
      '2.ts': `import { x } from './1.ts'\nexport const k = { x }`,
    },
  )
  edits('a function that is set before and after its step is made', {
    files: {
      'pipeline.ts': steps('let f = () => 3', {})
        .replace(
          'export default',
          `const a = step({ run: f })\nf = () => 4\nconst b = step({ run: () => 0 })\nexport default`,
        )
        .replace('{  }', '{ a, b }'),
    },
    edit: {
      'pipeline.ts': [
        `const a = step({ run: f })\nf = () => 4`,
        `f = () => 4\nconst a = step({ run: f })`,
      ],
    },
    changes: 'a',
  })
  order(
    'a member of a constant before and after',
    'const o: any = { x: 3 }\nexport const k = o.x\nObject.assign(o, { x: 4 })',
    'const o: any = { x: 3 }\nObject.assign(o, { x: 4 })\nexport const k = o.x',
    'lib.k',
  )
  order(
    'a spread of a constant before and after',
    'const l = [3]\nexport const k = [...l]\nl.push(4)',
    'const l = [3]\nl.push(4)\nexport const k = [...l]',
    'lib.k',
  )
  order(
    'a spread of an object before and after',
    'const o: any = { x: 3 }\nexport const k = { ...o }\ndelete o.x',
    'const o: any = { x: 3 }\ndelete o.x\nexport const k = { ...o }',
    'lib.k',
  )
  order(
    'a member of a function before and after',
    'export function f(): any {}\nexport const p = Object.assign(f, { x: 3 })\nexport const k = [(f as any).x ?? null]',
    'export function f(): any {}\nexport const k = [(f as any).x ?? null]\nexport const p = Object.assign(f, { x: 3 })',
    'lib.k',
  )
  order(
    'two extensions of a function',
    'export function f(): any {}\nexport const p = Object.assign(f, { x: 3 })\nexport const q = Object.assign(f, { x: 4 })',
    'export function f(): any {}\nexport const q = Object.assign(f, { x: 4 })\nexport const p = Object.assign(f, { x: 3 })',
    '(lib.f as any).x',
    {},
    '',
  )
  loads(
    'a getter of a prototype that is read',
    'export let k = 0\nconst p = { get x() { k = 3; return 1 } }\nconst o: any = { __proto__: p }\nexport const y = o.x',
    'lib.k',
    ['= 3', '= 4'],
  )
  loads(
    'a getter that is defined later',
    'export let k = 0\nconst o: any = { x: 1 }\nObject.defineProperty(o, "x", { get() { k += 3; return 1 } })\nexport const y = o.x',
    'lib.k',
    ['export const y = o.x', ''],
  )
  edits('a method that is set before and after its step is made', {
    files: {
      'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'\nconst o = { m: () => 3 }\nconst a = step({ run: o.m })\nObject.assign(o, { m: () => 4 })\nconst b = step({ run: () => 0 })\nexport default pipeline('p', { a, b })`,
    },
    edit: {
      'pipeline.ts': [
        `const a = step({ run: o.m })\nObject.assign(o, { m: () => 4 })`,
        `Object.assign(o, { m: () => 4 })\nconst a = step({ run: o.m })`,
      ],
    },
    changes: 'a',
  })
  order(
    'a `var` that is exported before and after it is set',
    'var x = 3\nexport default x',
    'export default x\nvar x = 3',
    'lib.default ?? null',
  )
  order(
    'a `var` that is copied before and after it is set',
    'var x = 3\nexport const k = [x ?? null]',
    'export const k = [x ?? null]\nvar x = 3',
    'lib.k',
  )

  // Two modules of the same text are two places for a value.
  const TWIN = 'export let k = 0\nexport const set = (v: number) => { k = v }\n'
  edits('one of two modules of the same text', {
    files: {
      'pipeline.ts': steps(`import { k } from './1.ts'\nimport { set } from './2.ts'\nset(3)`, {
        a: 'k',
        b: '0',
      }),
      '1.ts': TWIN,
      '2.ts': TWIN,
    },
    edit: { 'pipeline.ts': ['./1.ts', './2.ts'] },
    changes: 'a',
  })
  edits('one of two registries of the same text', {
    files: {
      'pipeline.ts': steps(
        `import { l } from './1.ts'\nimport { l as m } from './2.ts'\nm.push(3)`,
        { a: 'l', b: '0' },
      ),
      '1.ts': 'export const l: any[] = []',
      '2.ts': 'export const l: any[] = []',
    },
    edit: { 'pipeline.ts': ['./1.ts', './2.ts'] },
    changes: 'a',
  })
})

describe('what is not code of the project', () => {
  const env = (title: string, lib: string, a: string, coarse = '') =>
    edits(title, {
      files: {
        'pipeline.ts': steps(`import { k, l } from './lib.ts'`, { a, b: 'l' }),
        'lib.ts': `${lib}\nexport const l = 5`,
      },
      env: { STEPWELL_E: '3' },
      envAfter: { STEPWELL_E: '4' },
      changes: 'a',
      coarse: coarse === '' ? {} : { [coarse]: 'b' },
    })
  env('a variable in a helper', 'export const k = () => process.env.STEPWELL_E', 'k()')
  env(
    'a variable in a helper of a helper',
    'const x = () => process.env["STEPWELL_E"]\nexport const k = () => x()',
    'k()',
  )
  env(
    'a variable that is taken apart',
    'export const k = () => { const { STEPWELL_E } = process.env; return STEPWELL_E }',
    'k()',
  )
  env('a variable that is read at once', 'export const k = process.env.STEPWELL_E', 'k', EFFECT)
  env('a variable as a default', 'export const k = (x = process.env.STEPWELL_E) => x', 'k()')

  const pack = (name: string, version: string, more = {}) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name,
      version,
      type: 'module',
      main: 'index.js',
      ...more,
    }),
  })
  const PACKS = {
    ...pack('one', '1.0.0', { dependencies: { deep: '*' } }),
    'node_modules/one/index.js': `export { k } from 'deep'\nexport const l = 7`,
    ...pack('deep', '1.0.0'),
    'node_modules/deep/index.js': 'export const k = 3',
    ...pack('two', '1.0.0'),
    'node_modules/two/index.js': 'export const k = 5\nexport const l = 7',
  }
  const files = {
    ...PACKS,
    'pipeline.ts': steps(`import { k } from './lib.ts'\nimport { k as l } from 'two'`, {
      a: 'k',
      b: 'l',
      c: '0',
    }),
    'lib.ts': `export { k } from 'one'`,
  }
  edits('a package', {
    files,
    edit: {
      ...pack('two', '1.0.1'),
      'node_modules/two/index.js': 'export const k = 6',
    },
    changes: 'b',
  })
  edits('what a package depends on', {
    files,
    edit: {
      ...pack('deep', '1.0.1'),
      'node_modules/deep/index.js': 'export const k = 4',
    },
    changes: 'a',
  })
  edits('a package that leads elsewhere', {
    files,
    edit: { 'lib.ts': [`'one'`, `'two'`] },
    changes: 'a',
  })
  edits('another export of a package', {
    files: {
      ...PACKS,
      'pipeline.ts': steps(`import { k } from 'two'`, { a: 'k', b: '0' }),
    },
    edit: { 'pipeline.ts': ['{ k }', '{ l as k }'] },
    changes: 'a',
  })
  edits('another export of a package behind a module', {
    files: { ...PACKS, 'pipeline.ts': K, 'lib.ts': `export { k } from 'two'` },
    edit: { 'lib.ts': ['{ k }', '{ l as k }'] },
    changes: 'a',
  })
  edits('two packages that trade names', {
    files: {
      ...PACKS,
      'pipeline.ts': steps(`import { k as x } from 'one'\nimport { k as y } from 'two'`, {
        a: '[x, y]',
        b: '0',
      }),
    },
    edit: {
      'pipeline.ts': steps(`import { k as x } from 'two'\nimport { k as y } from 'one'`, {
        a: '[x, y]',
        b: '0',
      }),
    },
    changes: 'a',
  })
  for (const look of [
    `typeof globalThis.fetch === 'function'`,
    `'fetch' in globalThis`,
    `typeof globalThis === 'object'`,
    `globalThis.navigator !== undefined`,
    `globalThis.process?.versions?.node === undefined`,
    `typeof globalThis.process`,
    `globalThis.document?.title ?? null`,
  ]) {
    edits(`a look at the platform: ${look}`, {
      files: {
        'pipeline.ts': steps(`const has: any = ${look}\nconst k = 3`, {
          a: 'k',
          b: `typeof has + typeof (${look})`,
        }),
      },
      edit: { 'pipeline.ts': ['k = 3', 'k = 4'] },
      changes: 'a',
    })
  }
  const SETS = {
    ...pack('sets', '1.0.0'),
    'node_modules/sets/index.js': 'globalThis.stepwellSets = 3\nexport const x = 1',
  }
  const SETS_EDIT = {
    ...pack('sets', '1.0.1'),
    'node_modules/sets/index.js': 'globalThis.stepwellSets = 4\nexport const x = 1',
  }
  const sets = (title: string, head: string, a = 'stepwellSets', c = '1') =>
    edits(title, {
      files: { ...SETS, 'pipeline.ts': steps(head, { a, b: '0', c }) },
      edit: SETS_EDIT,
      changes: 'a',
      coarse: { [EFFECT]: 'b c' },
    })
  sets('a package for its effect', `import 'sets'`)
  sets('a package for its effect, with a type', `import { type T } from 'sets'`)
  sets('a package for its effect, by export {} from', `export {} from 'sets'`)

  const WORK = {
    'packages/own/package.json':
      '{"name":"work","version":"1.0.0","type":"module","main":"index.ts"}',
    'packages/own/index.ts': `export { k } from './k.ts'\nexport { l } from './l.ts'`,
    'packages/own/k.ts': 'export const k = 3',
    'packages/own/l.ts': 'export const l = 5',
    'pipeline.ts': steps(`import { k, l } from 'work'`, { a: 'k', b: 'l' }),
  }
  const links = { 'node_modules/work': 'packages/own' }
  edits('a workspace package', {
    files: WORK,
    links,
    edit: { 'packages/own/k.ts': ['3', '4'] },
    changes: 'a',
  })
  edits('a workspace package, a file that nothing uses', {
    files: { ...WORK, 'packages/own/m.ts': 'export const m = 1' },
    links,
    edit: { 'packages/own/m.ts': ['1', '2'] },
    changes: '',
  })
  edits('a workspace package whose version is bumped', {
    files: WORK,
    links,
    edit: { 'packages/own/package.json': ['1.0.0', '2.0.0'] },
    changes: '',
  })
  edits('JSON', {
    files: {
      'pipeline.ts': steps(
        `import one from './1.json' with { type: 'json' }\nimport two from './2.json' with { type: 'json' }`,
        { a: 'one', b: 'two' },
      ),
      '1.json': '3',
      '2.json': '5',
    },
    edit: { '1.json': '4' },
    changes: 'a',
  })
  const READ = `import { readFileSync } from 'node:fs'`
  const text = (name: string) => `readFileSync(new URL('./${name}', import.meta.url), 'utf8')`
  edits('a file beside the code', {
    files: {
      'pipeline.ts': steps(READ, { a: text('1.txt'), b: text('2.txt') }),
      '1.txt': '3',
      '2.txt': '5',
    },
    edit: { '1.txt': '4' },
    changes: 'a',
  })
  edits('a file beside a helper', {
    files: {
      'pipeline.ts': steps(`import { f, g } from './lib/lib.ts'`, {
        a: 'f()',
        b: 'g()',
      }),
      'lib/lib.ts': `${READ}\nexport const f = () => ${text('1.txt')}\nexport const g = () => 5`,
      'lib/1.txt': '3',
    },
    edit: { 'lib/1.txt': '4' },
    changes: 'a',
  })
  const WORKER = `import { Worker } from 'node:worker_threads'\nconst ask = () => new Promise((done, fail) => { const w = new Worker(new URL('./worker.ts', import.meta.url)); w.once('message', done); w.once('error', fail) })`
  edits('a worker', {
    files: {
      'pipeline.ts': steps(WORKER, { a: 'await ask()', b: '0' }),
      'worker.ts': `import { parentPort } from 'node:worker_threads'\nimport { k } from './k.ts'\nparentPort!.postMessage(k)`,
      'k.ts': 'export const k = 3',
    },
    edit: { 'k.ts': ['3', '4'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('what a worker loads for its effect', {
    files: {
      'pipeline.ts': steps(WORKER, { a: 'await ask()', b: '0' }),
      'worker.ts': `import './set.ts'\nimport { parentPort } from 'node:worker_threads'\nimport { k } from './k.ts'\nparentPort!.postMessage(k)`,
      'set.ts': SET,
      'k.ts': STATE,
    },
    edit: { 'set.ts': ['(3)', '(4)'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('a subpath import', {
    files: {
      'package.json': '{"type":"module","imports":{"#k":"./1.ts"}}',
      '1.ts': 'export const k = 3',
      '2.ts': 'export const k = 4',
      'pipeline.ts': steps(`import { k } from '#k'`, { a: 'k', b: '0' }),
    },
    edit: { 'package.json': ['1.ts', '2.ts'] },
    changes: 'a',
  })
  edits('a factory', {
    files: {
      'pipeline.ts': `import { pipeline } from '@stepwell/engine'\nimport { make, rest } from './make.ts'\nconst a = make(3)\nconst b = rest(5)\nexport default pipeline('p', { a, b })`,
      'make.ts': `import { step } from '@stepwell/engine'
export const make = (k: number) => step({ params: { k }, run: (_, { params }) => params.k * 10 })
export const rest = (k: number) => step({ params: { k }, run: (_, { params }) => params.k * 20 })`,
    },
    edit: { 'make.ts': ['* 10', '* 11'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
  edits('what is handed to a factory', {
    files: {
      'pipeline.ts': `import { pipeline } from '@stepwell/engine'\nimport { make } from './make.ts'\nconst a = make(3)\nconst b = make(5)\nexport default pipeline('p', { a, b })`,
      'make.ts': `import { step } from '@stepwell/engine'\nexport const make = (k: number) => step({ params: { k }, run: (_, { params }) => params.k * 10 })`,
    },
    edit: { 'pipeline.ts': ['make(3)', 'make(4)'] },
    changes: 'a',
    coarse: { [EFFECT]: 'b' },
  })
})

describe('what is not changed by loading modules', () => {
  const PIPELINE = `import { file, pipeline, step } from '@stepwell/engine'
import { config } from './config.ts'
import { clean } from './clean.ts'
import * as models from './models.ts'
import { list } from './more.ts'
export const a = step({ params: { k: config.k, deep: config.deep.x }, run: clean })
export const b = step({ params: { l: config.l }, run: (_: {}, { params }: any) => params.l })
export const c = step({ run: () => models.table.one() })
export const d = step({ run: () => list[0]?.() })
export default pipeline('p', { a, b, c, d })
`
  const files = {
    'pipeline.ts': PIPELINE,
    'config.ts': `export const config = { k: 3, l: 4, deep: { x: 5 } } as const\n`,
    'clean.ts': `import { WORDS, RANKS } from './words.ts'
export function clean(_: {}, { params }: any) { return [params.k, WORDS.has('x'), RANKS.get('x')] }`,
    'words.ts': `export const WORDS = new Set(['w', 'x'])\nexport const RANKS = new Map([['x', 3]])\n`,
    'models.ts': `import { one } from './one.ts'
import { Base } from './base.ts'
export const table = Object.freeze({ one, base: Base })
export class Other extends Base {}
`,
    'more.ts': `import * as ones from './one.ts'\nexport const list = [ones.one]`,
    'one.ts': 'export const one = () => 3',
    'base.ts': 'export class Base { x() { return 3 } }',
  }
  const changes = (title: string, edit: Change, changed: string, coarse: Edit['coarse'] = {}) =>
    edits(title, { files, edit, changes: changed, coarse })
  changes(
    'a function that is imported for a step',
    { 'clean.ts': ['params.k,', 'params.k + 1,'] },
    'a',
  )
  changes(
    'a member of a constant that one step has as its param',
    { 'config.ts': ['k: 3', 'k: 7'] },
    'a',
  )
  changes('a member of a constant that another one has', { 'config.ts': ['l: 4', 'l: 7'] }, 'b')
  changes('a set that is made when its module is loaded', { 'words.ts': ["'x']", "'y']"] }, 'a')
  changes('a map', { 'words.ts': ["'x', 3", "'x', 4"] }, 'a')
  changes('a function in a table', { 'one.ts': ['3', '4'] }, 'c d')
  changes('a base class', { 'base.ts': ['3', '4'] }, '', { [NAMESPACE]: 'c' })
})

describe('shapes of work', () => {
  const files = {
    'pipeline.ts': `import { gate, matrix, pipeline, step } from '@stepwell/engine'
import prep from './prep.ts'
import { fit } from './fit.ts'
const list = step({ run: () => [3, 4] })
const each = step.map({ over: list, params: { k: 1 }, run: ({ item }: any, { params }: any) => item * params.k })
const fits = matrix({ degree: [1, 2] }, (params: any) => step({ params, run: fit }))
const one = step({ run: () => 1 })
const good = gate({ of: one, params: { least: 0 }, check: (x: any, { params }: any) => x > params.least || 'too small' })
export default pipeline('p', { prep, list, each, fits, one, good })
`,
    'prep.ts': `import { pipeline, step } from '@stepwell/engine'
const collect = step({ run: () => 5 })
export default pipeline('prep', { collect })
`,
    'fit.ts': `export function fit(_: {}, { params }: any) { return params.degree + 1 }`,
  }
  const changes = (title: string, edit: Change, changed: string, coarse: Edit['coarse'] = {}) =>
    edits(title, { files, edit, changes: changed, coarse })
  changes('the function of a mapped step', { 'pipeline.ts': ['item *', '2 * item *'] }, 'each')
  changes('a param of a mapped step', { 'pipeline.ts': ['k: 1', 'k: 2'] }, 'each')
  changes('the function of a matrix', { 'fit.ts': ['+ 1', '+ 2'] }, 'fits.degree-1 fits.degree-2')
  changes('one more value of a matrix', { 'pipeline.ts': ['[1, 2]', '[1, 2, 3]'] }, '')
  changes('the check of a gate', { 'pipeline.ts': ["'too small'", "'much too small'"] }, '', {
    'its own code': 'good',
  })
  changes('a step of a pipeline in a pipeline', { 'prep.ts': ['5', '6'] }, 'prep.collect')
})
