import { actionOf } from '../define/label.ts'
import { codesOf } from '../record/snapshot.ts'
import { decide } from '../decide/decide.ts'
import { definition, isService } from '../define/step.ts'
import { plannedItems } from './planned-items.ts'
import type { Evidence, PlannedIngredients } from './plan.ts'
import type { InputRecord } from '../define/input-record.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'
import type { LastExecution, PlannedStep } from './planned-step.ts'
import { openFingerprint, PossibleHits, type Open } from './possible-hits.ts'
import type { OrderedStep } from '../define/order.ts'
import { PlannedWorld, type PlannedView, type PlannedWorldOptions } from './planned-world.ts'
import { planServices } from './plan-services.ts'
import type { Reason } from '../identity/reason.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import { toRestore } from '../decide/restore.ts'
import { uncacheable, type Identity } from '../decide/resolve-inputs.ts'
import type { Execute, Verdict, Wait } from '../decide/verdict.ts'

export interface PlanOptions extends PlannedWorldOptions {
  readonly forced: ReadonlySet<string>
  /** What items gave: without it, nothing is said of items. */
  readonly ledgers?: ItemLedgers
}

/**
 * Plans what a run would do: decides on the steps in their order, each in a world that has what is known
 * of those before it. It opens no database, waits for no other process and changes nothing.
 *
 * @throws StepwellError STEPWELL_PARAMS.
 */
export async function planSteps(
  options: PlanOptions,
): Promise<{ readonly steps: PlannedStep[]; readonly evidence: Evidence }> {
  const planner = new Planner(options)
  const planned: PlannedStep[] = []
  for (const ordered of options.steps) planned.push(await planner.plan(ordered))
  const steps: PlannedStep[] = []
  for (const step of planned) steps.push(await planner.settle(step))
  return {
    steps: planServices(options.steps, steps, options.forced),
    evidence: {
      ingredients: Object.fromEntries(planner.ingredients),
      codes: codesOf(options.code),
    },
  }
}

class Planner {
  readonly #options: PlanOptions
  readonly #world: PlannedWorld
  readonly #hits: PossibleHits
  /** Of steps that are not executed for want of others: those others. */
  readonly #blockers = new Map<string, readonly string[]>()
  /** Steps that may not be executed after all, though what they read may change. */
  readonly #unsure = new Set<string>()
  /** Which step makes the outputs of a key. */
  readonly #makers = new Map<StepKey, string>()
  /** Steps that wait and may be sure to be executed; what is to be asked about them, if anything is. */
  readonly #open = new Map<
    string,
    { readonly open: Open; readonly isForced: boolean } | undefined
  >()
  readonly ingredients: [string, PlannedIngredients][] = []

  constructor(options: PlanOptions) {
    this.#options = options
    this.#world = new PlannedWorld(options)
    this.#hits = new PossibleHits(options.known)
  }

  async plan(ordered: OrderedStep): Promise<PlannedStep> {
    const { name, upstream } = ordered
    const base = this.#baseOf(ordered)
    const by = [...new Set(upstream.flatMap((read) => this.#blockers.get(read) ?? []))]
    if (by.length > 0) {
      this.#blockers.set(name, by)
      return { ...base, decision: 'skip', reasons: [{ kind: 'blocked', by }] }
    }
    const view = this.#world.of(ordered)
    const forced = this.#options.forced.has(name)
    const verdict = this.#unlessMadeBefore(ordered, await decide(ordered, { forced }, view))
    this.#world.note(name, verdict)
    switch (verdict.kind) {
      case 'pass':
        return {
          ...base,
          decision: 'cached',
          reasons: [{ kind: 'adopted', because: verdict.because }],
        }
      case 'skip':
        this.#note(ordered, verdict.identity, view)
        this.#blockers.set(name, [name])
        return { ...base, decision: 'skip', reasons: verdict.reasons }
      case 'fail': {
        this.#blockers.set(name, [name])
        const { identity, failure } = verdict
        const inputs = identity && this.#note(ordered, identity, view).inputs
        const { message, hint } = failure
        const problem = hint === undefined ? message : `${message}; ${hint}`
        const reasons: Reason[] = [{ kind: 'problem', message: problem }]
        return { ...base, ...(inputs !== undefined && { inputs }), decision: 'run', reasons }
      }
      case 'serve': {
        const { inputs, key } = this.#note(ordered, verdict.identity, view)
        // Whether it is started is decided when it is known of all that read it.
        return { ...base, inputs, key, decision: 'cached', reasons: [] }
      }
      case 'reuse': {
        const { inputs, key } = this.#note(ordered, verdict.identity, view)
        const reasons = [...verdict.reasons, ...toRestore(verdict)]
        const last = 'run' in verdict.from ? { last: executionOf(verdict.from) } : {}
        return { ...base, inputs, key, decision: 'cached', reasons, ...last }
      }
      case 'execute':
        return { ...base, ...(await this.#execute(ordered, verdict, view)) }
      case 'wait':
        return { ...base, ...(await this.#wait(ordered, verdict, view)) }
    }
  }

  #baseOf({ name, step, upstream }: OrderedStep) {
    const { work } = definition(step)
    const pinned = 'pin' in work ? work.pin : undefined
    const last = this.#options.snapshot.steps[name]?.entries[0]
    return {
      name,
      action: actionOf(step),
      upstream,
      inputs: [],
      ...(pinned !== undefined && { pinned }),
      ...(last !== undefined && { last: executionOf(last) }),
    }
  }

  /** Takes down what a step is made of, as far as that is known. */
  #note({ name }: OrderedStep, { key, ingredients, inputs }: Identity, view: PlannedView): Noted {
    const { sources, outputs, paths } = view.pendingInputs(ingredients)
    this.ingredients.push([name, { ...ingredients, toCome: { outputs, paths } }])
    return {
      key,
      inputs: inputs.map((input) =>
        sources.has(input.source) ? { name: input.name, source: input.source } : input,
      ),
    }
  }

  /** Of steps that are made of the same, one is executed, and the others take what it made. */
  #unlessMadeBefore(ordered: OrderedStep, verdict: Verdict): Verdict {
    if (verdict.kind !== 'execute' || uncacheable(ordered, verdict.identity) !== undefined)
      return verdict
    const { identity, reasons } = verdict
    const maker = this.#makers.get(identity.key)
    if (maker !== undefined) return { kind: 'wait', identity, on: [maker], reasons }
    this.#makers.set(identity.key, ordered.name)
    return verdict
  }

  async #execute(ordered: OrderedStep, { identity, reasons }: Execute, view: PlannedView) {
    const { ledgers } = this.#options
    const { key, inputs } = this.#note(ordered, identity, view)
    if (uncacheable(ordered, identity) === undefined) this.#hits.add(openOf(identity, view, false))
    const isReused = !reasons.some(({ kind }) => kind === 'forced' || kind === 'uncacheable')
    const items =
      ledgers &&
      (await plannedItems(ordered, identity, isReused, { ledgers, artifacts: view.artifacts }))
    return {
      inputs,
      key,
      decision: 'run' as const,
      reasons,
      ...(items !== undefined && { items }),
    }
  }

  async #wait(ordered: OrderedStep, { identity, on, reasons: own }: Wait, view: PlannedView) {
    const { name } = ordered
    const steps = on.filter((each) => this.#options.pipeline.steps.has(each))
    const asked = on.filter((each) => !steps.includes(each))
    const reasons: Reason[] = [
      // It is new because its address has not been downloaded yet.
      ...(asked.length > 0 ? own.filter(({ kind }) => kind !== 'new') : own),
      ...asked.map((url): Reason => ({
        kind: 'problem',
        message: `${url} was not downloaded yet`,
      })),
      ...(steps.length > 0 ? [{ kind: 'upstream', steps } as const] : []),
    ]
    if (identity === undefined) {
      this.#unsure.add(name)
      return { decision: 'depends' as const, reasons }
    }
    const { inputs } = this.#note(ordered, identity, view)
    const isPassing = on.some((each) => !view.pendingInputs(identity.ingredients).makers.has(each))
    this.#noteOpen(ordered, identity, openOf(identity, view, isPassing), own.length > 0)
    return { inputs, decision: 'depends' as const, reasons }
  }

  /** Takes down whether a step that waits is going to be executed, as far as it can be told by now. */
  #noteOpen(ordered: OrderedStep, identity: Identity, open: Open, isChanged: boolean): void {
    const { name, step, upstream } = ordered
    const { when, adopt, passOver } = definition(step)
    const isForced = this.#options.forced.has(name)
    const isUnsure =
      when !== undefined ||
      (passOver !== undefined && !isForced) ||
      upstream.some((read) => this.#unsure.has(read))
    if (isUnsure) this.#unsure.add(name)
    const isCacheable = uncacheable(ordered, identity) === undefined && !isService(step)
    if (isCacheable) this.#hits.add(open)
    if (!isChanged || isUnsure) return
    if (!isCacheable) this.#open.set(name, undefined)
    else if (isForced || adopt === undefined) this.#open.set(name, { open, isForced })
  }

  /**
   * Whether a step that waits is executed whatever those before it turn out to give: it is, if what it is
   * made of can be neither in the cache nor what another step makes.
   */
  async settle(planned: PlannedStep): Promise<PlannedStep> {
    if (!this.#open.has(planned.name)) return planned
    const asked = this.#open.get(planned.name)
    if (asked !== undefined) {
      const { open, isForced } = asked
      if (this.#hits.isPlanned(open)) return planned
      if (!isForced && (await this.#hits.isCached(open))) return planned
    }
    return { ...planned, decision: 'run' }
  }
}

interface Noted {
  readonly key: StepKey
  readonly inputs: readonly InputRecord[]
}

function openOf(identity: Identity, view: PlannedView, isPassing: boolean): Open {
  return openFingerprint(identity.ingredients, view.pendingInputs(identity.ingredients), isPassing)
}

function executionOf({ run, at, duration }: LastExecution): LastExecution {
  return { run, at, duration }
}
