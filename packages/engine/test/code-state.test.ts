import { describe, expect, test } from 'vitest'
import { createStories } from './support/projects.ts'

// State that a step leaves in memory for others. A step that writes to what outlives it, and one that can
// see what is written, are never cached, and the warning names the line. What a function keeps to itself,
// and what happens while modules are loaded, is no such state.

const story = createStories()

type Files = Readonly<Record<string, string>>

/**
 * Step `raw` is right when it is 3 at first, and 4 after `⟦a|b⟧` has become `b` in step `put`, which it
 * reads nothing from but what `put` leaves behind.
 */
function left(title: string, lib: string, put: string, raw: string, more: Files = {}): void {
  const write = (after: boolean): Record<string, string> => {
    const pick = (text: string): string =>
      text.replaceAll(/⟦([^|⟧]*)\|([^|⟧]*)⟧/g, (_, a: string, b: string) => (after ? b : a))
    const names = [
      ...new Set([...`${put} ${raw}`.matchAll(/\blib\.(\w+)/g)].map(([, name]) => name)),
    ]
    return Object.fromEntries(
      Object.entries({
        'lib.ts': lib,
        'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
import { ${names.map((name) => `${name} as lib_${name}`).join(', ')} } from './lib.ts'
const put = step({ run: async () => { ${put.replaceAll(/\blib\./g, 'lib_')} } })
const raw = step({ inputs: { put }, run: async () => (${raw.replaceAll(/\blib\./g, 'lib_')}) })
export default pipeline('p', { put, raw })
`,
        ...more,
      }).map(([path, text]) => [path, pick(text)]),
    )
  }
  const told = story({ files: write(false), edit: write(true) })
  test(title, () => {
    const { first, again, edited } = told()
    expect(first.error).toBeUndefined()
    expect(edited.error).toBeUndefined()
    expect(first.outputs['raw'], 'the project works').toBe(3)
    expect(edited.outputs['raw'], 'no stale output').toBe(4)
    expect(again.outputs['raw']).toBe(3)
    expect(again.statuses, 'it is not cached').toEqual({ put: 'succeeded', raw: 'succeeded' })
    expect(first.warnings.join('\n')).toMatch(/outlives the step.*\w\.c?[jt]s:\d/s)
  })
}

describe('what is left behind', () => {
  left('a member', 'export const s: any = {}', 'lib.s.x = ⟦3|4⟧', 'lib.s.x')
  left(
    'a member of a member',
    'export const s: any = { a: { b: [{}] } }',
    `lib.s.a['b'][0].x = ⟦3|4⟧`,
    'lib.s.a.b[0].x',
  )
  left(
    'a variable',
    'export let x = 0\nexport const set = (to: number) => { x = to }',
    'lib.set(⟦3|4⟧)',
    'lib.x',
  )
  left(
    'a count',
    'export let x = 0\nexport function up(n: number) { for (let i = 0; i < n; i += 1) x++ }',
    'lib.up(⟦3|4⟧)',
    'lib.x',
  )
  left(
    'an operator',
    'export let x = 0\nexport const up = (n: number) => void (x += n)',
    'lib.up(⟦3|4⟧)',
    'lib.x',
  )
  left('a default that is kept', 'export const s: any = {}', 'lib.s.x ??= ⟦3|4⟧', 'lib.s.x')
  left('a pattern', 'export const s: any = {}', '[lib.s.x] = [⟦3|4⟧]', 'lib.s.x')
  left(
    'a pattern of an object',
    'export let x = 0\nexport const set = (o: any) => { ({ x } = o) }',
    'lib.set({ x: ⟦3|4⟧ })',
    'lib.x',
  )
  left(
    'a rest',
    'export let x: any\nexport const set = (o: any) => { ({ ...x } = o) }',
    'lib.set({ y: ⟦3|4⟧ })',
    'lib.x.y',
  )
  left(
    'a loop that counts in a member',
    'export const s: any = {}',
    'for (lib.s.x of [⟦3|4⟧]);',
    'lib.s.x',
  )
  left('delete', 'export const s: any = { a: 3, b: 1 }', 'delete lib.s.⟦c|a⟧', 'lib.s.a ?? 4')
  for (const [call, read] of [
    ['push(⟦3|4⟧)', '.at(-1)'],
    ['unshift(⟦3|4⟧)', '[0]'],
    ['splice(0, 1, ⟦3|4⟧)', '[0]'],
    ['fill(⟦3|4⟧)', '[0]'],
    ['sort((a: number, b: number) => ⟦a - b|b - a⟧)', '[0]'],
    ['copyWithin(0, ⟦1|2⟧)', '[0]'],
  ] as const) {
    left(call, 'export const l = [4, 3, 4]', `lib.l.${call}`, `lib.l${read}`)
  }
  left('a method by name', 'export const l = [4, 3]', `lib.l[⟦'reverse'|'slice'⟧]()`, 'lib.l[0]')
  left('Map.set', 'export const m = new Map()', `lib.m.set('x', ⟦3|4⟧)`, `lib.m.get('x')`)
  left('Set.add', 'export const m = new Set<number>()', `lib.m.add(⟦3|4⟧)`, `[...lib.m][0]`)
  left(
    'Map.delete',
    `export const m = new Map([['a', 3], ['b', 3]])`,
    `lib.m.delete('⟦b|a⟧')`,
    `lib.m.get('a') ?? 4`,
  )
  left(
    'what a Map holds',
    `export const m = new Map([['a', { x: 0 }]])`,
    `lib.m.get('a')!.x = ⟦3|4⟧`,
    `lib.m.get('a')!.x`,
  )
  left(
    'what an array holds',
    `export const l = [{ x: 0 }]`,
    `for (const each of lib.l) each.x = ⟦3|4⟧`,
    `lib.l[0]!.x`,
  )
  left(
    'what a copy of an array holds',
    `export const l = [{ x: 0 }]`,
    `for (const each of lib.l.filter(Boolean)) each.x = ⟦3|4⟧`,
    `lib.l[0]!.x`,
  )
  left(
    'what a callback is given',
    `export const l = [{ x: 0 }]`,
    `lib.l.forEach((each) => { each.x = ⟦3|4⟧ })`,
    `lib.l[0]!.x`,
  )
  left(
    'a function that a method calls',
    `export const l = [{ x: 0 }]\nexport const set = (each: any) => { each.x = ⟦3|4⟧ }`,
    `lib.l.forEach(lib.set)`,
    `lib.l[0]!.x`,
  )
  left('Object.assign', 'export const s: any = {}', 'Object.assign(lib.s, { x: ⟦3|4⟧ })', 'lib.s.x')
  left(
    'Object.defineProperty',
    'export const s: any = {}',
    `Object.defineProperty(lib.s, 'x', { value: ⟦3|4⟧ })`,
    'lib.s.x',
  )
  left('Reflect.set', 'export const s: any = {}', `Reflect.set(lib.s, 'x', ⟦3|4⟧)`, 'lib.s.x')
  left(
    'a method of a prototype',
    'export const l: number[] = []',
    `Array.prototype.push.call(lib.l, ⟦3|4⟧)`,
    'lib.l[0]',
  )
  left('bytes', 'export const b = new Uint8Array(2)', `lib.b.set([⟦3|4⟧], 1)`, 'lib.b[1]')
  left('a date', 'export const d = new Date(0)', `lib.d.setTime(⟦3|4⟧)`, 'lib.d.getTime()')
  left(
    'a generator',
    'export const g = (function* () { yield 0; yield 3; yield 4; yield 4 })()',
    `for (let i = 0; i < ⟦1|2⟧; i += 1) lib.g.next()`,
    'lib.g.next().value',
  )
  left('a member of a function', 'export function f() {}\nf.x = 0', 'lib.f.x = ⟦3|4⟧', 'lib.f.x')
  left(
    'a static field',
    'export class C { static x = 0; static set(to: number) { this.x = to } }',
    'lib.C.set(⟦3|4⟧)',
    'lib.C.x',
  )
  left(
    'a static field by the name of the class',
    'export class C { static x = 0; set(to: number) { C.x = to } }',
    'new lib.C().set(⟦3|4⟧)',
    'lib.C.x',
  )
  left(
    'a prototype',
    'export class C {}',
    '(lib.C.prototype as any).x = ⟦3|4⟧',
    '(new lib.C() as any).x',
  )
})

describe('under another name', () => {
  left('a local name', 'export const s: any = {}', 'const t = lib.s; t.x = ⟦3|4⟧', 'lib.s.x')
  left(
    'a name that is assigned later',
    'export const s: any = {}',
    'let t: any; t = lib.s; t.x = ⟦3|4⟧',
    'lib.s.x',
  )
  left(
    'a destructured member',
    'export const s = { l: [0] }',
    'const { l } = lib.s; l[0] = ⟦3|4⟧',
    'lib.s.l[0]',
  )
  left(
    'a choice',
    'export const s: any = {}',
    'const t = 1 > 0 ? lib.s : {}; t.x = ⟦3|4⟧',
    'lib.s.x',
  )
  left(
    'a default of a parameter',
    'export const s: any = {}\nexport const set = (x: number, t = s) => { t.x = x }',
    'lib.set(⟦3|4⟧)',
    'lib.s.x',
  )
  left(
    'a local object around it',
    'export const s: any = {}',
    'const box = { s: lib.s }; box.s.x = ⟦3|4⟧',
    'lib.s.x',
  )
  left(
    'a local object that it is put into',
    'export const s: any = {}',
    'const box: any = {}; box.s = lib.s; box.s.x = ⟦3|4⟧',
    'lib.s.x',
  )
  left(
    'what a function returns',
    'const s: any = {}\nexport const get = () => s',
    'lib.get().x = ⟦3|4⟧',
    'lib.get().x',
  )
  left(
    'what a function returns, over modules',
    `export { get } from './s.ts'`,
    'const t = lib.get(); t.x = ⟦3|4⟧',
    'lib.get().x',
    { 's.ts': 'const s: any = {}\nexport function get() { return s }' },
  )
  left(
    'an argument',
    'export const s: any = {}\nexport const put = (t: any, x: number) => { t.x = x }',
    'lib.put(lib.s, ⟦3|4⟧)',
    'lib.s.x',
  )
  left(
    'an argument that is passed on',
    `import { put } from './put.ts'\nexport const s: any = { l: [] }\nexport const add = (l: any, x: number) => put({ x: 1 }, l, x)`,
    'lib.add(lib.s.l, ⟦3|4⟧)',
    'lib.s.l[0]',
    { 'put.ts': 'export function put(o: object, l: any, x: number) { l.push(x) }' },
  )
  left(
    'an argument of a method',
    'export const s: any = {}\nexport const tools = { put(t: any, x: number) { t.x = x } }',
    'lib.tools.put(lib.s, ⟦3|4⟧)',
    'lib.s.x',
  )
  left(
    'an alias in the module',
    `import { s } from './s.ts'\nexport const t = s`,
    'lib.t.x = ⟦3|4⟧',
    'lib.t.x',
    { 's.ts': 'export const s: any = {}' },
  )
  left('a namespace', `export * as s from './s.ts'`, 'lib.s.state.x = ⟦3|4⟧', 'lib.s.state.x', {
    's.ts': 'export const state: any = {}',
  })
  left(
    'a module that is imported later',
    "export const load = () => import('./s.ts')",
    '(await lib.load()).state.x = ⟦3|4⟧',
    '(await lib.load()).state.x',
    { 's.ts': 'export const state: any = {}' },
  )
  left(
    'an instance',
    'class Store { x = 0; set(x: number) { this.x = x } }\nexport const s = new Store()',
    'lib.s.set(⟦3|4⟧)',
    'lib.s.x',
  )
  left(
    'an instance with a private field',
    'class Store { #l: number[] = []; add(x: number) { this.#l.push(x) } get last() { return this.#l.at(-1) } }\nexport const s = new Store()',
    'lib.s.add(⟦3|4⟧)',
    'lib.s.last',
  )
  left(
    'an instance of a derived class',
    `import { Base } from './base.ts'\nclass Store extends Base {}\nexport const s = new Store()`,
    'lib.s.set(⟦3|4⟧)',
    'lib.s.x',
    { 'base.ts': 'export class Base { x = 0; set = (x: number) => { this.x = x } }' },
  )
  left(
    'an object with methods',
    'export const s = { x: 0, set(x: number) { this.x = x } }',
    'lib.s.set(⟦3|4⟧)',
    'lib.s.x',
  )
  left(
    'a closure',
    'function make() { let x = 0; return { set(to: number) { x = to }, get: () => x } }\nexport const s = make()',
    'lib.s.set(⟦3|4⟧)',
    'lib.s.get()',
  )
  left(
    'a closure over a list',
    'const make = () => { const l: number[] = []; return { add: (x: number) => l.push(x), l } }\nexport const s = make()',
    'lib.s.add(⟦3|4⟧)',
    'lib.s.l[0]',
  )
  left(
    'a function that is called in place',
    'export const s = (() => { let x = 0; return { set(to: number) { x = to }, get: () => x } })()',
    'lib.s.set(⟦3|4⟧)',
    'lib.s.get()',
  )
  left(
    'a block',
    'export let set: any, get: any\n{ let x = 0; set = (to: number) => { x = to }; get = () => x }',
    'lib.set(⟦3|4⟧)',
    'lib.get()',
  )
  left(
    'a function in a table',
    "export const table = new Map<string, any>()\nlet x = 0\ntable.set('set', (to: number) => { x = to })\ntable.set('get', () => x)",
    `lib.table.get('set')(⟦3|4⟧)`,
    `lib.table.get('get')()`,
  )
  left(
    'CommonJS',
    `import c from './c.cjs'\nexport const set = c.set, get = c.get`,
    'lib.set(⟦3|4⟧)',
    'lib.get()',
    { 'c.cjs': 'let x = 0\nexports.set = (to) => { x = to }\nexports.get = () => x' },
  )
  left(
    'what all code sees',
    'export const get = () => (Math as any).stepwell',
    '(Math as any).stepwell = ⟦3|4⟧',
    'lib.get()',
  )
  left(
    'a prototype of the platform',
    'export const get = () => ([] as any).stepwell',
    '(Array.prototype as any).stepwell = ⟦3|4⟧',
    'lib.get()',
  )
  left(
    'process',
    'export const get = () => (process as any).stepwell',
    '(process as any).stepwell = ⟦3|4⟧',
    'lib.get()',
  )
  left(
    'a variable of the environment',
    'export const get = () => Number(process.env.STEPWELL_STATE)',
    "process.env.STEPWELL_STATE = '⟦3|4⟧'",
    'lib.get()',
  )
})

describe('what is not left behind', () => {
  /** Nothing runs twice, and nothing is warned of. */
  const kept = (title: string, lib: string, expression: string, more: Files = {}): void => {
    const names = [...new Set([...expression.matchAll(/\blib\.(\w+)/g)].map(([, name]) => name))]
    const told = story({
      files: {
        'lib.ts': lib,
        'pipeline.ts': `import { pipeline, step } from '@stepwell/engine'
import { ${names.map((name) => `${name} as lib_${name}`).join(', ')} } from './lib.ts'
const raw = step({ run: async () => { ${expression.replaceAll(/\blib\./g, 'lib_')} } })
export default pipeline('p', { raw })
`,
        ...more,
      },
    })
    test(title, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().first.warnings).toEqual([])
      expect(told().again.statuses).toEqual({ raw: 'cached' })
    })
  }
  const ROWS = 'export const rows = [{ x: 3 }, { x: 1 }]'
  kept(
    'a local variable',
    'export const k = 3',
    'let n = 0; for (const i of [1, 2]) n += i; return n + lib.k',
  )
  kept(
    'a local list in a callback',
    ROWS,
    'const l: number[] = []; lib.rows.forEach((r) => { l.push(r.x) }); return l',
  )
  kept('a parameter', 'export const f = (x: number) => { x += 1; return x }', 'return lib.f(2)')
  kept(
    'a name that hides one of the module',
    'const l = [1]\nexport const f = () => { const l: number[] = []; l.push(2); return l }\nexport const g = () => l',
    'return [lib.f(), lib.g()]',
  )
  kept('a sorted copy', ROWS, 'return [...lib.rows].sort((a, b) => a.x - b.x)')
  kept('a sorted result', ROWS, 'return lib.rows.map(({ x }) => x).sort()')
  kept(
    'a copy of rows that is changed',
    ROWS,
    'const all = lib.rows.map((r) => ({ ...r })); for (const r of all) r.x += 1; return all',
  )
  kept(
    'a deep copy that is changed',
    ROWS,
    'const all = structuredClone(lib.rows); all[0]!.x = 5; return all',
  )
  kept(
    'a sum of rows',
    ROWS,
    'return lib.rows.reduce((sum, r) => { sum.x += r.x; return sum }, { x: 0 })',
  )
  kept(
    'an object made of another',
    'export const base = { x: 1 }',
    'const o: any = { ...lib.base }; o.y = 2; Object.assign(o, lib.base); return o',
  )
  kept('a default', 'export const base = { x: 1 }', 'return Object.assign({}, lib.base, { y: 2 })')
  kept(
    'an argument that is filled',
    'const K = { x: 1 }\nconst fill = (to: number[], from: { x: number }) => { to.push(from.x) }\nexport const f = () => { const l: number[] = []; fill(l, K); return l }',
    'return lib.f()',
  )
  kept(
    'an instance of its own',
    'export class Store { l: number[] = []; add(x: number) { this.l.push(x); return this } }',
    'return new lib.Store().add(1).l',
  )
  kept(
    'a closure of its own',
    'export function counter() { let n = 0; return () => ++n }',
    'const next = lib.counter(); return next()',
  )
  kept(
    'a table that a function makes while the module is loaded',
    'function make() { const t: Record<string, number> = {}; let n = 0; for (const k of ["a", "b"]) t[k] = n++; return t }\nexport const table = make()',
    'return lib.table.a',
  )
  kept(
    'a table that is filled while the module is loaded',
    'export const table = new Map<string, number>()\nfor (const k of ["a", "b"]) table.set(k, table.size)',
    'return lib.table.get("b")',
  )
  kept(
    'a function that fills a table while the module is loaded',
    'const table = new Map<string, number>()\nfunction register(k: string) { table.set(k, table.size) }\nregister("a")\nexport const f = () => table.get("a")',
    'return lib.f()',
  )
  kept(
    'a variable that is set while the module is loaded',
    'export let k = 0\nfunction set(to: number) { k = to }\nset(3)',
    'return lib.k',
  )
  kept(
    'functions named as those of collections',
    'export const vec = { add: (a: number, b: number) => a + b }',
    'return lib.vec.add(1, 2)',
  )
  kept(
    'functions of a module named as those of collections',
    `export * as vec from './vec.ts'`,
    'return lib.vec.add(1, 2)',
    { 'vec.ts': 'export const add = (a: number, b: number) => a + b' },
  )
  kept(
    'a value of a package whose methods return others',
    `import { Big } from 'big'\nexport const ZERO = new Big(0)`,
    'return lib.ZERO.add(2).n',
    {
      'node_modules/big/package.json':
        '{"name":"big","version":"1.0.0","type":"module","main":"index.js"}',
      'node_modules/big/index.js':
        'export class Big { constructor(n) { this.n = n } add(n) { return new Big(this.n + n) } }',
    },
  )
})

describe('what a person says', () => {
  const files = (more: string): Record<string, string> => ({
    'pipeline.ts': `import { pinned, pipeline, step } from '@stepwell/engine'
const cache = new Map<number, number>()
const slow = (x: number) => { if (!cache.has(x)) cache.set(x, x * 2); return cache.get(x) }
const raw = step({ ${more} run: () => slow(2) })
export default pipeline('p', { raw })
`,
  })
  for (const more of [`version: '1',`, `code: pinned('1'),`]) {
    const told = story({ files: files(more) })
    test(`${more} dispels the doubt`, () => {
      expect(told().first.error).toBeUndefined()
      expect(told().first.warnings).toEqual([])
      expect(told().again.statuses).toEqual({ raw: 'cached' })
    })
  }
  const told = story({ files: files('') })
  test('the warning names the line and what to do', () => {
    const warnings = told().first.warnings.join('\n')
    expect(warnings).toContain('pipeline.ts:3')
    expect(warnings).toContain('`cache`')
    expect(warnings).toContain('version')
  })
})
