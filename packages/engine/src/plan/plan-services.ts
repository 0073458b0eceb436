import type { OrderedStep } from '../define/order.ts'
import type { PlannedStep } from './planned-step.ts'
import { isService } from '../define/step.ts'

/**
 * What becomes of services, once it is known of all other steps: one is started when a step that reads
 * it is executed.
 */
export function planServices(
  steps: readonly OrderedStep[],
  planned: readonly PlannedStep[],
  forced: ReadonlySet<string>,
): PlannedStep[] {
  const decided = new Map(planned.map((step) => [step.name, step]))
  // A service may read another one: those that read it come first.
  for (const { name, step, downstream } of steps.toReversed()) {
    const own = decided.get(name)
    if (!isService(step) || own?.decision !== 'cached') continue
    const readers = downstream.flatMap((reader) => decided.get(reader) ?? [])
    const by =
      readers.find(({ decision }) => decision === 'run') ??
      readers.find(({ decision }) => decision === 'depends')
    const isWanted = downstream.length === 0 || forced.has(name)
    const decision = isWanted ? 'run' : (by?.decision ?? 'skip')
    const state = decision === 'skip' ? 'not-needed' : 'needed'
    const reasons = [{ kind: 'service', state, by: by?.name ?? null } as const]
    decided.set(name, { ...own, decision, reasons })
  }
  return [...decided.values()]
}
