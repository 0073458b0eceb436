import type { RunRecord } from '@stepwell/engine'
import { placeIn } from '../place.ts'

/** Why a step failed, in full: a table has room for its beginning. */
export interface Failure {
  /** `step train failed: ...`, with the code, or the place in the project's own code. */
  readonly text: string
  readonly stack: string | undefined
}

/** Of each step that failed in a run. */
export function failuresOf({ steps }: RunRecord, dir: string): Failure[] {
  return Object.values(steps).flatMap(({ name, status, error }) => {
    if (status !== 'failed' || error === undefined) return []
    const isKnown = error.code?.startsWith('STEPWELL_')
    const where = isKnown ? ` (${error.code})` : placeIn(error.stack, dir)
    return [{ text: `step ${name} failed: ${error.message}${where}`, stack: error.stack }]
  })
}
