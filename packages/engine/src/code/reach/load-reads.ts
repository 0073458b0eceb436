import type { Doubt } from '../../identity/code.ts'
import type { Body } from '../parse/evaluation.ts'
import { findDeclared } from './exports.ts'
import type { Modules } from './modules.ts'
import type { Located } from './stops.ts'

/**
 * Finds values that are read from outside while modules are loaded: in what is evaluated then, and in
 * the functions that are called from there by their names. Such a value decides what steps do, and no
 * key shows it.
 */
export function readsWhileLoading(effects: readonly Located[], modules: Modules): Doubt[] {
  const doubts = new Map<string, Doubt>()
  const seen = new Set<Body>()
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
    for (const line of body.reads ?? []) {
      const at = `${module.name}:${line}`
      doubts.set(at, {
        what: 'a value read from outside when the module is loaded',
        place: at,
        todo: 'read it in a step, from an input declared with file() or env()',
      })
    }
    for (const each of body.calls) {
      if (typeof each === 'number') {
        pending.push({ place: each, in: from })
        continue
      }
      const [name, member, locals] = typeof each === 'string' ? ([each, null, []] as const) : each
      const declared = findDeclared(name, module, modules, member ?? undefined)
      const places = declared === undefined ? locals : calledIn(declared)
      for (const called of places) pending.push({ place: called, in: declared ?? from })
    }
  }
}

function calledIn({ module, unit }: Located): readonly number[] {
  return module.units?.evaluations.get(unit)?.called ?? []
}
