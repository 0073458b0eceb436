import type { Doubt } from '../code.ts'
import { readsWhileLoading } from './load-reads.ts'
import type { LocalModule, Modules } from './modules.ts'
import { isInstalled } from './packages.ts'
import type { Located } from './reach.ts'

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
  const places: string[] = []
  type Task = Import | { readonly module: LocalModule; readonly isDone: boolean }
  const tasks: Task[] = [...roots]
    .toReversed()
    .map((file) => ({ module: modules.get(file), isDone: false }))
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('file' in task) {
      const { file, specifier } = task
      if (isInstalled(file)) {
        installed.push(file)
        places.push(`${specifier} after ${effects.length}`)
      } else tasks.push({ module: modules.get(file), isDone: false })
      continue
    }
    const { module, isDone } = task
    if (isDone) {
      order.push(module)
      done.add(module)
      for (const unit of module.units?.units ?? [])
        if (unit.isEffect) effects.push({ module, unit })
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
  const names = isCircular ? order.map(({ name }) => name) : []
  doubts.push(...readsWhileLoading(effects, modules))
  return { effects, installed, order: [...places, ...names], doubts }
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
