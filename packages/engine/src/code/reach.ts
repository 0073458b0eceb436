import { partName, WHOLE, type Doubt, type Place } from '../code.ts'
import { digestText, type Digest } from '../digest.ts'
import { addPackages, isInstalled } from './packages.ts'
import type { LocalModule, Modules } from './modules.ts'
import type { Binding, Unit } from './units.ts'

/** A unit, and the module whose names it uses. */
export interface Located {
  readonly module: LocalModule
  readonly unit: Unit
}

/** All that some code can reach. */
export interface Reach {
  /** Of all that is reached, free of paths and lines: code may be moved. */
  readonly digest: Digest
  /** What is told apart, by name and file, for people. */
  readonly parts: Readonly<Record<string, Digest>>
  readonly packages: Readonly<Record<string, string>>
  /** Where the parts are, by name. */
  readonly places: Readonly<Record<string, Place>>
  /** Names of environment variables. */
  readonly env: readonly string[]
  readonly doubts: readonly Doubt[]
  readonly modules: ReadonlySet<LocalModule>
}

/** The number of a node, with the name in it that is meant, where it may have several. */
type Target = number | string | readonly [number, string]

export type Node = Located | { readonly module: LocalModule; readonly unit?: undefined }

export interface ReachOptions {
  /** Files of packages that count too. @default none */
  readonly installed?: readonly string[]
  /** What else tells two such walks apart. @default nothing */
  readonly order?: readonly string[]
  /**
   * Modules whose state is changed while modules are loaded: two files of the same text are two modules
   * then, each with a state of its own. @default all
   */
  readonly stateful?: ReadonlySet<LocalModule>
}

/**
 * Walks from units to all that they refer to, by name, over modules. What a name may stand for counts
 * whole: all assignments to a variable, all exports of a module that is used as a value. The digest is
 * made of the units in the order in which they are met, each with the numbers of those it refers to, so
 * that circles need no care and neither names of files nor the order in them count.
 */
export function reach(
  roots: readonly Node[],
  modules: Modules,
  { installed = [], order = [], stateful }: ReachOptions = {},
): Reach {
  const numbers = new Map<object, number>()
  const queue: Node[] = []
  const records: unknown[] = []
  const parts: [string, Digest][] = []
  const places: [string, Place][] = []
  const packages = new Map<string, Set<string>>()
  const visitedPackages = new Set<string>()
  const env = new Set<string>()
  const doubts: Doubt[] = []

  for (const file of installed) addPackages(file, packages, visitedPackages, modules.sources)
  const rootNumbers = roots.map(number)
  // The queue grows while it is walked.
  for (const node of queue) records.push(record(node))
  const versions = Object.fromEntries(
    [...packages]
      .map(([name, all]) => [name, [...all].toSorted().join(', ')] as const)
      .toSorted(byName),
  )
  // Lists of texts and numbers: one text for each, without the care that canonical JSON takes.
  const identity = JSON.stringify({ order, packages: versions, records, roots: rootNumbers })
  return {
    digest: digestText(`stepwell code\n${identity}`),
    parts: Object.fromEntries(parts.toSorted(byName)),
    packages: versions,
    places: Object.fromEntries(places),
    env: [...env].toSorted(),
    doubts,
    modules: new Set(queue.map(({ module }) => module)),
  }

  function number(node: Node): number {
    const key = node.unit ?? node.module
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, queue.length)
    return queue.push(node) - 1
  }

  function record({ module, unit }: Node): unknown {
    if (unit === undefined) {
      doubts.push(...module.doubts)
      if (module.content !== undefined) {
        const [name, place] = nameOf(module, () => [
          module.name,
          { label: WHOLE, file: module.name },
        ])
        parts.push([name, module.content])
        places.push([name, place])
      }
      return [module.content ?? null, identityOf(module), wholeOf(module)]
    }
    const { label, lines } = unit
    const [name, place] = nameOf(unit, () => [
      partName(label, module.name),
      { label, file: module.name, lines },
    ])
    parts.push([name, unit.digest])
    places.push([name, place])
    for (const { what, line, todo } of unit.references.unclear) {
      doubts.push({ what, place: `${module.name}:${line}`, todo })
    }
    for (const variable of unit.references.env) env.add(variable)
    const named = unit.names.flatMap((used) => {
      const bound = module.units?.bindings.get(used)
      return bound === undefined ? [] : [[used, labelOf(bound), resolveBinding(bound, module)]]
    })
    const assigned = unit.names.flatMap((used) => {
      const units =
        module.units?.bindings.get(used)?.kind === 'unit' ? assignersOf(used, module) : []
      return units.map((assigner) => number({ module, unit: assigner }))
    })
    return [unit.digest, identityOf(module), named, assigned, referred(module, unit)]
  }

  function identityOf(module: LocalModule): string | null {
    return stateful === undefined || stateful.has(module) ? module.name : null
  }

  function assignersOf(name: string, { units }: LocalModule): readonly Unit[] {
    return units?.assigners.get(name) ?? []
  }

  /** Modules loaded and files used from within a unit. */
  function referred(module: LocalModule, { references }: Unit): unknown[] {
    const loaded = references.modules.flatMap(({ specifier, line, isPath = false }) => {
      const files = modules.follow(specifier, module)
      if (files === undefined) {
        const what = `an import that cannot be found (${specifier})`
        doubts.push({ what, place: `${module.name}:${line}`, todo: 'install it, or correct it' })
      }
      return (files ?? []).flatMap((file) => [
        ...exportOf(file, '*'),
        ...(isPath ? textOf(file) : []),
      ])
    })
    const assets = references.assets.map(({ specifier, line }) => {
      const file = modules.asset(specifier, module)
      const target = file === undefined ? undefined : assetAt(file)
      if (target !== undefined) return [number({ module: target }), target.bytes ?? null]
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

  function resolveBinding(bound: Binding, module: LocalModule): Target[] {
    if (bound.kind === 'unit') return [number({ module, unit: bound.unit })]
    const files = modules.follow(bound.specifier, module) ?? []
    return files.flatMap((file) => exportOf(file, bound.name))
  }

  /** What a name that a file exports stands for; all that it holds where that cannot be told. */
  function exportOf(file: string, name: string): Target[] {
    const found = resolveExport(file, name, new Set())
    if (found.length > 0 || isInstalled(file)) return found
    return [number({ module: modules.get(file) })]
  }

  function resolveExport(file: string, name: string, seen: Set<string>): Target[] {
    if (isInstalled(file)) {
      addPackages(file, packages, visitedPackages, modules.sources)
      return []
    }
    const key = `${file}\0${name}`
    if (seen.has(key)) return []
    seen.add(key)
    const module = modules.get(file)
    const { units } = module
    if (units === undefined || name === '*' || module.isModule !== true) return [number({ module })]
    const bound = units.exports.get(name)
    // A pattern declares several names at once: which of them is meant counts.
    if (bound?.kind === 'unit') return [[number({ module, unit: bound.unit }), bound.name]]
    const through =
      bound === undefined
        ? units.stars.map((specifier) => [specifier, name] as const)
        : [[bound.specifier, bound.name] as const]
    return through.flatMap(([specifier, inner]) =>
      (modules.follow(specifier, module) ?? []).flatMap((next) => {
        const targets = resolveExport(next, inner, seen)
        // Of a package only its version counts: here is said which name of it is meant.
        return isInstalled(next) ? [...targets, `${inner} of ${specifier}`] : targets
      }),
    )
  }

  /** All units of a module, and all that it exports from others. */
  function wholeOf(module: LocalModule): unknown[] {
    const own = (module.units?.units ?? []).map((unit) => number({ module, unit }))
    const from = [...(module.units?.exports ?? [])].toSorted(byName).map(([name, bound]) => {
      return [name, labelOf(bound), resolveBinding(bound, module)]
    })
    const stars = (module.units?.stars ?? []).flatMap((specifier) =>
      (modules.follow(specifier, module) ?? []).flatMap((file) => exportOf(file, '*')),
    )
    return [own, from, stars]
  }

  function assetAt(file: string): LocalModule | undefined {
    const stats = modules.stat(file)
    if (stats === 'directory') return undefined
    return stats === 'missing' ? modules.missing(file) : modules.get(file, false)
  }
}

// Many steps reach the same part: its name and place are made once. A module of a unit never changes.
const NAMES = new WeakMap<object, readonly [string, Place]>()

function nameOf(part: object, make: () => readonly [string, Place]): readonly [string, Place] {
  const known = NAMES.get(part) ?? make()
  NAMES.set(part, known)
  return known
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

/**
 * What an import takes, in so far as its target does not say it: the name, and the package. The path of
 * a local module is not part of it.
 */
function labelOf(bound: Binding): readonly string[] {
  if (bound.kind === 'unit') return []
  return /^[./]/.test(bound.specifier) ? [bound.name] : [bound.name, bound.specifier]
}
