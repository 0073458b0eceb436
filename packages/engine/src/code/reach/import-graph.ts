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
   * Packages that are imported for their effects, each with the number of effects before it. And the
   * names of the modules in the order in which they are loaded, when some of them import each other in a
   * circle: then what is there already depends on where the circle is entered.
   */
  readonly order: readonly string[]
  readonly doubts: readonly Doubt[]
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
    tasks.push(...importedBy(module, modules).toReversed())
  }
  const isPatched = order.some(({ units }) => units?.mayPatch)
  const names = isCircular ? order.map(({ name }) => name) : []
  const places = placeEffects()
  doubts.push(...readsWhileLoading(effects, modules))
  return { effects, installed, order: [...places, ...names], doubts }

  /** Lists effects; what else happens between them is told by a text. */
  function placeEffects(): string[] {
    return loaded.flatMap((module) => {
      if (typeof module === 'string') return [`${module} after ${effects.length}`]
      return (module.units?.units ?? []).flatMap((unit) => {
        const met = unit.assumes.map((each) => meets(each, module, modules, isPatched))
        if (unit.isEffect || met.includes(undefined)) effects.push({ module, unit })
        const reads = met.filter((text) => text !== undefined && text !== '')
        return unit.isEffect ? [] : reads.map((text) => `${text} after ${effects.length}`)
      })
    })
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
  const member = assumption.kind === 'fixed' ? assumption.member : undefined
  const declared = findDeclared(assumption.name, module, modules, member)
  if (declared === undefined) return undefined
  const { name, module: home } = declared
  if (assumption.kind === 'plain') {
    const isPlain = meetsPlain(assumption.read, home.units?.shapes.get(name))
    return isPlain ? `${home.name} ${name} ${assumption.read.text}` : undefined
  }
  const names = assumption.kind === 'class' ? home.units?.classes : home.units?.fixed
  return names?.has(name) ? '' : undefined
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
