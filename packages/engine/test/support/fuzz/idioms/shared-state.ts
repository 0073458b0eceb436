import type { ProjectWriter } from '../project.ts'

/** State of a module: how it is declared, written with a value, and read. */
interface State {
  readonly lines: readonly string[]
  readonly exports: readonly string[]
  readonly write: (value: string) => string
  readonly read: string
}

const STATES: readonly State[] = [
  object((v) => `state.v = ${v}`),
  object((v) => `state['v'] = ${v}`),
  object((v) => `state.v += ${v}`),
  object((v) => `state.v++; state.v *= ${v}`),
  object((v) => `Object.assign(state, { v: ${v} })`),
  object((v) => `Reflect.set(state, 'v', ${v})`),
  object((v) => `;[state.v] = [${v}]`),
  object((v) => `;({ v: state.v } = { v: ${v} })`),
  object((v) => `for (state.v of [${v}]);`),
  object((v) => `const alias = state; alias.v = ${v}`),
  object((v) => `((o) => { o.v = ${v} })(state)`),
  object(
    (v) => `Object.defineProperty(state, 'v', { value: ${v}, configurable: true, writable: true })`,
  ),
  object((v) => `if (${v} % 2) delete state.v; else state.v = 0`),
  object((v) => `const { inner } = state; inner.w = ${v}`, 'state.inner.w'),
  object((v) => `state.inner = { w: ${v} }`, 'state.inner.w'),
  object((v) => `const set = (o, x) => { o.w = x }; set(state.inner, ${v})`, 'state.inner.w'),
  object((v) => `state.list.push(${v})`, 'state.list.join()'),
  object((v) => `const { list } = state; list.push(${v})`, 'state.list.join()'),
  object((v) => `state.put(${v})`),
  object((v) => `state.by = ${v}`),
  {
    lines: ['export let v = 1', 'export const put = (x) => { v = x }'],
    exports: ['v', 'put'],
    write: (v) => `put(${v})`,
    read: 'v',
  },
  {
    lines: [
      'let hidden = 1',
      'export const put = (x) => { hidden = x }',
      'export const get = () => hidden',
    ],
    exports: ['put', 'get'],
    write: (v) => `put(${v})`,
    read: 'get()',
  },
  {
    lines: [
      'const hidden = { v: 1 }',
      'export const put = (x) => { hidden.v = x }',
      'export const get = () => hidden.v',
    ],
    exports: ['put', 'get'],
    write: (v) => `put(${v})`,
    read: 'get()',
  },
  {
    lines: ['export const memo = new Map()'],
    exports: ['memo'],
    write: (v) => `memo.set('k', ${v})`,
    read: `memo.get('k') ?? 1`,
  },
  {
    lines: ['export const seen = new Set()'],
    exports: ['seen'],
    write: (v) => `seen.add(${v})`,
    read: `[...seen].join()`,
  },
  {
    lines: ['export const list = []'],
    exports: ['list'],
    write: (v) => `list.push(${v})`,
    read: 'list.join()',
  },
  {
    lines: ['export const list = []'],
    exports: ['list'],
    write: (v) => `list.length = ${v}`,
    read: 'list.length',
  },
  {
    lines: ['export const bytes = new Uint8Array(4)'],
    exports: ['bytes'],
    write: (v) => `bytes[0] = ${v}`,
    read: 'bytes[0]',
  },
  {
    lines: ['export class Box { static v = 1 }'],
    exports: ['Box'],
    write: (v) => `Box.v = ${v}`,
    read: 'Box.v',
  },
  {
    lines: [
      'export class Box { static #v = 1; static put(x) { this.#v = x } static get() { return this.#v } }',
    ],
    exports: ['Box'],
    write: (v) => `Box.put(${v})`,
    read: 'Box.get()',
  },
  {
    lines: [
      'class Store { #v = 1; put(x) { this.#v = x } get v() { return this.#v } }',
      'export const store = new Store()',
    ],
    exports: ['store'],
    write: (v) => `store.put(${v})`,
    read: 'store.v',
  },
  {
    lines: ['export class Shape {}'],
    exports: ['Shape'],
    write: (v) => `Shape.prototype.v = ${v}`,
    read: 'new Shape().v ?? 1',
  },
  {
    lines: ['export function f() { return f.v ?? 1 }'],
    exports: ['f'],
    write: (v) => `f.v = ${v}`,
    read: 'f()',
  },
  {
    lines: [
      'const make = () => { let v = 1; return { put: (x) => { v = x }, get: () => v } }',
      'export const box = make()',
    ],
    exports: ['box'],
    write: (v) => `box.put(${v})`,
    read: 'box.get()',
  },
  {
    lines: [
      'const make = () => { let n = 1; return (by = 0) => (n += by) }',
      'export const count = make()',
    ],
    exports: ['count'],
    write: (v) => `count(${v})`,
    read: 'count()',
  },
  {
    lines: [
      'function* counting() { let n = 0; while (true) n += (yield n) ?? 0 }',
      'export const counter = counting()',
      'counter.next()',
    ],
    exports: ['counter'],
    write: (v) => `counter.next(${v})`,
    read: 'counter.next(0).value',
  },
  {
    // What is kept is the first that was asked for.
    lines: ['const kept = {}', 'export const once = (x) => (kept.x ??= x)'],
    exports: ['once'],
    write: (v) => `once(${v})`,
    read: 'once(5)',
  },
  {
    lines: ['let kept', 'export const once = (x) => { kept ??= x; return kept }'],
    exports: ['once'],
    write: (v) => `once(${v})`,
    read: 'once(5)',
  },
  {
    lines: [
      'const kept = new Map()',
      `export const once = (x) => { if (!kept.has('k')) kept.set('k', x); return kept.get('k') }`,
    ],
    exports: ['once'],
    write: (v) => `once(${v})`,
    read: 'once(5)',
  },
  {
    lines: [
      'export const key = {}',
      'const weak = new WeakMap()',
      'export const put = (x) => weak.set(key, x)',
      'export const get = () => weak.get(key) ?? 1',
    ],
    exports: ['put', 'get'],
    write: (v) => `put(${v})`,
    read: 'get()',
  },
  {
    lines: ['export const key = 1'],
    exports: ['key'],
    write: (v) => `globalThis.stepwellShared = ${v}`,
    read: 'globalThis.stepwellShared ?? key',
  },
  {
    lines: ['export const key = 1'],
    exports: ['key'],
    write: (v) => `Array.stepwellFuzz = ${v}`,
    read: 'Array.stepwellFuzz ?? key',
  },
  {
    lines: ['export const key = 1'],
    exports: ['key'],
    write: (v) => `process.env.STEPWELL_SHARED = ${v}`,
    read: 'process.env.STEPWELL_SHARED ?? key',
  },
]

function object(write: State['write'], read = 'state.v'): State {
  return {
    lines: [
      'export const state = { v: 1, inner: { w: 2 }, list: [3], put(x) { this.v = x }, set by(x) { this.v = x } }',
    ],
    exports: ['state'],
    write,
    read: `${read} ?? 0`,
  }
}

/** A step leaves something in a variable of a module; another one, after it, reads it there. */
export function sharedState(writer: ProjectWriter): void {
  const name = writer.name('state')
  const { lines, exports, write, read } = writer.pick(STATES)
  const module = `${name}.js`
  writer.files[module] = lines.join('\n')
  const from = `import { ${exports.join(', ')} } from './${module}'`
  // The first step gives the same whatever its params are: only the state tells.
  const gives = writer.pick(['params.x', '0', '0'])
  const writes = `${write('params.x')}; return ${gives}`
  const place = writer.pick(['module', 'module', 'helper', 'named'])
  const file = `${name}-steps.js`
  const helper = place === 'helper'
  writer.files[file] = [
    from,
    ...(helper
      ? [`export const writing = (params) => { ${writes} }`, `export const reading = () => ${read}`]
      : [
          `export function writing(_, { params }) { ${writes} }`,
          `export function reading(_, { params }) { return [${read}, params.y] }`,
        ]),
  ].join('\n')
  const names = { w: `${name}w`, r: `${name}r` }
  writer.imports.push(`import { writing as ${name}Write, reading as ${name}Read } from './${file}'`)
  const inputs = `inputs: { before: ${names.w} }, params: { y: ${writer.digit()} }`
  const given = `params: { x: ${writer.digit()} }`
  if (helper) {
    writer.step(names.w, `${given}, run: (_, { params }) => ${name}Write(params)`)
    writer.step(names.r, `${inputs}, run: (_, { params }) => [${name}Read(), params.y]`)
  } else if (place === 'named') {
    writer.step(names.w, `${given}, run: ${name}Write`)
    writer.step(names.r, `${inputs}, run: ${name}Read`)
  } else {
    writer.step(names.w, `${given}, run: (_, context) => ${name}Write(_, context)`)
    writer.step(names.r, `${inputs}, run: (_, context) => ${name}Read(_, context)`)
  }
  writer.tweak(writer.main, new RegExp(`const ${names.w} = .*params: \\{ x: (\\d)`))
  writer.tweak(writer.main, new RegExp(`const ${names.w} = .*params: \\{ x: (\\d)`))
  writer.tweak(writer.main, new RegExp(`const ${names.r} = .*params: \\{ y: (\\d)`))
  writer.tweak(module, /(\d)/)
}
