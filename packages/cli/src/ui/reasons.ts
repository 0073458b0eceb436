import { describeReason, type Reason } from '@stepwell/engine'
import { shortDigest } from './text.ts'

const MOST = 12

/** Reasons as clauses, the first few of them and how many more there are. */
export function reasonLines(reasons: readonly Reason[], most: number): string[] {
  return limit(reasons.map(describeReason), most)
}

/** Reasons as clauses, with digests where that is all that tells the old from the new. */
export function reasonsInFull(reasons: readonly Reason[]): string[] {
  const lines = reasons.map((reason) => {
    const text = describeReason(reason)
    if (reason.kind !== 'input' || !reason.before || !reason.after) return text
    return `${text}, ${shortDigest(reason.before)} -> ${shortDigest(reason.after)}`
  })
  return limit(lines, MOST)
}

/** Reasons on one line. */
export function reasonText(reasons: readonly Reason[]): string {
  return reasonLines(reasons, 3).join('; ')
}

/** Reasons for a table: what a step has of its own says more than what it waits for. */
export function ownReasons(reasons: readonly Reason[]): readonly Reason[] {
  const own = reasons.filter(({ kind }) => kind !== 'upstream')
  return own.length > 0 ? own : reasons
}

function limit(lines: readonly string[], most: number): string[] {
  const more = lines.length - most
  return more > 0 ? [...lines.slice(0, most), `and ${more} more`] : [...lines]
}
