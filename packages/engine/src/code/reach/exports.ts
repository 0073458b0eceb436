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
 * @param member of the module that the name stands for, when it is the name of a namespace
 */
export function findDeclared(
  name: string,
  module: LocalModule,
  modules: Modules,
  member?: string,
): Declared | undefined {
  const bound = module.units?.bindings.get(name)
  if (member === undefined) return follow(bound, module, modules)
  if (bound?.kind !== 'import' || bound.name !== '*') return undefined
  return follow({ ...bound, name: member }, module, modules)
}

function follow(
  start: Binding | undefined,
  importer: LocalModule,
  modules: Modules,
): Declared | undefined {
  let [bound, module] = [start, importer]
  const seen = new Set<Binding>()
  while (bound?.kind === 'import') {
    if (seen.has(bound)) return undefined
    seen.add(bound)
    const files: readonly string[] = modules.follow(bound.specifier, module) ?? []
    const [file] = files
    if (file === undefined || files.length > 1 || isInstalled(file)) return undefined
    module = modules.get(file)
    bound = module.isModule === true ? module.units?.exports.get(bound.name) : undefined
  }
  return bound === undefined ? undefined : { module, unit: bound.unit, name: bound.name }
}
