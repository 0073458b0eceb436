import type { Engine } from '@stepwell/engine'
import type { Decision } from './decision.ts'
import { LoopFiles, type LoopNotice } from './loop-files.ts'
import { claimOf } from './run-loop.ts'

/** A loop that is up now. */
export interface LiveLoop extends LoopNotice {
  /** Who runs it, in words. */
  readonly owner: string
}

/** The loop of a pipeline, if one is up. Reads files only. */
export function liveLoop(engine: Engine, pipeline: string): LiveLoop | undefined {
  const owner = engine.claimant(claimOf(pipeline))
  const notice = owner === undefined ? undefined : new LoopFiles(engine.dir, pipeline).notice()
  return owner === undefined || notice === undefined ? undefined : { ...notice, owner }
}

/** What the loops of a pipeline have decided, oldest first. Reads files only. */
export function decisionsOf(engine: Engine, pipeline: string): Decision[] {
  return new LoopFiles(engine.dir, pipeline).decisions()
}
