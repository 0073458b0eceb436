/** A generator of small random projects and of edits to them, for the hunt for stale outputs. */

/** Text by path; `pipeline.ts` is the entry. Each line is a declaration or statement of its own. */
export type Program = Readonly<Record<string, string>>

export interface Mutation {
  readonly kind: string
  readonly path: string
  readonly before: string
  readonly after: string
  /** What else changes with it, such as the version of a package. */
  readonly more?: Program
  /** The environment after it. @default as before */
  readonly env?: Readonly<Record<string, string>>
}

/** The environment of each program before its edit. */
export const ENV: Readonly<Record<string, string>> = { STEPWELL_Z0: '3', STEPWELL_Z1: '4' }

export type Random = () => number

/** Mulberry32: the same numbers for the same seed, from 0 to 1. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Kind = 'number' | 'variable' | 'function' | 'object' | 'list' | 'class' | 'map'

/** Something that is declared at the top level of a module, by the name it has where it is used. */
interface Entity {
  readonly kind: Kind
  readonly name: string
  /** About how many operations a use of it takes: what grows without end is not used. */
  cost: number
  /** Another name for it, as in an import of a namespace. */
  readonly isOwn: boolean
}

const COSTLY = 300

/** Writes the expressions and statements of one module. */
class ModuleWriter {
  readonly imports: string[] = []
  readonly body: string[] = []
  readonly #random: Random
  readonly #visible: Entity[] = []
  /** Names that it binds; each is bound once. */
  readonly bound = new Set<string>()
  byDefault: Entity | undefined
  /** What it exports, by name. */
  readonly exported = new Map<string, Entity>()
  #count = 0
  readonly #prefix: string

  /** How much of it does something when it is loaded. */
  readonly #noise: number

  constructor(random: Random, prefix: string, noise: number) {
    this.#random = random
    this.#noise = noise
    this.#prefix = prefix
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  chance(of: number): boolean {
    return this.#random() < of
  }

  digit(): string {
    return String(1 + Math.floor(this.#random() * 9))
  }

  see(entity: Entity): void {
    this.#visible.push(entity)
  }

  #some(...kinds: Kind[]): Entity | undefined {
    const fit = this.#visible.filter(({ kind, cost }) => kinds.includes(kind) && cost < COSTLY)
    return fit.length === 0 ? undefined : this.pick(fit)
  }

  /** A numeric expression of what is visible, and its cost. */
  value(depth = 2): [text: string, cost: number] {
    if (depth === 0 || this.chance(0.1)) return [this.digit(), 1]
    if (this.chance(0.25)) {
      const [[x, xCost], [y, yCost]] = [this.value(depth - 1), this.value(depth - 1)]
      const form = this.pick(['+', '-', '*', '?'])
      const text = form === '?' ? `(${x} % 2 ? ${y} : 0)` : `(${x} ${form} ${y})`
      return [text, xCost + yCost]
    }
    const entity = this.#some('number', 'variable', 'function', 'object', 'list', 'class', 'map')
    if (entity === undefined) return [this.digit(), 1]
    const { name, kind, cost } = entity
    switch (kind) {
      case 'number':
      case 'variable':
        return [name, 1]
      case 'function': {
        const [argument, more] = this.value(depth - 1)
        const call = this.pick([`${name}(${argument})`, `${name}()`, `num(${name}.p)`])
        return [call, cost + more + 1]
      }
      case 'object':
        return [this.pick([`num(${name}.x)`, `${name}.f()`, `${name}.g`]), cost + 1]
      case 'list':
        return [this.pick([`${name}.length`, `num(${name}[0])`, `num(${name}.at(-1))`]), cost + 1]
      case 'class':
        return [this.pick([`new ${name}().m()`, `num(${name}.s)`, `new ${name}().x`]), cost + 1]
      case 'map':
        return [this.pick([`${name}.size`, `num(${name}.get('x')?.())`]), cost + 1]
    }
  }

  #declare(kind: Kind, cost: number, line: (name: string) => string): void {
    this.#count += 1
    const name = `${kind[0]}${this.#prefix}_${this.#count}`
    this.body.push(line(name))
    const entity: Entity = { kind, name, cost, isOwn: true }
    this.byDefault = entity
    this.see(entity)
    this.exported.set(name, entity)
  }

  /** One more declaration or statement. */
  write(): void {
    const [value, cost] = this.value()
    const [other, otherCost] = this.value()
    const [v, o, d] = [value, other, this.digit()]
    const named = this.#some('number', 'variable')?.name ?? d
    const called = this.#some('function') ?? { name: `() => ${d}`, cost: 1 }
    const variable = this.#some('variable')
    const sets = variable === undefined ? '' : `${setter(variable.name)}(${v}); `
    const both = cost + otherCost
    type Form = readonly [Kind, cost: number, line: (name: string) => string]
    const quiet: readonly Form[] = [
      ['number', 1, (n) => `export const ${n} = ${d}`],
      ['number', 1, (n) => `export var ${n}: number = ${d}`],
      ['number', 1, (n) => `export const ${n} = ${named}`],
      ['variable', 1, (n) => `export let ${n} = ${d}; ${setterOf(n)}`],
      ['variable', 1, (n) => `let ${n} = ${d}; ${setterOf(n)}; export { ${n} }`],
      ['function', cost, (n) => `export const ${n}: any = (x = ${d}) => x + ${v}`],
      [
        'function',
        cost,
        (n) => `export const ${n}: any = ({ x = ${v}, y: [z] = [${d}] }: any = {}) => x + z`,
      ],
      [
        'function',
        both,
        (n) => `export function ${n}(x = ${v}): any { let y = x; y += ${o}; return y }`,
      ],
      [
        'function',
        both,
        (n) =>
          `export function* gen_${n}() { yield ${v}; yield ${o} }; export const ${n}: any = () => [...gen_${n}()].map(num).join().length`,
      ],
      ['function', cost, (n) => `const ${n}: any = () => ${v}; export { ${n} }`],
      [
        'object',
        both,
        (n) => `export const ${n}: any = { x: ${d}, f: () => ${v}, get g() { return ${o} } }`,
      ],
      [
        'object',
        both,
        (n) => `export const ${n}: any = { x: ${named}, f() { return this.x + ${v} }, g: ${d} }`,
      ],
      ['list', 1, (n) => `export const ${n}: any[] = []`],
      ['list', 1, (n) => `export const ${n}: any[] = [${named}]`],
      [
        'class',
        both,
        (n) => `export class ${n} { static s: any = ${d}; x: any = ${v}; m() { return ${o} } }`,
      ],
      [
        'class',
        cost,
        (n) =>
          `export class ${n} { static s: any = ${named}; x: any = 1; m() { return this.x + ${v} } }`,
      ],
      [
        'function',
        both * 2,
        (n) =>
          `export function ${n}(x = ${d}): any { outer: for (const i of [1, 2]) { switch (num(x) % 3) { case 0: continue outer; case 1: x += ${v}; break outer; default: x += i; { const x = ${o}; if (num(x) > 5) break outer } } } return x }`,
      ],
      [
        'function',
        both,
        (n) =>
          `export function ${n}(x = ${d}): any { var y: any = num(z); { let x = ${v}; y += num(x) } var z: any = ${o}; return y + num(z) + x }`,
      ],
      [
        'function',
        cost,
        (n) =>
          `export const ${n}: any = () => late_${n}() + ${d}; function late_${n}(): any { return ${v} }`,
      ],
      ['function', cost, (n) => `export const ${n}: any = (x = ${d}) => tag\`a\${x}b\${${v}}c\``],
      [
        'function',
        cost,
        (n) =>
          `export const ${n}: any = (x = ${d}) => { try { if (num(x) % 2) throw ${v}; return x } catch (x: any) { return num(x) } finally { x = 0 } }`,
      ],
      [
        'function',
        1,
        (n) => `export const ${n}: any = () => Number(process.env.STEPWELL_Z0) + ${d}`,
      ],
      [
        'class',
        both,
        (n) =>
          `export class ${n} { static s: any = ${d}; #p: any = ${v}; get x(): any { return this.#p } set x(y) { this.#p = y } m() { return num(this.#p) + ${o} } }`,
      ],
      [
        'object',
        both + called.cost,
        (n) => `export const ${n}: any = { x: ${d}, f: ${called.name}, get g() { return ${v} } }`,
      ],
      [
        'map',
        cost,
        (n) => `export const ${n} = new Map<string, any>([['x', () => ${v}], ['y', ${d}]])`,
      ],
      ['list', 1, (n) => `export const ${n}: any[] = [${d}, ${d}] as const as any`],
      [
        'number',
        1,
        (n) =>
          `const ${n} = ${d}, also_${n} = ${this.digit()}; export { ${n} as ${n}, also_${n} as other_${n} }`,
      ],
    ]
    const rare: readonly Form[] = [
      [
        'function',
        cost,
        (n) =>
          `const table_${n} = Object.freeze({ f: () => ${v}, k: ${named} }); export const ${n}: any = (x = ${d}) => x + table_${n}.f() + num(table_${n}.k)`,
      ],
      [
        'map',
        1,
        (n) => `export const ${n} = new Map<string, any>(Object.entries({ x: () => ${d} }))`,
      ],
      [
        'function',
        1,
        (n) =>
          `const set_of_${n} = new Set([${d}, ${named}]); export const ${n}: any = () => set_of_${n}.size + ${d}`,
      ],
    ]
    const noisy: readonly Form[] = [
      ['number', 1, (n) => `export const ${n} = Number(process.env.STEPWELL_Z1) + ${d}`],
      ['number', 1, (n) => `export const ${n} = await Promise.resolve(${v})`],
      [
        'number',
        1,
        (n) => `export const ${n} = ((x: any = ${d}) => { ${sets}return num(x) + ${o} })()`,
      ],
      ['number', 1, (n) => `export const ${n} = num((Array as any).stepwellFuzz) + ${v}`],
      ['number', 1, (n) => `export const ${n} = [1, 2].map((x) => x + ${v}).length + ${o}`],
      [
        'object',
        both,
        (n) =>
          `export var ${n}: any; (function (E: any) { E[E['x'] = ${v}] = 'x'; E.f = () => ${o}; E.g = ${d} })(${n} || (${n} = {}))`,
      ],
      [
        'object',
        both + called.cost,
        (n) =>
          `export const ${n}: any = new Proxy({ x: ${d}, f: () => ${v} } as any, { get: (o, k) => (k === 'g' ? ${o} : o[k]) })`,
      ],
      [
        'object',
        both,
        (n) => `export const ${n}: any = { x: ${d}, f: () => ${v}, ...{ g: ${o} } }`,
      ],
      ['number', 1, (n) => `export const ${n} = ${v}`],
      ['number', 1, (n) => `export const { x: ${n} = ${v} } = { x: ${o} }`],
      ['number', 1, (n) => `export const [${n}, other_${n}] = [${v}, ${o}]`],
      [
        'function',
        cost,
        (n) =>
          `const make_${n} = (x: number): any => () => x + ${v}; export const ${n} = make_${n}(${o})`,
      ],
      [
        'object',
        both,
        (n) =>
          `export const ${n}: any = { x: ${v}, f() { return this.x }, get g() { return ${o} } }`,
      ],
      ['map', 20, (n) => `export const ${n} = new Map<string, any>()`],
      [
        'class',
        both,
        (n) =>
          `export class ${n} { static s: any; static { this.s = ${v} }; x: any = ${d}; m() { return ${o} } }`,
      ],
    ]
    if (this.chance(this.#noise)) {
      if (this.chance(0.5)) this.#effect(value, cost)
      else this.#declare(...this.pick(noisy))
    } else if (this.chance(0.2)) this.pick([() => this.#alias(), () => this.#subclass()])()
    else this.#declare(...this.pick(this.chance(0.05) ? rare : quiet))
  }

  #alias(): void {
    const entity = this.#some('number', 'variable', 'function', 'object', 'list', 'class', 'map')
    if (entity === undefined) return
    const { kind, cost, name: target } = entity
    this.#declare(
      kind === 'variable' ? 'number' : kind,
      cost,
      (name) => `export const ${name} = ${target}`,
    )
  }

  #subclass(): void {
    const base = this.#some('class')
    if (base === undefined) return
    const [value, cost] = this.value()
    this.#declare(
      'class',
      base.cost + cost,
      (name) => `export class ${name} extends ${base.name} { m() { return super.m() + ${value} } }`,
    )
  }

  #effect(value: string, cost: number): void {
    const entity = this.#some('variable', 'function', 'object', 'list', 'class', 'map')
    if (entity === undefined) return
    const { name, kind, isOwn } = entity
    // What is evaluated later must not lead back to itself.
    const later = `${this.#some('variable')?.name ?? this.digit()} + ${this.digit()}`
    switch (kind) {
      case 'variable':
        this.body.push(
          isOwn && this.chance(0.5) ? `${name} = ${value}` : `${setter(name)}(${value})`,
        )
        return
      case 'function':
        this.body.push(
          this.pick([
            `${name}.p = ${value}`,
            `Object.assign(${name}, { p: ${value} })`,
            `export const ext_${this.body.length}_${name.replaceAll('.', '_')} = Object.assign(${name}, { p: ${this.digit()} })`,
          ]),
        )
        return
      case 'object':
        this.body.push(
          this.pick([
            `${name}.x = ${value}`,
            `Object.assign(${name}, { x: ${value} })`,
            `delete ${name}.x`,
            `for (const k of ['x']) ${name}[k] = ${value}`,
            `Object.defineProperty(${name}, 'x', { get: () => ${later}, set() {}, configurable: true })`,
            `void ({ get q() { ${this.#sets(value)}return ${this.digit()} } }).q`,
            `num(${name}.x); num(${name}.g)`,
            `${name}.f = () => ${later}`,
            `Object.setPrototypeOf(${name}, { x: ${value} })`,
            `void \`\${({ toString() { ${name}.x = ${value}; return '' } }) as any}\``,
          ]),
        )
        return
      case 'list':
        this.body.push(
          this.pick([
            `${name}.push(${value})`,
            `${name}.unshift(${value})`,
            `{ const l = ${name}; l.push(${value}) }`,
            `void [${value}].map((x) => ${name}.push(x))`,
          ]),
        )
        return
      case 'class':
        this.body.push(
          this.pick([
            `${name}.s = ${value}`,
            `${name}.prototype.m = function () { return ${later} }`,
            `Object.assign(${name}.prototype, { m() { return num(${later}) } })`,
            `Object.defineProperty(${name}, 's', { get: () => ${later}, set() {}, configurable: true })`,
          ]),
        )
        return
      default:
        entity.cost += cost
        this.body.push(`${name}.set('x', () => ${this.digit()} + num(${value}))`)
    }
  }

  #sets(value: string): string {
    const variable = this.#some('variable')
    return variable === undefined ? '' : `${setter(variable.name)}(${value}); `
  }

  /** What the module exports by default, in one of the ways there are. */
  writeDefault(prefix: string): void {
    const [[v, cost], [o, more]] = [this.value(), this.value()]
    const d = this.digit()
    const first = this.byDefault
    const forms: readonly (readonly [Kind, string])[] = [
      ['function', `export default (x = ${d}): any => x + ${v}`],
      ['function', `export default function (x = ${d}): any { return x + ${v} + ${o} }`],
      ['function', `export default function by_${prefix}(x = ${d}): any { return x + ${v} }`],
      [
        'class',
        `export default class { static s: any = ${d}; x: any = ${v}; m() { return ${o} } }`,
      ],
      ['object', `export default { x: ${d}, f: () => ${v}, g: ${o} } as any`],
      ['number', `export default ${v}`],
    ]
    if (first !== undefined && this.chance(0.5)) {
      const { name } = first
      this.body.push(this.pick([`export default ${name}`, `export { ${name} as default }`]))
      return
    }
    const [kind, line] = this.pick(forms)
    this.body.push(line)
    this.byDefault = { kind, name: 'default', cost: cost + more, isOwn: true }
  }

  text(): string {
    return [...this.imports, ...this.body].join('\n')
  }
}

function setterOf(name: string): string {
  return `export function set_${name}(x: number) { ${name} = x }`
}

function setter(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? `set_${name}` : `${name.slice(0, dot)}.set_${name.slice(dot + 1)}`
}

/** A project of three to six modules and a pipeline of five steps that use them. */
export function generateProgram(random: Random): Program {
  const files: Record<string, string> = {
    ...others(() => String(1 + Math.floor(random() * 9))),
    // What lives as long as the process does is not left over from another program.
    'reset.ts': 'export const reset = ((Array as any).stepwellFuzz = 0)',
    'num.ts': `export const show = (o: object): number => Object.values(o).reduce((sum, x) => sum + num(x), Object.keys(o).length)
export const tag = (s: readonly string[], ...v: unknown[]) => s.length + num(v[0]) + num(v[1])
export const num = (x: unknown) => (typeof x === 'number' && Number.isFinite(x) ? x % 1000 : 0)`,
  }
  const writers: ModuleWriter[] = []
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const count = between(3, 6)
  const noise = random() < 0.5 ? 0.06 : 0.5
  for (let index = 0; index < count; index += 1) {
    const writer = new ModuleWriter(random, String(index), noise)
    writer.bound.add('shared')
    for (const [at, other] of writers.entries()) {
      if (writer.chance(0.8)) importFrom(writer, at, other)
    }
    addOthers(writer)
    const lines = between(4, 10)
    for (let line = 0; line < lines; line += 1) writer.write()
    writer.body.push(`export const shared = ${writer.digit()}`)
    writer.exported.set('shared', { kind: 'number', name: 'shared', cost: 1, isOwn: true })
    writer.writeDefault(String(index))
    writers.push(writer)
  }
  closeCircle(writers)
  for (const [index, writer] of writers.entries()) files[`m${index}.ts`] = writer.text()
  // The same text at another place: other variables.
  const twin = Math.floor(random() * count)
  files['twin.ts'] = files[`m${twin}.ts`] ?? ''

  const main = new ModuleWriter(random, 'p', noise)
  for (const [at, other] of writers.entries()) importFrom(main, at, other, true)
  const variable = [...(writers[twin]?.exported.values() ?? [])].find(
    ({ kind, name }) => kind === 'variable' && name.startsWith(`v${twin}_`),
  )
  if (variable !== undefined && main.chance(0.7)) {
    main.imports.push(`import { set_${variable.name} as set_twin } from './twin.ts'`)
    main.body.push(`set_twin(${main.digit()})`)
  }
  main.imports.unshift(`import { pipeline, step } from '@stepwell/engine'`)
  addOthers(main)
  main.imports.unshift(`import './reset.ts'`)
  for (let line = between(0, 3); line > 0; line -= 1) main.write()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) {
    const parts = [1, 2, 3, 4].map(() => main.value(3)[0])
    if (main.chance(0.15)) {
      const [from] = writers
      const [member] = main.pick([...(from?.exported ?? [])]) ?? []
      if (member !== undefined) parts.push(`num((await import('./m0.ts')).${member})`)
    }
    const run = `async () => [${parts.join(', ')}].map(String)`
    const form = main.pick(['step', 'step', 'step', 'named', 'params'])
    if (form === 'named') main.body.push(`async function run_${name}() { return (${run})() }`)
    const param = main.value(1)[0]
    const options = {
      step: `run: ${run}`,
      named: `run: run_${name}`,
      params: `params: { x: num(${param}) }, run: async (_: {}, { params }: any) => [num(params.x), ...(await (${run})())].map(String)`,
    }
    main.body.push(`const ${name} = step({ ${options[form as keyof typeof options]} })`)
  }
  main.body.push(`export default pipeline('p', { ${names.join(', ')} })`)
  files['pipeline.ts'] = main.text()
  return files
}

/** Files that are no modules of TypeScript: CommonJS, data, packages. */
function others(digit: () => string): Record<string, string> {
  return {
    'data.json': `{ "x": ${digit()}, "y": ${digit()} }`,
    'c0.cjs': `const { l } = require('./c1.cjs')
const data = require('./data.json')
exports.a = ${digit()}
exports.f = (x = ${digit()}) => x + l + data.y
exports.bump = () => { exports.a += ${digit()} }`,
    'c1.cjs': `let n = ${digit()}
module.exports = { l: n + ${digit()}, next: () => ++n, get n() { return n } }`,
    'node_modules/pk/package.json':
      '{"name":"pk","version":"1.0.0","type":"module","main":"index.js"}',
    'node_modules/pk/index.js': `export const k = ${digit()}\nexport const f = (x = ${digit()}) => x + k`,
    'node_modules/pe/package.json':
      '{"name":"pe","version":"1.0.0","type":"module","main":"index.js"}',
    'node_modules/pe/index.js': `Array.stepwellFuzz = ${digit()}`,
    'node_modules/pc/package.json':
      '{"name":"pc","version":"1.0.0","main":"index.js","dependencies":{"pk":"*"}}',
    'node_modules/pc/index.js': `exports.g = (x = ${digit()}) => x + require('pk').k + ${digit()}`,
  }
}

/** Imports some of them, in one of the ways there are. */
function addOthers(writer: ModuleWriter): void {
  const see = (kind: Kind, name: string) => writer.see({ kind, name, cost: 2, isOwn: false })
  writer.imports.unshift(`import { num, show, tag } from './num.ts'; void [num, show, tag]`)
  if (writer.chance(0.2)) {
    writer.imports.push(`import data from './data.json' with { type: 'json' }`)
    see('number', 'num(data.x)')
    if (writer.chance(0.3)) writer.body.push(`;(data as any).x = num(data.x) + ${writer.digit()}`)
  }
  if (writer.chance(0.2)) {
    writer.imports.push(`import { a as cja, f as cjf } from './c0.cjs'`)
    see('number', 'cja')
    see('number', 'num(cjf())')
  }
  if (writer.chance(0.15)) {
    writer.imports.push(`import cj from './c0.cjs'`)
    see('number', 'num(cj.a)')
    see('number', 'num(cj.f(2))')
    if (writer.chance(0.5)) writer.body.push('cj.bump()')
  }
  if (writer.chance(0.15)) {
    writer.imports.push(`import { createRequire } from 'node:module'`)
    writer.body.push(
      `const require = createRequire(import.meta.url); const cr = require('./c1.cjs')`,
    )
    see('number', 'num(cr.l)')
    see('number', 'num(cr.n)')
    if (writer.chance(0.5)) writer.body.push('cr.next()')
  }
  if (writer.chance(0.15)) {
    writer.imports.push(`import { k as pkk, f as pkf } from 'pk'`)
    see('number', 'num(pkk)')
    see('number', 'num(pkf())')
  }
  if (writer.chance(0.15)) {
    writer.imports.push(`import { g as pcg } from 'pc'`)
    see('number', 'num(pcg())')
  }
  if (writer.chance(0.1)) writer.imports.push(`import 'pe'`)
  if (writer.chance(0.1)) {
    const d = writer.digit()
    writer.body.push(`;(Array as any).stepwellFuzz = num((Array as any).stepwellFuzz) + ${d}`)
  }
}

/** Makes an early module import from a later one. */
function closeCircle(writers: readonly ModuleWriter[]): void {
  const [first] = writers
  const last = writers.at(-1)
  if (first === undefined || last === undefined || first === last || !first.chance(0.1)) return
  const found = [...last.exported].filter(([, { kind, isOwn }]) => kind === 'function' && isOwn)
  if (found.length === 0) return
  const [name, { cost }] = first.pick(found)
  first.imports.push(`import { ${name} as around } from './m${writers.length - 1}.ts'`)
  first.body.push(`export const f0_99: any = (x = ${first.digit()}) => num(around(x))`)
  first.exported.set('f0_99', { kind: 'function', name: 'f0_99', cost: cost + 1, isOwn: true })
}

/** Imports from a module in one of the ways there are, and makes what it exports visible. */
function importFrom(writer: ModuleWriter, at: number, from: ModuleWriter, all = false): void {
  const path = `'./m${at}.ts'`
  const entities = [...from.exported].filter(() => all || writer.chance(0.7))
  const form = writer.pick(
    all
      ? ['named', 'renamed', 'namespace', 'named', 'renamed', 'default', 'effect']
      : ['named', 'named', 'renamed', 'namespace', 'again', 'star', 'default', 'effect'],
  )
  const see = (name: string, { kind, cost }: Entity) =>
    writer.see({ kind, name, cost, isOwn: false })
  switch (form) {
    case 'named':
    case 'renamed': {
      const specifiers: string[] = []
      for (const [name, entity] of entities) {
        const renamed = form === 'renamed' && entity.kind !== 'variable' ? `${name}x` : name
        if (writer.bound.has(renamed)) continue
        writer.bound.add(renamed)
        specifiers.push(renamed === name ? name : `${name} as ${renamed}`)
        if (entity.kind === 'variable' && entity.isOwn) specifiers.push(`set_${name}`)
        // One that is exported again does not come with its setter.
        see(
          renamed,
          entity.kind === 'variable' && !entity.isOwn ? { ...entity, kind: 'number' } : entity,
        )
      }
      writer.imports.push(`import { ${specifiers.join(', ')} } from ${path}`)
      return
    }
    case 'namespace':
      writer.imports.push(`import * as ns${at} from ${path}`)
      // The namespace as a whole; in `m0.ts` not while it is loaded, for it may be part of a circle.
      if (all) see(`show(ns${at})`, { kind: 'number', name: '', cost: 3, isOwn: false })
      for (const [name, entity] of entities) {
        see(
          `ns${at}.${name}`,
          entity.kind === 'variable' && !entity.isOwn ? { ...entity, kind: 'number' } : entity,
        )
      }
      return
    case 'again': {
      const specifiers: string[] = []
      for (const [name, entity] of entities) {
        const renamed = `${name}z`
        if (writer.exported.has(renamed)) continue
        specifiers.push(`${name} as ${renamed}`)
        writer.exported.set(renamed, { ...entity, isOwn: false })
      }
      writer.imports.push(`export { ${specifiers.join(', ')} } from ${path}`)
      return
    }
    case 'star':
      writer.imports.push(`export * from ${path}`)
      for (const [name, entity] of entities) {
        if (!writer.exported.has(name)) writer.exported.set(name, entity)
      }
      return
    case 'default': {
      const last = from.byDefault
      if (last === undefined || last.kind === 'variable') return
      writer.imports.push(`import d${at} from ${path}`)
      see(`d${at}`, last)
      return
    }
    default:
      writer.imports.push(`import ${path}`)
  }
}

/** One edit of a program; whether the result loads is for the caller to see. */
export function mutate(program: Program, random: Random): Mutation {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  // What no other module imports is no part of the program.
  const texts = Object.values(program).join('\n')
  const loaded = Object.keys(program).filter(
    (name) =>
      !['num.ts', 'reset.ts'].includes(name) &&
      (name === 'pipeline.ts' || texts.includes(`./${name}'`)),
  )
  for (;;) {
    const path = pick(loaded)
    const before = program[path] ?? ''
    const lines = before.split('\n')
    const kind = pick([
      'literal',
      'literal',
      'literal',
      'literal',
      'literal',
      'delete',
      'swap',
      'swap lines',
      'reference',
      'reference',
      'operator',
      'duplicate',
      'trade',
      'trade',
      'retarget',
      'package',
      'env',
    ])
    if (kind === 'env') {
      const [name, value] = pick(Object.entries(ENV))
      return {
        kind,
        path,
        before,
        after: before,
        env: { ...ENV, [name]: String(Number(value) + 1) },
      }
    }
    if (kind === 'package') {
      const dir = `node_modules/${pick(['pk', 'pe', 'pc'])}`
      const text = program[`${dir}/index.js`] ?? ''
      const bumped = text.replace(/\d/, (digit) => String((Number(digit) % 9) + 1))
      const manifest = program[`${dir}/package.json`] ?? ''
      const more = { [`${dir}/package.json`]: manifest.replace('1.0.0', '1.0.1') }
      return { kind, path: `${dir}/index.js`, before: text, after: bumped, more }
    }
    const after = edited(kind, lines)
    if (after !== undefined && after !== before) return { kind, path, before, after }
  }

  function edited(kind: string, lines: readonly string[]): string | undefined {
    const at = Math.floor(random() * lines.length)
    const line = lines[at] ?? ''
    const replace = (text: string | undefined) =>
      lines
        .flatMap((each, index) => (index === at ? (text === undefined ? [] : [text]) : [each]))
        .join('\n')
    switch (kind) {
      case 'delete':
        return replace(undefined)
      case 'swap lines': {
        const other = Math.floor(random() * lines.length)
        return lines
          .map((each, index) => (index === at ? lines[other] : index === other ? line : each))
          .join('\n')
      }
      case 'swap':
        return lines
          .map((each, index) =>
            index === at ? (lines[at + 1] ?? each) : index === at + 1 ? line : each,
          )
          .join('\n')
      case 'duplicate':
        return replace(`${line}\n${line}`)
      case 'trade':
        return replaceOne(
          line,
          /(?<=[{,] ?)[a-z]\w* as \w+, [a-z]\w* as \w+(?=[ ,}])/g,
          (found) => found.replace(/(\w+) as (\w+), (\w+) as (\w+)/, '$3 as $2, $1 as $4'),
          replace,
        )
      case 'retarget': {
        const twin = program['twin.ts']
        const of = Object.keys(program).find((name) => /^m\d/.test(name) && program[name] === twin)
        return replaceOne(
          line,
          /'\.\/(?:m\d|twin)\.ts'/g,
          (found) =>
            found === `'./twin.ts'` ? `'./${of}'` : found === `'./${of}'` ? `'./twin.ts'` : found,
          replace,
        )
      }
      case 'operator':
        return replaceOne(line, / ([-+*]) /g, () => ` ${pick(['+', '-', '*'])} `, replace)
      case 'reference': {
        const names = [...lines.join('\n').matchAll(NAME)].map(([name]) => name)
        const same = (name: string) => names.filter((each) => each[0] === name[0])
        return replaceOne(line, NAME, (name) => pick(same(name)), replace)
      }
      default:
        return replaceOne(
          line,
          /(?<![\w.'])\d(?![\w'])/g,
          () => String(1 + Math.floor(random() * 9)),
          replace,
        )
    }
  }

  function replaceOne(
    line: string,
    pattern: RegExp,
    by: (found: string) => string,
    replace: (text: string) => string,
  ): string | undefined {
    const found = [...line.matchAll(pattern)]
    if (found.length === 0) return undefined
    const { index, 0: text } = pick(found)
    return replace(line.slice(0, index) + by(text) + line.slice(index + text.length))
  }
}

const NAME = /\b[nvfolcm][0-9p]_\d+[xz]*\b/g
