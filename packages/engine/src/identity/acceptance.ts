import type { StepKey } from './fingerprint.ts'
import type { Reason } from './reason.ts'

/** A user's declaration that a change is harmless: the outputs of one key stand for those of another. */
export interface Acceptance {
  /** The key that the outputs were filed under before. */
  readonly from: StepKey
  readonly because: string
  /** In milliseconds since the epoch. */
  readonly at: number
  /** `user@host` */
  readonly by: string
  /** Where `from` had been accepted itself. */
  readonly earlier?: Acceptance
}

/** Why outputs are taken from the cache: nothing changed, or what did was accepted, latest first. */
export function reasonsOfHit({
  run,
  at,
  accepted,
}: {
  readonly run: string
  readonly at: number
  readonly accepted?: Acceptance
}): Reason[] {
  if (accepted === undefined) return [{ kind: 'unchanged', run, at }]
  const reasons: Reason[] = []
  for (let link: Acceptance | undefined = accepted; link !== undefined; link = link.earlier) {
    reasons.push({ kind: 'accepted', because: link.because, by: link.by, at: link.at, run })
  }
  return reasons
}
