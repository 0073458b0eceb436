import { messageOf } from './message.ts'
import {
  aliasFolder,
  latestMove,
  loadVersion,
  parseModelRef,
  resolveVersion,
  type ModelSchema,
} from '@stepwell/registry'
import { loadModel, type Formula, type Predictor } from '@stepwell/steps/model'
import { watch, type FSWatcher } from 'node:fs'

/** A version that is ready to predict. */
export interface ReadyModel {
  readonly model: string
  readonly version: string
  readonly schema: ModelSchema
  readonly predictor: Predictor
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
 * keeps it, so that it is answered by one version; there is one at any time.
 */
export class LiveModel {
  readonly alias: string | undefined
  readonly #dir: string
  readonly #events: LiveModelEvents
  #current: ReadyModel
  #failure: string | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined

  /**
   * @param dir the registry's folder, absolute
   * @param ref `bikes`, which is `bikes@champion`; `bikes@challenger`; or `bikes@<version>`, which stays
   * @throws StepwellError STEPWELL_MODEL_NAME; STEPWELL_MODEL_UNKNOWN; STEPWELL_ALIAS_UNKNOWN;
   *   STEPWELL_REGISTRY_DAMAGED; STEPWELL_MODEL_INVALID.
   */
  constructor(dir: string, ref: string, events: LiveModelEvents) {
    const { model, id, alias } = resolveVersion(dir, parseModelRef(ref), 'champion')
    this.#dir = dir
    this.#events = events
    this.alias = alias
    this.#current = load(dir, model, id)
    if (alias === undefined) return
    this.#timer = setInterval(() => this.refresh(), LOOK_EVERY)
    try {
      this.#watcher = watch(aliasFolder(dir, model, alias), () => this.refresh())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // No watcher is to be had here: the timer looks.
    }
    this.refresh()
  }

  get current(): ReadyModel {
    return this.#current
  }

  /** Looks where the alias points, and loads that version if it is another one. */
  refresh(): void {
    const { model, version } = this.#current
    if (this.alias === undefined) return
    try {
      const id = latestMove(this.#dir, model, this.alias)?.version ?? undefined
      if (id === undefined) throw new Error(`the alias ${this.alias} points to nothing`)
      if (id !== version) {
        this.#current = load(this.#dir, model, id)
        this.#events.switched(this.#current)
      }
      this.#failure = undefined
    } catch (error) {
      const failure = messageOf(error)
      if (failure === this.#failure) return
      this.#failure = failure
      this.#events.failed(failure)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watcher?.close()
  }
}

function load(dir: string, model: string, version: string): ReadyModel {
  const found = loadVersion(dir, model, version)
  const predictor = loadModel(found.model as Formula)
  return { model, version, schema: found.manifest.schema, predictor }
}
