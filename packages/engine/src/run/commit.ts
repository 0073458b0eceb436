import type { StepCache } from '../store/cache/step-cache.ts'
import type { SnapshotEntry } from '../record/snapshot.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { Outputs } from '../value/artifact.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import { uncacheable, type Identity } from '../decide/resolve-inputs.ts'
import type { Reason } from '../identity/reason.ts'
import type { OrderedStep } from '../define/order.ts'
import type { JournalRecord } from '../store/cache/journal.ts'

export interface StepCommitsOptions {
  readonly run: string
  readonly cache: StepCache
  /** Takes down an entry before the step cache has it. */
  readonly journal: (record: JournalRecord) => void
  readonly warn: (step: string, problem: Reason) => void
}

/** What the steps of one run have left: in the step cache, and for the last known state. */
export class StepCommits {
  readonly #options: StepCommitsOptions
  readonly #entries = new Map<string, SnapshotEntry>()
  /** Keys whose outputs were made in this run. */
  readonly #made = new Set<StepKey>()

  constructor(options: StepCommitsOptions) {
    this.#options = options
  }

  /** What each step that has outputs now was made from. */
  get entries(): ReadonlyMap<string, SnapshotEntry> {
    return this.#entries
  }

  /** Whether outputs were made under a key in this run. */
  has(key: StepKey): boolean {
    return this.#made.has(key)
  }

  /**
   * Commits what a step made. Its bytes are durable.
   * @param touched where an input came from that was touched meanwhile: what the step made may be of
   *   something else, and is not filed under what the input is now
   * @returns what is to be said of it besides why it was executed
   */
  async accept(
    ordered: OrderedStep,
    identity: Identity,
    made: Pick<StepEntry, 'outputs' | 'metrics' | 'duration'>,
    touched?: string,
  ): Promise<Reason[]> {
    const { outputs, metrics, duration } = made
    const entry: StepEntry = {
      outputs,
      metrics,
      ingredients: identity.ingredients,
      run: this.#options.run,
      at: Date.now(),
      duration,
    }
    const reusable = touched === undefined && uncacheable(ordered, identity) === undefined
    if (reusable) {
      await this.#commit(identity.key, entry)
      this.#made.add(identity.key)
    }
    this.#entries.set(ordered.name, {
      ...entry,
      key: identity.key,
      reusable,
      ...(touched !== undefined && { touched }),
    })
    if (touched === undefined) return []
    const reason: Reason = { kind: 'touched', source: touched }
    this.#options.warn(ordered.name, reason)
    return [reason]
  }

  /** Takes what an entry has for what a step gives now, and commits what has come to it. */
  async take(
    name: string,
    { key, ingredients }: Identity,
    entry: StepEntry,
    outputs: Outputs,
  ): Promise<void> {
    if (outputs !== entry.outputs) await this.#commit(key, { ...entry, outputs })
    this.#entries.set(name, { ...entry, key, ingredients, outputs, reusable: true })
  }

  async #commit(key: StepKey, entry: StepEntry): Promise<void> {
    this.#options.journal({ key, entry })
    await this.#options.cache.put(key, entry)
  }
}
