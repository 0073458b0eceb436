import { describeReason, type Reason } from '@stepwell/engine'

/** Reasons as clauses, the first few of them and how many more there are. */
export function reasonLines(reasons: readonly Reason[], most: number): string[] {
  const lines = reasons.slice(0, most).map(describeReason)
  const more = reasons.length - lines.length
  return more > 0 ? [...lines, `and ${more} more`] : lines
}

/** Reasons on one line. */
export function reasonText(reasons: readonly Reason[]): string {
  return reasonLines(reasons, 3).join('; ')
}
