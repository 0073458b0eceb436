import type { Doubt } from '../../identity/code.ts'
import { findDeclared } from './exports.ts'
import type { Assumption } from '../parse/inert.ts'
import { readsWhileLoading } from './load-reads.ts'
import type { LocalModule, Modules } from './modules.ts'
import { isInstalled } from '../resolve/packages.ts'
import type { Located } from './stops.ts'
import { meetsPlain } from '../parse/shapes.ts'

/** What happens when the modules behind a pipeline are loaded. */
export interface ImportGraph {
  /** What does more than declare something, in the order in which it happens. */
  readonly effects: readonly Located[]
  /** Files of packages that are imported for their effects alone. */
  readonly installed: readonly string[]
  /**
   * Packages that are imported for their effects, each with the number of effects before it. And, where
   * modules that have effects import each other in a circle, the names of these and of all that they
   * import, in the order in which they are loaded: what is there already when one of them does something
   * depends on where the circle is entered.
   */
  readonly order: readonly string[]
  readonly doubts: readonly Doubt[]
  /** The number of effects before a place in a module, given the number of units before that place. */
  readonly effectsBefore: (module: LocalModule, units: number) => number
}

/** Follows the imports of modules, each module after those that it imports. */
export function importGraph(roots: Iterable<string>, modules: Modules): ImportGraph {
  const effects: Located[] = []
  const installed: string[] = []
  const doubts: Doubt[] = []
  const seen = new Set<LocalModule>()
  const done = new Set<LocalModule>()
  const order: LocalModule[] = []
  let isCircular = false
  const imports = new Map<LocalModule, readonly LocalModule[]>()
  const loaded: (LocalModule | string)[] = []
  type Task = Import | { readonly module: LocalModule; readonly isDone: boolean }
  const tasks: Task[] = [...roots]
    .toReversed()
    .map((file) => ({ module: modules.get(file), isDone: false }))
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('file' in task) {
      const { file, specifier } = task
      if (isInstalled(file)) {
        installed.push(file)
        loaded.push(specifier)
      } else tasks.push({ module: modules.get(file), isDone: false })
      continue
    }
    const { module, isDone } = task
    if (isDone) {
      order.push(module)
      done.add(module)
      loaded.push(module)
      doubts.push(...module.doubts)
      continue
    }
    if (seen.has(module)) {
      isCircular ||= !done.has(module)
      continue
    }
    seen.add(module)
    tasks.push({ module, isDone: true })
    const imported = importedBy(module, modules)
    const local = imported.filter(({ file }) => !isInstalled(file))
    imports.set(
      module,
      local.map(({ file }) => modules.get(file)),
    )
    tasks.push(...imported.toReversed())
  }
  const isPatched = order.some(({ units }) => units?.mayPatch)
  const isDefined = order.some(({ units }) => units?.mayDefine)
  const starts = new Map<LocalModule, number>()
  const places = placeEffects()
  const effective = new Set(effects.map(({ unit }) => unit))
  doubts.push(...readsWhileLoading(effects, modules))
  return { effects, installed, order: [...places, ...circleOrder()], doubts, effectsBefore }

  /** Lists effects; what else happens between them is told by a text. */
  function placeEffects(): string[] {
    return loaded.flatMap((module) => {
      if (typeof module === 'string') return [`${module} after ${effects.length}`]
      starts.set(module, effects.length)
      return (module.units?.units ?? []).flatMap((unit) => {
        const met = unit.assumes.map((each) => meets(each, module, modules, isPatched))
        if (unit.isEffect || met.includes(undefined)) effects.push({ module, unit })
        // Without getters, a read does nothing.
        const reads = isDefined ? met.filter((text) => text !== undefined && text !== '') : []
        return unit.isEffect ? [] : reads.map((text) => `${text} after ${effects.length}`)
      })
    })
  }

  function effectsBefore(module: LocalModule, units: number): number {
    const before = module.units?.units.slice(0, units) ?? []
    return (starts.get(module) ?? 0) + before.filter((unit) => effective.has(unit)).length
  }

  /** Names of the modules that may be met half loaded, and of what they import. */
  function circleOrder(): string[] {
    const counted = new Set<LocalModule>()
    for (const module of isCircular ? order : []) {
      const acts = module.units?.units.some((unit) => unit.isEffect || unit.assumes.length > 0)
      const below = acts === true ? belowOf(module) : undefined
      if (below?.has(module) === true) for (const each of below) counted.add(each)
    }
    return order.filter((module) => counted.has(module)).map(({ name }) => name)
  }

  /** All that a module imports, in turn: itself where that is a circle. */
  function belowOf(module: LocalModule): ReadonlySet<LocalModule> {
    const below = new Set(imports.get(module))
    // It grows while it is walked.
    for (const each of below) for (const next of imports.get(each) ?? []) below.add(next)
    return below
  }
}

/**
 * Whether an assumption holds. If so, what there is to say of it: that a member is read counts, since
 * another module may have made it a getter; then what it does is part of that module's effects.
 */
function meets(
  assumption: Assumption,
  module: LocalModule,
  modules: Modules,
  isPatched: boolean,
): string | undefined {
  if (assumption.kind === 'platform') return isPatched ? undefined : ''
  if (assumption.kind === 'plain') return meetsRead(assumption, module, modules)
  const member = assumption.kind === 'fixed' ? assumption.member : undefined
  const members = member === undefined ? [] : [member]
  const declared = findDeclared(assumption.name, module, modules, members)
  if (declared === undefined) return undefined
  const { name, module: home } = declared
  const names = assumption.kind === 'class' ? home.units?.classes : home.units?.fixed
  return names?.has(name) ? '' : undefined
}

/** Members of modules have no getters: what matters is what is read of the constant that they lead to. */
function meetsRead(
  { name, read }: Assumption & { readonly kind: 'plain' },
  module: LocalModule,
  modules: Modules,
): string | undefined {
  for (let depth = 0; depth <= read.path.length; depth += 1) {
    const declared = findDeclared(name, module, modules, read.path.slice(0, depth))
    if (declared === undefined) continue
    const { module: home } = declared
    const rest = { ...read, path: read.path.slice(depth) }
    const isPlain = meetsPlain(rest, home.units?.shapes.get(declared.name))
    return isPlain ? `${home.name} ${declared.name} ${read.text}` : undefined
  }
  return undefined
}

interface Import {
  readonly file: string
  readonly specifier: string
}

/** Local files, and those of packages that are imported for their effects, in order. */

function importedBy(module: LocalModule, modules: Modules): Import[] {
  const statics = module.units?.imports ?? []
  // What is only loaded when a function asks for it has its effects then: soon enough to count.
  const loaded = (module.loads?.modules ?? []).map((each) => ({ ...each, isBare: false }))
  const workers = (module.loads?.assets ?? []).flatMap(({ specifier }) => {
    const file = modules.asset(specifier, module)
    return file !== undefined && modules.isSource(file) ? [{ file, specifier }] : []
  })
  const imported = [...statics, ...loaded].flatMap(({ specifier, isBare }) => {
    const files = modules.follow(specifier, module) ?? []
    return files.filter((file) => isBare || !isInstalled(file)).map((file) => ({ file, specifier }))
  })
  return [...workers, ...imported]
}
