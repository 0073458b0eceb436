import type { Engine } from '@stepwell/engine'
import type { Decision } from './decision.ts'
import { LoopFiles, type LoopNotice } from './loop-files.ts'
import { claimOf } from './run-loop.ts'

/** What is known of a pipeline's loop, without having it. */
export interface LoopStatus {
  /** The loop that is up now, and who runs it, in words. */
  readonly live?: LoopNotice & { readonly owner: string }
  /** What was decided, oldest first. */
  readonly decisions: readonly Decision[]
}

/** Reads files only. */
export function loopStatus(engine: Engine, pipeline: string): LoopStatus {
  const files = new LoopFiles(engine.dir, pipeline)
  const owner = engine.claimant(claimOf(pipeline))
  const notice = owner === undefined ? undefined : files.notice()
  return {
    ...(owner !== undefined && notice !== undefined && { live: { ...notice, owner } }),
    decisions: files.decisions(),
  }
}
