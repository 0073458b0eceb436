/** A generator of small random projects and of edits to them, for the hunt for stale outputs. */

/** Text by path; `pipeline.ts` is the entry. Each line is a declaration or statement of its own. */
export type Program = Readonly<Record<string, string>>

export interface Mutation {
  readonly kind: string
  readonly path: string
  readonly before: string
  readonly after: string
}

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
    ]
    const noisy: readonly Form[] = [
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
    else this.#declare(...this.pick(quiet))
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
    switch (kind) {
      case 'variable':
        this.body.push(
          isOwn && this.chance(0.5) ? `${name} = ${value}` : `${setter(name)}(${value})`,
        )
        return
      case 'function':
        this.body.push(`${name}.p = ${value}`)
        return
      case 'object':
        this.body.push(
          this.pick([
            `${name}.x = ${value}`,
            `Object.assign(${name}, { x: ${value} })`,
            `delete ${name}.x`,
            `for (const k of ['x']) ${name}[k] = ${value}`,
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
        this.body.push(`${name}.s = ${value}`)
        return
      default:
        entity.cost += cost
        this.body.push(`${name}.set('x', () => ${this.digit()} + num(${value}))`)
    }
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
    'num.ts': `export const num = (x: unknown) => (typeof x === 'number' && Number.isFinite(x) ? x % 1000 : 0)`,
  }
  const writers: ModuleWriter[] = []
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const count = between(3, 6)
  const noise = random() < 0.5 ? 0.06 : 0.5
  for (let index = 0; index < count; index += 1) {
    const writer = new ModuleWriter(random, String(index), noise)
    for (const [at, other] of writers.entries()) {
      if (writer.chance(0.8)) importFrom(writer, at, other)
    }
    writer.imports.unshift(`import { num } from './num.ts'`)
    const lines = between(4, 10)
    for (let line = 0; line < lines; line += 1) writer.write()
    const first = writer.byDefault?.name
    if (first !== undefined)
      writer.body.push(writer.pick([`export default ${first}`, `export { ${first} as default }`]))
    writers.push(writer)
    files[`m${index}.ts`] = writer.text()
  }
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
  main.imports.unshift(
    `import { pipeline, step } from '@stepwell/engine'`,
    `import { num } from './num.ts'`,
  )
  for (let line = between(0, 3); line > 0; line -= 1) main.write()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) {
    const parts = [1, 2, 3, 4].map(() => main.value(3)[0])
    main.body.push(`const ${name} = step({ run: () => [${parts.join(', ')}].map(String) })`)
  }
  main.body.push(`export default pipeline('p', { ${names.join(', ')} })`)
  files['pipeline.ts'] = main.text()
  return files
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
    (name) => name !== 'num.ts' && (name === 'pipeline.ts' || texts.includes(`./${name}'`)),
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
    ])
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
