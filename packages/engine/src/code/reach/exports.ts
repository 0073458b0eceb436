import type { LocalModule, Modules } from './modules.ts'
import { isInstalled } from '../resolve/packages.ts'
import type { Located } from './stops.ts'
import type { Binding } from '../parse/units.ts'

/** The declaration of a local module that a name stands for, where there is just one. */
export interface Declared extends Located {
  /** Its name there. */
  readonly name: string
}

/**
 * What a name that a module binds stands for, over imports; `undefined` where that cannot be told.
 *
 * @param members of the module that the name stands for, when it is the name of one, from there on
 */
export function findDeclared(
  name: string,
  module: LocalModule,
  modules: Modules,
  members: readonly string[] = [],
): Declared | undefined {
  return followExport(module.units?.bindings.get(name), module, modules, members)
}

/** As `findDeclared`, of what a module imports or exports. */
export function followExport(
  bound: Binding | undefined,
  module: LocalModule,
  modules: Modules,
  members: readonly string[],
  seen: Set<string> = new Set(),
): Declared | undefined {
  if (bound === undefined) return undefined
  if (bound.kind === 'unit') {
    return members.length === 0 ? { module, unit: bound.unit, name: bound.name } : undefined
  }
  const { specifier } = bound
  const [name, ...rest] = bound.name === '*' ? members : [bound.name, ...members]
  const files = modules.follow(specifier, module) ?? []
  const [file] = files
  if (file === undefined || files.length > 1 || isInstalled(file)) return undefined
  const next = modules.get(file)
  const key = `${file}\0${name}`
  if (next.isModule !== true || name === undefined || seen.has(key)) return undefined
  seen.add(key)
  const exported = next.units?.exports.get(name)
  if (exported !== undefined) return followExport(exported, next, modules, rest, seen)
  // One of them alone has it: else it cannot be imported.
  for (const star of next.units?.stars ?? []) {
    const through = { kind: 'import', specifier: star, name } as const
    const found = followExport(through, next, modules, rest, seen)
    if (found !== undefined) return found
  }
  return undefined
}
