import { messageOf } from '@stepwell/base/errors'
import {
  aliasFolder,
  latestMove,
  loadVersion,
  parseModelRef,
  resolveVersion,
  type ModelSchema,
} from '@stepwell/registry'
import { openModel, type Model, type OpenModel } from '@stepwell/steps/model'
import { watch, type FSWatcher } from 'node:fs'

/** A version that is ready to predict. */
export interface ReadyModel {
  readonly model: string
  readonly version: string
  readonly schema: ModelSchema
  readonly predictor: OpenModel
}

export interface LiveModelEvents {
  readonly switched: (to: ReadyModel) => void
  /** Called once for each reason; the version before goes on. */
  readonly failed: (why: string) => void
}

// Watchers miss moves on some file systems; then the next look finds them.
const LOOK_EVERY = 1000

/**
 * The version that an alias points to, now and whenever it moves. A request takes `current` once and
 * keeps it, so that it is answered by one version. It begins to predict before it lets others go on: the
 * version before is closed as soon as no prediction of it is under way.
 */
export class LiveModel {
  readonly alias: string | undefined
  readonly #dir: string
  #current: ReadyModel
  #events: LiveModelEvents | undefined
  #failure: string | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isAsked = false
  #isClosed = false

  /**
   * @param dir the registry's folder, absolute
   * @param ref `bikes`, which is `bikes@champion`; `bikes@challenger`; or `bikes@<version>`, which stays
   * @throws StepwellError STEPWELL_MODEL_NAME; STEPWELL_MODEL_UNKNOWN; STEPWELL_ALIAS_UNKNOWN;
   *   STEPWELL_REGISTRY_DAMAGED; STEPWELL_MODEL_INVALID, and the others of `openModel`.
   */
  static async open(dir: string, ref: string): Promise<LiveModel> {
    const { model, id, alias } = resolveVersion(dir, parseModelRef(ref), 'champion')
    return new LiveModel(dir, alias, await load(dir, model, id))
  }

  private constructor(dir: string, alias: string | undefined, current: ReadyModel) {
    this.#dir = dir
    this.alias = alias
    this.#current = current
  }

  /** Begins to go where the alias goes, if there is one. */
  follow(events: LiveModelEvents): void {
    if (this.alias === undefined) return
    this.#events = events
    this.#timer = setInterval(() => this.#refresh(), LOOK_EVERY)
    try {
      this.#watcher = watch(aliasFolder(this.#dir, this.#current.model, this.alias), () =>
        this.#refresh(),
      )
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // Files cannot be watched here: the timer looks.
    }
    this.#refresh()
  }

  get current(): ReadyModel {
    return this.#current
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#watcher?.close()
    await this.#looking
    await this.#current.predictor.close()
  }

  #refresh(): void {
    this.#isAsked = true
    this.#looking ??= this.#look()
  }

  /** Looks where the alias points. One look at a time: a move while a version is loaded is seen after it. */
  async #look(): Promise<void> {
    while (this.#isAsked && !this.#isClosed) {
      this.#isAsked = false
      try {
        await this.#switch()
        this.#failure = undefined
      } catch (error) {
        const failure = messageOf(error)
        if (failure === this.#failure) continue
        this.#failure = failure
        this.#events?.failed(failure)
      }
    }
    this.#looking = undefined
  }

  async #switch(): Promise<void> {
    const { model, version, predictor } = this.#current
    if (this.alias === undefined) return
    const id = latestMove(this.#dir, model, this.alias)?.version ?? undefined
    if (id === undefined) throw new Error(`the alias ${this.alias} points to nothing`)
    if (id === version) return
    this.#current = await load(this.#dir, model, id)
    this.#events?.switched(this.#current)
    await predictor.close()
  }
}

async function load(dir: string, model: string, version: string): Promise<ReadyModel> {
  const found = loadVersion(dir, model, version)
  const predictor = await openModel(found.model as Model)
  return { model, version, schema: found.manifest.schema, predictor }
}
