import type { Place } from '../place.ts'
import type { DvcMap, DvcValue } from '../value/value.ts'
import type { EngineOptions } from './engine-options.ts'

/** Where the bytes of a path are. Paths inside of the project are relative to its root. */
export type Location =
  | { readonly kind: 'project'; readonly path: string }
  /** A local path outside of the project. */
  | { readonly kind: 'outside'; readonly path: string }
  /** `s3://...`, `https://...`, `remote://name/...` and the like. */
  | { readonly kind: 'remote'; readonly scheme: string; readonly url: string }

export interface StageDep {
  /** As written, and as `dvc.lock` names it: relative to the stage's `wdir`. */
  readonly path: string
  readonly location: Location
}

export interface StageParams {
  /** As written: relative to the stage's `wdir`. */
  readonly path: string
  readonly location: Location
  /** The keys, dotted where they lead into maps; `all` for the whole file. */
  readonly keys: 'all' | readonly string[]
}

export type OutKind = 'out' | 'metric' | 'plot'

export interface StageOut {
  readonly path: string
  readonly location: Location
  readonly kind: OutKind
  /** Whether its content is kept in the cache. */
  readonly cache: boolean
  /** Whether it stays where it is while the command runs. */
  readonly persist: boolean
  readonly push: boolean
  readonly remote?: string
  readonly desc?: string
  readonly type?: string
  readonly labels: readonly string[]
  readonly meta?: DvcValue
  /** `x`, `y`, `template` and so on of a plot. */
  readonly plot?: DvcMap
}

/** A stage of a `dvc.yaml` with all templates resolved. */
export interface Stage {
  readonly kind: 'stage'
  /** As in `dvc.lock`: `train`, `train@uk`. */
  readonly name: string
  /** What the user calls it from the root: `train@uk`, `sub/dvc.yaml:train@uk`. */
  readonly address: string
  /** The stage in the file that `foreach` or `matrix` made this one of. */
  readonly group?: string
  /** The `dvc.yaml`, relative to the root. */
  readonly file: string
  readonly place: Place
  /** Relative to the root; `.` is the root. */
  readonly wdir: string
  /** As it is recorded and compared. */
  readonly cmd: string | readonly string[]
  /**
   * Each is run in a shell of its own, in order, until one fails: the lines of a text, or the items of
   * a list, which may have several lines.
   */
  readonly commands: readonly string[]
  readonly deps: readonly StageDep[]
  readonly params: readonly StageParams[]
  readonly outs: readonly StageOut[]
  readonly frozen: boolean
  readonly alwaysChanged: boolean
  readonly desc?: string
  readonly meta?: DvcValue
  /** `meta.stepwell`, checked. */
  readonly options: EngineOptions
}

/** A stage that reads and writes nothing, and so is always run. */
export function isCallback(stage: Stage): boolean {
  return stage.deps.length === 0 && stage.params.length === 0 && stage.outs.length === 0
}
