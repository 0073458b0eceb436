import type { Doubt } from '../code.ts'
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
   * Names of the modules in the order in which they are loaded, when some of them import each other in
   * a circle: then what is there already depends on where the circle is entered.
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
  type Task = { readonly module: LocalModule; readonly isDone: boolean }
  const tasks: Task[] = [...roots]
    .toReversed()
    .map((file) => ({ module: modules.get(file), isDone: false }))
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
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
    const imported = importedBy(module, modules)
    installed.push(...imported.installed)
    for (const file of imported.local.toReversed()) {
      tasks.push({ module: modules.get(file), isDone: false })
    }
  }
  const names = isCircular ? order.map(({ name }) => name) : []
  return { effects, installed, order: names, doubts }
}

function importedBy(
  module: LocalModule,
  modules: Modules,
): { local: string[]; installed: string[] } {
  const statics = module.units?.imports ?? []
  // What is only loaded when a function asks for it has its effects then: soon enough to count.
  const loaded = module.loads?.modules ?? []
  const workers = (module.loads?.assets ?? []).flatMap(({ specifier }) => {
    const file = modules.asset(specifier, module)
    return file !== undefined && modules.isSource(file) ? [file] : []
  })
  const local: string[] = [...workers]
  const installed: string[] = []
  for (const { specifier, isBare } of [
    ...statics,
    ...loaded.map((each) => ({ ...each, isBare: false })),
  ]) {
    for (const file of modules.follow(specifier, module) ?? []) {
      if (!isInstalled(file)) local.push(file)
      else if (isBare) installed.push(file)
    }
  }
  return { local, installed }
}
