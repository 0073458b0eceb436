import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { Sighting } from '../store/inputs/sighting.ts'
import type { ItemOutput } from '../value/artifact.ts'
import { failureOf, type Failure } from '@stepwell/base/failure'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { pauseAfter } from '../define/execution.ts'
import { executeJob, type JobSurroundings } from './job.ts'
import type { ItemResult, JobResult } from '../executor/executor.ts'
import { itemBase } from '../identity/fingerprint.ts'
import type { Identity } from '../decide/resolve-inputs.ts'
import { listItems, type Item } from '../decide/map-items.ts'
import { ITEM, type MapWork } from '../define/work.ts'
import type { OrderedStep } from '../define/order.ts'
import { pause } from '@stepwell/base/delay'
import { definition } from '../define/step.ts'
import { type ItemCounts } from '../record/step-record.ts'
import { changed } from '../store/inputs/file-input.ts'
import type { ItemLedgers, ItemRecord } from '../store/cache/map-cache.ts'
import type { StagedOuts } from '../store/workspace/staging.ts'
import { decodeValue } from '../value/codec.ts'

// So many items at once at most, so that what was done of a long list is kept now and then.
const MOST_BATCH = 64
// So many batches for each that runs at a time: the last ones are to end at about the same time.
const SHARE = 8
const MOST_TOLD = 3

export interface MapSurroundings extends JobSurroundings {
  readonly work: MapWork
  readonly ledgers: ItemLedgers
  readonly files: ProjectFiles
  readonly concurrency: number
  /** Whether what is kept of earlier runs may be used, and what is made may be kept. */
  readonly reuse: { readonly read: boolean; readonly write: boolean }
  /** Whether the other items are done after one has failed. */
  readonly keepGoing: boolean
  /** Aborts when nothing new is to be started. */
  readonly stopping: AbortSignal
  readonly staged: StagedOuts
  readonly metrics: Record<string, number>
}

/** One execution of a mapped step: what is known of its items, and the batches of those that are not. */
export class MapRun {
  readonly #ordered: OrderedStep
  readonly #identity: Identity
  readonly #around: MapSurroundings
  readonly #items: readonly Item[]
  readonly #batches: readonly (readonly Item[])[]
  readonly #outputs: Map<Digest, ItemOutput>
  readonly #failures = new Map<Item, Failure>()
  readonly #cached: number
  #touched: string | undefined
  #executed = 0
  /** What the keys of the items have in common. */
  readonly base: Digest

  private constructor(
    ordered: OrderedStep,
    identity: Identity,
    around: MapSurroundings,
    base: Digest,
    items: readonly Item[],
    known: Map<Digest, ItemOutput>,
  ) {
    this.#ordered = ordered
    this.#identity = identity
    this.#around = around
    this.base = base
    this.#items = items
    this.#outputs = known
    const open = new Map(items.filter(({ key }) => !known.has(key)).map((item) => [item.key, item]))
    this.#cached = items.filter(({ key }) => known.has(key)).length
    this.#batches = chunks([...open.values()], this.#batchSize(open.size))
  }

  /** @throws StepwellError STEPWELL_MAP when it is given no list. */
  static async begin(
    ordered: OrderedStep,
    identity: Identity,
    around: MapSurroundings,
  ): Promise<MapRun> {
    const { name } = ordered
    const { work, artifacts, ledgers, reuse } = around
    const base = itemBase(identity.ingredients.fingerprint, ITEM)
    const items = await listItems(name, work, identity, base, artifacts)
    const known = reuse.read ? await ledgers.read(base) : new Map<Digest, ItemOutput>()
    for (const { key } of items) {
      const output = known.get(key)
      // What is stored elsewhere counts only while it is there.
      if (output === undefined || !('digest' in output)) continue
      if ((await artifacts.check(output.digest)) !== 'present') known.delete(key)
    }
    for (const { text } of identity.trees.values()) {
      await artifacts.put(new TextEncoder().encode(text))
    }
    return new MapRun(ordered, identity, around, base, items, known)
  }

  /** How many batches are to be executed. */
  get parts(): number {
    return this.#batches.length
  }

  get counts(): ItemCounts {
    return {
      total: this.#items.length,
      cached: this.#cached,
      executed: this.#executed,
      failed: this.#failures.size,
    }
  }

  /** Where an input came from that was touched while an item was executed with it, if any was. */
  get touched(): string | undefined {
    return this.#touched
  }

  /** Executes a batch, and keeps what its items gave. */
  async perform(part: number): Promise<void> {
    await this.#perform(this.#batches[part] ?? [], 1)
  }

  /** Why there is no list of outputs; `'stopped'` when the run ended before. */
  get problem(): Failure | 'stopped' | undefined {
    if (this.#failures.size > 0) return this.#failed()
    return this.#items.every(({ key }) => this.#outputs.has(key)) ? undefined : 'stopped'
  }

  /** What the items gave, in their order. */
  async gather(): Promise<unknown[]> {
    const { artifacts } = this.#around
    const values: unknown[] = []
    for (const { key } of this.#items) {
      const output = this.#outputs.get(key)
      if (output === undefined) throw new TypeError('an item has no output')
      const bytes =
        'bytes' in output ? Buffer.from(output.bytes, 'base64') : await artifacts.get(output.digest)
      values.push(decodeValue(bytes))
    }
    return values
  }

  async #perform(items: readonly Item[], attempt: number): Promise<void> {
    const { stopping, keepGoing, signal } = this.#around
    if (stopping.aborted || (this.#failures.size > 0 && !keepGoing)) return
    const sighting = await this.#sight(items)
    const result = await this.#execute(items)
    if (signal.aborted && !result.ok) return
    if (!result.ok && items.length > 1) {
      // Which one it was is not known: the others shall not fail with it.
      for (const item of items) await this.#perform([item], attempt)
      return
    }
    const results: readonly (ItemResult | undefined)[] =
      'items' in result ? result.items : items.map(() => ({ ...result, ok: false }) as ItemResult)
    await this.#keep(items, results, attempt, sighting)
  }

  /** Says afterwards what was touched of what an item is given. */
  async #sight(items: readonly Item[]): Promise<(item: Item) => Promise<string | undefined>> {
    const { reuse, files } = this.#around
    if (!reuse.write) return async () => await Promise.resolve(undefined)
    const others = await this.#identity.sight(ITEM)
    const own = new Map<Item, Sighting>()
    for (const item of items) {
      if (item.path === undefined) continue
      own.set(item, await files.sight({ kind: 'file', path: item.path }, []))
    }
    let touched: Promise<string | undefined> | undefined
    return async (item) => {
      touched ??= others()
      return (await touched) ?? ((await own.get(item)?.()) === true ? item.path : undefined)
    }
  }

  async #execute(items: readonly Item[]): Promise<JobResult> {
    const { staged, metrics } = this.#around
    const { [ITEM]: _item, ...jobInputs } = this.#identity.jobInputs
    return await executeJob(
      this.#ordered,
      { jobInputs, trees: new Map() },
      staged,
      metrics,
      this.#around,
      items.map(({ input, label, key }) => ({ input, label, scratch: `${staged.scratch}/${key}` })),
    )
  }

  async #keep(
    items: readonly Item[],
    results: readonly (ItemResult | undefined)[],
    attempt: number,
    sighting: (item: Item) => Promise<string | undefined>,
  ): Promise<void> {
    const { reuse, ledgers } = this.#around
    const moved = await this.#identity.moved(ITEM)
    const records: ItemRecord[] = []
    const again: Item[] = []
    const { retry } = definition(this.#ordered.step).execution
    let wait = 0
    for (const [index, item] of items.entries()) {
      const result = await this.#checked(item, results[index], moved)
      if (result === undefined) continue
      if (result.ok) {
        this.#outputs.set(item.key, result.output)
        this.#executed += 1
        const touched = await sighting(item)
        this.#touched ??= touched
        if (touched === undefined) records.push({ key: item.key, output: result.output })
        continue
      }
      let next: number | undefined
      try {
        next = pauseAfter(retry, attempt, result.failure)
      } catch (error) {
        // The function that was asked is the step's own.
        this.#failures.set(item, failureOf(error))
        continue
      }
      this.#tellFailure(item, result.failure, attempt, next)
      if (next === undefined) this.#failures.set(item, result.failure)
      else {
        again.push(item)
        wait = Math.max(wait, next)
      }
    }
    if (records.length > 0 && reuse.write) ledgers.append(this.base, records)
    if (again.length === 0) return
    await pause(wait, this.#around.stopping)
    await this.#perform(again, attempt + 1)
  }

  /** In the log of the step: its own failure names a few items only. */
  #tellFailure(
    { label }: Item,
    { message }: Failure,
    attempt: number,
    wait: number | undefined,
  ): void {
    const { attempts } = definition(this.#ordered.step).execution.retry
    const times = attempts > 1 ? `attempt ${attempt} of ${attempts} ` : ''
    const next = wait === undefined ? '' : `, again in ${wait} ms`
    const line = `[${label}] ${times}failed${next}: ${message}`
    this.#around.emit({ type: 'step-log', at: Date.now(), step: this.#ordered.name, line })
  }

  /** What an item gave counts only if what it was given is still as it was. */
  async #checked(
    { path, input }: Item,
    result: ItemResult | undefined,
    moved: string | undefined,
  ): Promise<ItemResult | undefined> {
    if (result === undefined || !result.ok) return result
    if (moved !== undefined) return { ok: false, failure: failureOf(changed(moved)) }
    if (path === undefined || input.kind !== 'file') return result
    try {
      if ((await this.#around.files.state(path)).digest === input.digest) return result
    } catch (error) {
      if (!(error instanceof StepwellError)) throw error
    }
    return { ok: false, failure: failureOf(changed(path)) }
  }

  #batchSize(open: number): number {
    const { step } = this.#ordered
    const { execution } = definition(step)
    const { batch } = this.#around.work
    // A timeout is that of one item.
    if (execution.timeout !== undefined) return 1
    if (batch !== undefined) return batch
    const share = Math.ceil(open / (this.#around.concurrency * SHARE))
    return Math.max(1, Math.min(MOST_BATCH, share))
  }

  #failed(): Failure {
    const told = [...this.#failures].slice(0, MOST_TOLD)
    const more = this.#failures.size - told.length
    const facts = told.map(([{ label }, { message }]) => `${label}: ${message}`)
    const [first] = this.#failures.values()
    const { code, message, hint } = new StepwellError({
      code: 'STEPWELL_ITEMS',
      summary: `${this.#failures.size} of ${this.#items.length} items of step \`${this.#ordered.name}\` failed`,
      details: [...facts, ...(more > 0 ? [`and ${more} more, which are in its log`] : [])].join(
        '; ',
      ),
      hint: 'the results of the other items are kept: only the failed ones run again',
    })
    return { ...first, code, message, ...(hint !== undefined && { hint }) }
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const cut: T[][] = []
  for (let at = 0; at < all.length; at += size) cut.push(all.slice(at, at + size))
  return cut
}
