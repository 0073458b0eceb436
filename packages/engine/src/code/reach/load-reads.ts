import type { Doubt } from '../../identity/code.ts'
import { isPlainMethod, type Body, type Callee } from '../parse/evaluation.ts'
import { isOutsideModule } from '../parse/outside.ts'
import type { Unit } from '../parse/units.ts'
import { findDeclared } from './exports.ts'
import type { LocalModule, Modules } from './modules.ts'
import type { Located } from './stops.ts'

/**
 * Finds values that are read from outside while modules are loaded: in what is evaluated then, and in
 * the functions that are called from there by their names, or handed to others that call them. Such a
 * value decides what steps do, and no key shows it.
 */
export function readsWhileLoading(effects: readonly Located[], modules: Modules): Doubt[] {
  const doubts = new Map<string, Doubt>()
  const seen = new Set<Body>()
  const called = new Set<Unit>()
  const pending: { readonly place: number; readonly in: Located }[] = []
  for (const effect of effects) run(0, effect)
  // It grows while it is walked.
  for (const { place, in: from } of pending) run(place, from)
  return [...doubts.values()]

  /** @param place of a body of the unit */
  function run(place: number, from: Located): void {
    const { module, unit } = from
    const body = module.units?.evaluations.get(unit)?.bodies[place]
    if (body === undefined || seen.has(body)) return
    seen.add(body)
    for (const line of body.reads ?? []) doubt(module, line)
    for (const [name, member] of body.gets ?? []) get(name, member, module)
    for (const each of body.calls) {
      if (typeof each === 'number') pending.push({ place: each, in: from })
      else call(each, from)
    }
  }

  function get(name: string, member: string | null, module: LocalModule): void {
    const declared = declaredBy(name, member, module, modules)
    if (declared === undefined) return
    const { getters = [] } = declared.module.units?.evaluations.get(declared.unit) ?? {}
    for (const [key, place] of getters) if (key === member) pending.push({ place, in: declared })
  }

  function doubt(module: LocalModule, line: number): void {
    const place = `${module.name}:${line}`
    doubts.set(place, {
      what: 'a value read from outside when the module is loaded',
      place,
      todo: 'read it in a step, from an input declared with file() or env()',
    })
  }

  function call([name, member, line, locals = [], given = []]: Callee, from: Located): void {
    const { module } = from
    if (isOutside(name, member, module, modules)) return doubt(module, line)
    const declared = declaredBy(name, member, module, modules)
    const places = declared === undefined ? locals : calledIn(declared)
    const home = declared ?? from
    for (const place of places) pending.push({ place, in: home })
    for (const [index, what] of given) {
      const isOpen =
        declared === undefined ||
        places.some((place) => bodyAt(home, place)?.opens?.includes(index))
      if (!isOpen) {
        // It may be what reads itself, and returned.
        if (typeof what === 'string' && isOutside(what, null, module, modules)) doubt(module, line)
      } else if (typeof what === 'number') pending.push({ place: what, in: from })
      else call([what, null, line], from)
    }
    if (declared !== undefined && !isPlainMethod(member)) callHeld(declared)
  }

  /** What a value is another name for, or holds. */
  function callHeld(declared: Located): void {
    if (called.has(declared.unit)) return
    called.add(declared.unit)
    const { held = [] } = declared.module.units?.evaluations.get(declared.unit) ?? {}
    for (const each of held) call(each, declared)
  }
}

function calledIn({ module, unit }: Located): readonly number[] {
  return module.units?.evaluations.get(unit)?.called ?? []
}

function bodyAt({ module, unit }: Located, place: number): Body | undefined {
  return module.units?.evaluations.get(unit)?.bodies[place]
}

/** The declaration that is called: of a namespace the member, else what has the name. */
function declaredBy(
  name: string,
  member: string | null,
  module: LocalModule,
  modules: Modules,
): Located | undefined {
  const found = findDeclared(name, module, modules)
  return member === null ? found : (found ?? findDeclared(name, module, modules, [member]))
}

/** Whether a name stands for what reads, asks or executes, over modules that pass it on. */
function isOutside(
  name: string,
  member: string | null,
  module: LocalModule,
  modules: Modules,
  seen: ReadonlySet<string> = new Set(),
): boolean {
  const key = `${module.file}\0${name}`
  if (seen.has(key)) return false
  const inner = new Set([...seen, key])
  const { units } = module
  const bound = units?.bindings.get(name)
  if (units === undefined || bound === undefined) return false
  if (bound.kind === 'unit') {
    if (units.outside.has(name)) return true
    const { held = [] } = units.evaluations.get(bound.unit) ?? {}
    return held.some(([each, of]) => isOutside(each, of, module, modules, inner))
  }
  return isOutsideExport(bound.specifier, bound.name, member, module, modules, inner)
}

function isOutsideExport(
  specifier: string,
  name: string,
  member: string | null,
  importer: LocalModule,
  modules: Modules,
  seen: ReadonlySet<string>,
): boolean {
  const isWhole = name === '*' || name === 'default'
  if (isOutsideModule(specifier, isWhole ? member : name)) return true
  return (modules.follow(specifier, importer) ?? []).some((file) => {
    const key = `${file}\0${name}`
    if (seen.has(key)) return false
    const inner = new Set([...seen, key])
    const module = modules.get(file)
    const { units } = module
    if (units === undefined) return false
    const wanted = name === '*' ? member : name
    const further = name === '*' ? null : member
    if (wanted === null) return false
    const bound = units.exports.get(wanted)
    if (bound === undefined) {
      return units.stars.some((star) =>
        isOutsideExport(star, wanted, further, module, modules, inner),
      )
    }
    if (units.outside.has(wanted) && wanted === 'default') return true
    if (bound.kind === 'unit') return isOutside(bound.name, further, module, modules, inner)
    return isOutsideExport(bound.specifier, bound.name, further, module, modules, inner)
  })
}
