import type { StepCache } from '../store/cache/step-cache.ts'
import type { Snapshot, SnapshotEntry } from '../record/snapshot.ts'
import type { Acceptance } from '../identity/acceptance.ts'
import { checkHit } from '../decide/check-hit.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { Fingerprint, StepKey } from '../identity/fingerprint.ts'
import { causesInPlan } from './explain.ts'
import { canonicalJson } from '@stepwell/base/json'
import type { OrderedStep } from '../define/order.ts'
import { planSteps, type PlanOptions } from '../plan/plan-pipeline.ts'
import { compareIngredients, type Ingredients } from '../identity/reason.ts'
import { describeReason } from '../identity/reason-text.ts'

export interface AcceptOptions extends Omit<PlanOptions, 'forced'> {
  /** Steps to accept. */
  readonly names: ReadonlySet<string>
  readonly because: string
  readonly by: string
  /** Whether changes of params, inputs and environment may be accepted too. */
  readonly anyChange: boolean
  readonly cache: StepCache
}

/**
 * Entries under the present keys of some steps, with the outputs that they had last: what is to be kept
 * when their changes are accepted. Keeps nothing itself: either all can be accepted, or none is.
 *
 * @throws StepwellError STEPWELL_ACCEPT.
 */
export async function acceptSteps(options: AcceptOptions): Promise<Map<string, SnapshotEntry>> {
  const { steps, names, because, by } = options
  const accepted = new Map<string, SnapshotEntry>()
  let { snapshot } = options
  // In their order: what is accepted upstream settles the key of what comes after it.
  for (const ordered of steps) {
    if (!names.has(ordered.name)) continue
    const { last, key, ingredients } = await judge(ordered, { ...options, snapshot })
    const { accepted: earlier, ...made } = last
    const acceptance: Acceptance = {
      from: last.key,
      because,
      at: Date.now(),
      by,
      ...(earlier !== undefined && { earlier }),
    }
    const entry = { ...made, key, ingredients, accepted: acceptance }
    accepted.set(ordered.name, entry)
    snapshot = withEntry(snapshot, ordered.name, entry)
  }
  return accepted
}

interface Judged {
  readonly last: SnapshotEntry
  readonly key: StepKey
  readonly ingredients: Ingredients
}

/** What a step was and what it is now, if the one may stand for the other. */
async function judge(ordered: OrderedStep, options: AcceptOptions): Promise<Judged> {
  const { name } = ordered
  const { snapshot, cache } = options
  const world = { ...options, ask: async <T>(answer: Promise<T>): Promise<T> => await answer }
  const { steps, evidence } = await planSteps({ ...options, forced: new Set() })
  const step = steps.find((planned) => planned.name === name)
  const ingredients = evidence.ingredients[name]
  const last = snapshot.steps[name]?.entries[0]
  if (step?.decision === 'cached') {
    throw refusal(name, 'it is fresh already', 'there is nothing to accept')
  }
  const first = step && causesInPlan(step, steps).at(-1)?.name
  if (first !== undefined) {
    throw refusal(
      name,
      `what it reads is not settled: step \`${first}\` will run`,
      `run it first (stepwell run ${first}), or accept it too`,
    )
  }
  if (last === undefined) {
    throw refusal(name, 'it never succeeded, or nothing is known of it any more', 'run it')
  }
  const why = step?.reasons.find(({ kind }) => kind === 'uncacheable' || kind === 'problem')
  if (step?.key === undefined || ingredients === undefined || why !== undefined || !last.reusable) {
    const facts = why === undefined ? 'its last outputs may not be used again' : describeReason(why)
    throw refusal(name, facts, 'run it')
  }
  const [old, now] = [last.ingredients.fingerprint, ingredients.fingerprint]
  if (canonicalJson(old.outs) !== canonicalJson(now.outs)) {
    throw refusal(name, 'it leaves other files than it did', 'run it')
  }
  const untouchable = options.anyChange ? [] : untouchables(last.ingredients, ingredients)
  if (untouchable.length > 0) {
    throw refusal(
      name,
      `more than its code changed: ${untouchable.join(', ')}`,
      'run it; or, if the outputs are right all the same, say so with --any-change',
    )
  }
  const problems = await checkHit(ordered, last.outputs, world)
  if (problems.length > 0) throw refusal(name, problems.map(describeReason).join(', '), 'run it')
  if (last.key === step.key) throw refusal(name, 'nothing in it changed', 'run it')
  const own = await cache.get(step.key)
  if (own !== undefined && (await checkHit(ordered, own.outputs, world)).length === 0) {
    throw refusal(name, 'its own outputs are in the cache', 'run it: it takes them from there')
  }
  return { last, key: step.key, ingredients }
}

/**
 * What a person may say makes no difference. A list of what may differ, so that whatever else comes to be
 * in a fingerprint may not.
 */
const CODE = ['code', 'command', 'loading', 'site', 'node', 'version'] as const
/** What changed besides code, by the fingerprints themselves, not by what is told of them. */
function untouchables(before: Ingredients, after: Ingredients): string[] {
  const [old, now] = [before.fingerprint, after.fingerprint]
  const parts = Object.keys({ ...old, ...now })
    .map((part) => part as keyof Fingerprint)
    .filter((part) => !CODE.some((each) => each === part))
  const changed = parts.filter(
    (part) => canonicalJson(old[part] ?? null) !== canonicalJson(now[part] ?? null),
  )
  if (changed.length === 0) return []
  const compared = Object.fromEntries(changed.map((part) => [part, old[part]]))
  const reasons = compareIngredients({ ...before, fingerprint: { ...now, ...compared } }, after, {})
  return reasons.length > 0 ? reasons.map(describeReason) : changed
}

function withEntry(snapshot: Snapshot, name: string, entry: SnapshotEntry): Snapshot {
  const entries = [entry, ...(snapshot.steps[name]?.entries ?? [])]
  return { ...snapshot, steps: { ...snapshot.steps, [name]: { entries } } }
}

function refusal(name: string, facts: string, todo: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ACCEPT',
    summary: `step \`${name}\` cannot be accepted`,
    details: facts,
    hint: todo,
  })
}
