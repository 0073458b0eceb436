import type { Digest } from '@stepwell/base/digest'

/** What one record keeps alive, and what it would take to have it again. */
export interface Holding {
  readonly id: string
  readonly bytes: ReadonlySet<Digest>
  /** How long the step took, in milliseconds. */
  readonly duration: number
  /** Whether it stays, whatever the size. */
  readonly isProtected: boolean
}

/**
 * Which holdings are to go so that the rest fits: those first that take the least time to make again for
 * each byte that only they hold (the idea of GreedyDual-Size; Cao and Irani 1997). None goes all of whose
 * bytes stay anyway.
 *
 * @param sizes of all stored bytes
 * @param most how many bytes may stay
 */
export function chooseEvicted(
  holdings: readonly Holding[],
  sizes: ReadonlyMap<Digest, number>,
  most: number,
): string[] {
  const holders = new Map<Digest, number>()
  for (const { bytes } of holdings) {
    for (const digest of bytes) holders.set(digest, (holders.get(digest) ?? 0) + 1)
  }
  let total = 0
  for (const digest of holders.keys()) total += sizes.get(digest) ?? 0
  const lasting = new Set<Digest>()
  for (const { bytes, isProtected } of holdings) {
    if (isProtected) for (const digest of bytes) lasting.add(digest)
  }
  const candidates = holdings
    .filter(
      ({ bytes, isProtected }) =>
        !isProtected && ![...bytes].every((digest) => lasting.has(digest)),
    )
    .map((holding) => ({ holding, value: holding.duration / (ownSize(holding) + 1) }))
    .toSorted((a, b) => a.value - b.value)
  const evicted: string[] = []
  for (const { holding } of candidates) {
    if (total <= most) break
    evicted.push(holding.id)
    for (const digest of holding.bytes) {
      const left = (holders.get(digest) ?? 0) - 1
      holders.set(digest, left)
      if (left === 0) total -= sizes.get(digest) ?? 0
    }
  }
  return evicted

  function ownSize({ bytes }: Holding): number {
    let size = 0
    for (const digest of bytes) if (holders.get(digest) === 1) size += sizes.get(digest) ?? 0
    return size
  }
}
