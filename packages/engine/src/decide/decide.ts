import { adoptOuts, nothingGiven } from './adopt.ts'
import { askCondition } from './condition.ts'
import { checkHit } from './check-hit.ts'
import { definition, isService } from '../define/step.ts'
import { derivePicks } from './picks.ts'
import { failureOf } from '@stepwell/base/failure'
import { identify, uncacheable, type Identity } from './resolve-inputs.ts'
import { isOwnFault } from './step-fault.ts'
import { lossOf } from '../record/snapshot.ts'
import { Kept } from './given.ts'
import { reasonsOfHit } from '../identity/acceptance.ts'
import { serviceOutputs } from './service-output.ts'
import { adviceOf, StepwellError } from '@stepwell/base/errors'
import { whatChanged } from './what-changed.ts'
import type { Execute, Reuse, Serve, SettledVerdict, Verdict, Wait } from './verdict.ts'
import type { OrderedStep } from '../define/order.ts'
import type { ServiceWork } from '../define/work.ts'
import type { OutState } from '../store/workspace/workspace.ts'
import type { Reason } from '../identity/reason.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { SettledWorld, World } from './world.ts'

export interface How {
  /** Whether the step is to be executed whatever the cache holds. */
  readonly forced: boolean
}

/**
 * Decides what becomes of a step, and why. The questions are asked in this order, here and nowhere else:
 * may it be passed over; what are its inputs; does it wait for other steps; is it wanted; is it a service;
 * must it be executed; is it in the cache; may what is in the project be adopted; is what was found
 * usable; which fields are picked; how do its outs stand.
 *
 * Writes nothing, and knows no time: the same world gives the same verdict.
 */
export async function decide(
  ordered: OrderedStep,
  how: How,
  world: SettledWorld,
): Promise<SettledVerdict>
export async function decide(ordered: OrderedStep, how: How, world: World): Promise<Verdict>
export async function decide(
  ordered: OrderedStep,
  { forced }: How,
  world: World,
): Promise<Verdict> {
  const before = world.pending()
  if (!forced && before.length === 0) {
    const { passOver } = definition(ordered.step)
    const because = passOver && (await world.ask(Promise.resolve(passOver())))
    if (because !== undefined) return { kind: 'pass', because, ...nothingGiven() }
  }
  let identity: Identity
  try {
    identity = await identify(ordered, world)
  } catch (error) {
    // A missing input is the step's failure. Anything else is the store's.
    if (!(error instanceof StepwellError)) throw error
    const failure = failureOf(error)
    if (before.length === 0) return { kind: 'fail', identity: undefined, failure }
    const reasons: Reason[] = [{ kind: 'problem', message: adviceOf(error) }]
    return { kind: 'wait', identity: undefined, on: before, reasons }
  }
  const never = uncacheable(ordered, identity)
  const must: Reason | undefined = forced ? { kind: 'forced' } : never
  const on = world.pending(identity)
  if (on.length > 0) return await wait(ordered, identity, on, must, world)
  try {
    return await settle(ordered, identity, must, world)
  } catch (error) {
    if (!isOwnFault(error)) throw error
    return { kind: 'fail', identity, failure: failureOf(error) }
  }
}

/** Goes on once all inputs are known. */
async function settle(
  ordered: OrderedStep,
  identity: Identity,
  must: Reason | undefined,
  world: World,
): Promise<SettledVerdict> {
  const wanted = await askCondition(ordered, identity, world)
  if (typeof wanted !== 'boolean') return { kind: 'fail', identity, failure: wanted }
  if (!wanted) return { kind: 'skip', identity, reasons: [{ kind: 'condition' }] }
  const { work } = definition(ordered.step)
  if (work.kind === 'service') return await serve(ordered, work, identity)
  if (must !== undefined) return { kind: 'execute', identity, reasons: [must] }
  const entry = await world.entry(ordered.name, identity.key)
  if (entry !== undefined) return await reuse(ordered, identity, entry, world)
  const adopted = await adoptOuts(ordered, world)
  if (adopted !== undefined) {
    const { because, outputs, bytes } = adopted
    const reasons: Reason[] = [{ kind: 'adopted', because }]
    return { kind: 'reuse', identity, from: adopted, outputs, bytes, outs: {}, reasons }
  }
  const changes = await whatChanged(ordered.name, identity, world)
  const reasons: readonly Reason[] =
    changes.length > 0 ? changes : [lossOf(world.snapshot.steps[ordered.name]?.entries[0])]
  return { kind: 'execute', identity, reasons }
}

/**
 * Whether what the cache has can be used, or why not. Also asked once a step is about to be executed:
 * another one may have made the same meanwhile.
 *
 * @throws StepwellError STEPWELL_PICK when there is no field that is picked now.
 */
export async function reuse(
  ordered: OrderedStep,
  identity: Identity,
  entry: StepEntry,
  world: World,
): Promise<Reuse | Execute> {
  const problems = await checkHit(ordered, entry.outputs, world)
  if (problems.length > 0) return { kind: 'execute', identity, reasons: problems }
  const kept = new Kept()
  const outputs = await derivePicks(ordered, entry.outputs, world.artifacts, kept.keep)
  const outs: [string, OutState][] = []
  for (const [name, out] of Object.entries(outputs.outs))
    outs.push([name, await world.workspace.inspect(out)])
  return {
    kind: 'reuse',
    identity,
    from: entry,
    outputs,
    bytes: kept.bytes,
    outs: Object.fromEntries(outs),
    reasons: reasonsOfHit(entry),
  }
}

async function serve(ordered: OrderedStep, work: ServiceWork, identity: Identity): Promise<Serve> {
  const kept = new Kept()
  const outputs = await serviceOutputs(ordered, work, kept.keep)
  return { kind: 'serve', identity, outputs, bytes: kept.bytes }
}

/** @param must why it is executed whatever the cache holds, if it is */
async function wait(
  { name, step }: OrderedStep,
  identity: Identity,
  on: readonly string[],
  must: Reason | undefined,
  world: World,
): Promise<Wait> {
  if (must !== undefined) return { kind: 'wait', identity, on, reasons: [must] }
  // A service is started or not, whatever was before.
  const reasons = isService(step) ? [] : await whatChanged(name, identity, world)
  return { kind: 'wait', identity, on, reasons }
}
