import { partName, WHOLE, type Doubt, type Place } from '../../identity/code.ts'
import type { Digest } from '@stepwell/base/digest'
import type { LocalModule, Modules } from './modules.ts'
import { addPackages, isInstalled, isOptional } from '../resolve/packages.ts'
import type { Mention } from '../parse/canonical.ts'
import type { Binding, Unit } from '../parse/units.ts'

/** A unit, and the module whose names it uses. */
export interface Located {
  readonly module: LocalModule
  readonly unit: Unit
}

export type Node = Located | { readonly module: LocalModule; readonly unit?: undefined }

/** What is told apart, for people. */
export type Part = readonly [name: string, digest: Digest, place: Place]

/** What a walk finds at a node, whichever walk it is. */
interface Found {
  /** Its record as JSON: pieces of text, with the numbers of `next` between them. */
  readonly pieces: readonly string[]
  readonly next: readonly Node[]
  /** Files of packages. */
  readonly installed: readonly string[]
  /** Names of environment variables. */
  readonly env: readonly string[]
  readonly doubts: readonly Doubt[]
  /** For people: nothing for a file that cannot be read. */
  readonly part?: Part
}

/** A node, as all walks meet it. */
export class Stop {
  readonly node: Node
  readonly found: Found
  readonly #stops: Stops
  #next: readonly Stop[] | undefined
  // Of the walk that came by last: walks do not come in between each other.
  #walk: readonly Stop[] | undefined
  #number = -1

  constructor(node: Node, found: Found, stops: Stops) {
    this.node = node
    this.found = found
    this.#stops = stops
  }

  get next(): readonly Stop[] {
    return (this.#next ??= this.found.next.map((node) => this.#stops.at(node)))
  }

  /** Its number in a walk, from 0; it joins the end of the walk when it is not in it. */
  numberIn(walk: Stop[]): number {
    if (this.#walk !== walk) {
      this.#walk = walk
      this.#number = walk.push(this) - 1
    }
    return this.#number
  }
}

/** Stands for the number of a node. */
class Hole {
  readonly node: Node

  constructor(node: Node) {
    this.node = node
  }
}

/** The number of a node, with which of the names that it declares is meant. */
type Target = Hole | string | readonly [Hole, number]

/** The nodes of an analysis, each looked into once for all walks that come by. */
export class Stops {
  readonly #modules: Modules
  readonly #stateful: ReadonlySet<LocalModule> | undefined
  readonly #stops = new Map<object, Stop>()
  readonly #versions = new Map<string, Readonly<Record<string, string>>>()

  /**
   * @param stateful modules whose state is changed while modules are loaded: two files of the same text
   *   are two modules then, each with a state of its own; all when left out
   */
  constructor(modules: Modules, stateful?: ReadonlySet<LocalModule>) {
    this.#modules = modules
    this.#stateful = stateful
  }

  at(node: Node): Stop {
    const key = node.unit ?? node.module
    const known = this.#stops.get(key)
    if (known !== undefined) return known
    const stop = new Stop(node, look(node, this.#modules, this.#stateful), this)
    this.#stops.set(key, stop)
    return stop
  }

  /** The packages that files belong to, and all that they depend on, with their versions. */
  versions(files: ReadonlySet<string>): Readonly<Record<string, string>> {
    const key = [...files].toSorted().join('\0')
    const known = this.#versions.get(key)
    if (known !== undefined) return known
    const packages = new Map<string, Set<string>>()
    const visited = new Set<string>()
    const { sources, imports } = this.#modules
    for (const file of files) addPackages(file, packages, visited, sources, imports)
    const versions = Object.fromEntries(
      [...packages]
        .map(([name, all]) => [name, [...all].toSorted().join(', ')] as const)
        .toSorted(byName),
    )
    this.#versions.set(key, versions)
    return versions
  }
}

function look(node: Node, modules: Modules, stateful: ReadonlySet<LocalModule> | undefined): Found {
  const installed: string[] = []
  const doubts: Doubt[] = []
  const record = recordOf(node)
  const part = partOf(node)
  const env = node.unit?.references.env ?? []
  return { ...write(record), installed, env, doubts, ...(part !== undefined && { part }) }

  function recordOf({ module, unit }: Node): unknown {
    if (unit === undefined) {
      doubts.push(...module.doubts)
      return [module.content ?? null, identityOf(module), wholeOf(module)]
    }
    for (const { what, line, todo } of unit.references.unclear) {
      doubts.push({ what, place: `${module.name}:${line}`, todo })
    }
    const mentioned = unit.mentions.map((each) => mentionOf(each, module, unit))
    return [unit.digest, identityOf(module), mentioned, referred(module, unit)]
  }

  function identityOf(module: LocalModule): string | null {
    return stateful === undefined || stateful.has(module) ? module.name : null
  }

  /** What a name of a module stands for, or members of what is imported under that name. */
  function mentionOf({ name, path, isCalled }: Mention, module: LocalModule, by: Unit): unknown[] {
    const bound = module.units?.bindings.get(name)
    // It is declared inside of a statement, which counts where it is.
    if (bound === undefined) return [name]
    if (bound.kind === 'import') return importOf(bound, path, module, isCalled)
    const { unit, place } = bound
    const target: Target = [new Hole({ module, unit }), place]
    // A declaration mentions what it declares, and so leads to all that assigns to it.
    const isFinal = unit !== by && unit.mentions.some((own) => own.name === name)
    const assigners = isFinal ? [] : (module.units?.assigners.get(name) ?? [])
    return [target, ...assigners.map((each) => new Hole({ module, unit: each }))]
  }

  /** Modules loaded and files used from within a unit. */
  function referred(module: LocalModule, { references }: Unit): unknown[] {
    const loaded = references.modules.flatMap(({ specifier, line, isPath = false }) => {
      const files = modules.follow(specifier, module)
      if (files === undefined && !isOptional(specifier, module.file, modules.sources)) {
        const what = `an import that cannot be found (${specifier})`
        doubts.push({ what, place: `${module.name}:${line}`, todo: 'install it, or correct it' })
      }
      return (files ?? []).flatMap((file) => [
        ...exportOf(file, []),
        ...(isPath ? textOf(file) : []),
      ])
    })
    const assets = references.assets.map(({ specifier, line }) => {
      const file = modules.asset(specifier, module)
      const target = file === undefined ? undefined : assetAt(file)
      if (target !== undefined) return [new Hole({ module: target }), target.bytes ?? null]
      const what = `a URL that leads to no file (${specifier})`
      doubts.push({ what, place: `${module.name}:${line}`, todo: 'name a file in it' })
      return -1
    })
    return [loaded, assets]
  }

  /** A source file counts as text where its path is known: comments and all. */
  function textOf(file: string): Target[] {
    const { bytes } = isInstalled(file) ? {} : modules.get(file)
    return bytes === undefined ? [] : [bytes]
  }

  /**
   * What is imported, or members of it. What it is called counts where it is not found in a local module:
   * of a package, only the version is known.
   *
   * @param isCalled whether the last member is called
   */
  function importOf(
    { specifier, name }: Binding & { readonly kind: 'import' },
    members: readonly string[],
    module: LocalModule,
    isCalled = false,
  ): unknown[] {
    const path = name === '*' ? members : [name, ...members]
    const files = modules.follow(specifier, module) ?? []
    const targets = files.flatMap((file) => exportOf(file, path, isCalled))
    const isLocal = files.length > 0 && !files.some(isInstalled)
    const isKnown = isLocal && targets.every(Array.isArray)
    return isKnown ? targets : [path, /^[./]/.test(specifier) ? '' : specifier, ...targets]
  }

  /** What a member of a module stands for; all that it holds where that cannot be told. */
  function exportOf(file: string, path: readonly string[], isCalled = false): Target[] {
    const found = resolveExport(file, path, isCalled, new Set())
    if (found.length > 0 || isInstalled(file)) return found
    return [new Hole({ module: modules.get(file) })]
  }

  /** @param path a name that the module exports; more where that is a module, too; all of it when empty */
  function resolveExport(
    file: string,
    path: readonly string[],
    isCalled: boolean,
    seen: Set<string>,
  ): Target[] {
    if (isInstalled(file)) {
      installed.push(file)
      return []
    }
    const key = `${file}\0${path.join('\0')}`
    if (seen.has(key)) return []
    seen.add(key)
    const module = modules.get(file)
    const [name, ...members] = path
    const { units } = module
    if (units === undefined || name === undefined || module.isModule !== true)
      return [new Hole({ module })]
    const bound = units.exports.get(name)
    if (bound?.kind === 'unit') {
      // A pattern declares several names at once: which of them is meant counts.
      const target: Target = [new Hole({ module, unit: bound.unit }), bound.place]
      // Called as a member of the module, a function may get at the others by `this`.
      const isMember = isCalled && members.length === 0 && !units.withoutThis.has(bound.name)
      return isMember ? [target, new Hole({ module })] : [target]
    }
    const through =
      bound === undefined
        ? units.stars.map((specifier) => [specifier, path] as const)
        : [[bound.specifier, bound.name === '*' ? members : [bound.name, ...members]] as const]
    return through.flatMap(([specifier, inner]) =>
      (modules.follow(specifier, module) ?? []).flatMap((next) => {
        const targets = resolveExport(next, inner, isCalled, seen)
        // Of a package only its version counts: here is said which name of it is meant.
        return isInstalled(next) ? [...targets, `${inner.join('.')} of ${specifier}`] : targets
      }),
    )
  }

  /** All that a module exports, and what it does. */
  function wholeOf(module: LocalModule): unknown[] {
    const { units } = module
    const done = (units?.units ?? []).filter(({ isEffect }) => isEffect)
    const exported = [...(units?.exports ?? [])].toSorted(byName).map(([name, bound]) => {
      if (bound.kind === 'import') return [name, importOf(bound, [], module)]
      return [name, [new Hole({ module, unit: bound.unit }), bound.place]]
    })
    const stars = (units?.stars ?? []).flatMap((specifier) =>
      (modules.follow(specifier, module) ?? []).flatMap((file) => exportOf(file, [])),
    )
    return [exported, stars, done.map((unit) => new Hole({ module, unit }))]
  }

  function assetAt(file: string): LocalModule | undefined {
    const stats = modules.stat(file)
    if (stats === 'directory') return undefined
    return stats === 'missing' ? modules.missing(file) : modules.get(file, false)
  }
}

/** JSON in pieces, cut at the holes, in the order of the text. */
function write(record: unknown): Pick<Found, 'pieces' | 'next'> {
  const pieces: string[] = []
  const next: Node[] = []
  let text = ''
  const add = (value: unknown): void => {
    if (value instanceof Hole) {
      pieces.push(text)
      next.push(value.node)
      text = ''
    } else if (Array.isArray(value)) {
      text += '['
      for (const [index, item] of value.entries()) {
        if (index > 0) text += ','
        add(item)
      }
      text += ']'
    } else text += JSON.stringify(value)
  }
  add(record)
  return { pieces: [...pieces, text], next }
}

function partOf({ module, unit }: Node): Part | undefined {
  const file = module.name
  if (unit !== undefined) {
    const { label, lines, digest } = unit
    return [partName(label, file), digest, { label, file, lines }]
  }
  return module.content === undefined ? undefined : [file, module.content, { label: WHOLE, file }]
}

/** To sort by names. */
export function byName(
  [a]: readonly [string, ...unknown[]],
  [b]: readonly [string, ...unknown[]],
): number {
  return a < b ? -1 : 1
}
