import type { Watched } from '@stepwell/engine'

/** What a cycle tells the process that watches. */
export type FromCycle =
  /** What it depends on, told before anything is executed. */
  | { readonly kind: 'watched'; readonly watched: Watched }
  /** The id of its run. */
  | { readonly kind: 'begun'; readonly run: string }
  /** The steps that are executed now. */
  | { readonly kind: 'running'; readonly steps: readonly string[] }

/** What the process that watches tells a cycle. */
export interface ToCycle {
  readonly kind: 'stop'
  /** As of `Run.stop`. */
  readonly how: 'finish' | 'kill'
  /** For people. */
  readonly why: string
}
