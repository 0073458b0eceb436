import type { RunRecord } from '@stepwell/engine'
import { placeIn } from '../place.ts'

/** Why a step failed, in full: a table has room for its beginning. */
export interface Failure {
  /** `step train failed: ...`, with the code, or the place in the project's own code. */
  readonly text: string
  /** What to do about it. */
  readonly hint: string | undefined
  readonly stack: string | undefined
}

/** Of each step that failed in a run. */
export function failuresOf({ steps }: RunRecord, dir: string): Failure[] {
  return Object.values(steps).flatMap(({ name, status, error }) => {
    if (status !== 'failed' || error === undefined) return []
    const isKnown = error.code?.startsWith('STEPWELL_')
    const where = isKnown ? ` (${error.code})` : placeIn(error.stack, dir)
    const text = `step ${name} failed: ${error.message}${where}`
    return [{ text, hint: error.hint, stack: error.stack }]
  })
}

/** An error as it is printed: what happened, and on a line of its own what to do. */
export function withHint(text: string, hint: string | undefined): string {
  return hint === undefined ? text : `${text}\nhint: ${hint}`
}
