import type { Claim, Claims, Waiting } from '../claims/claims.ts'
import { posix } from 'node:path'
import { digestText } from '@stepwell/base/digest'
import type { StepKey } from '../../identity/fingerprint.ts'
import type { DiskClaims } from '../claims/disk-claims.ts'

/**
 * Waits until no other step, in any process, changes what is at the paths of outs.
 * @throws the reason of the signal when it aborts meanwhile.
 */
export async function takeOuts(
  claims: Claims,
  paths: readonly string[],
  waiting: Waiting,
): Promise<Claim> {
  const taken: Claim[] = []
  const release = (): void => {
    for (const claim of taken) claim.release()
  }
  try {
    // In one order, so that no two wait for each other.
    for (const key of [...new Set(paths.map(outKey))].toSorted())
      taken.push(await claims.take(key, waiting))
  } catch (error) {
    release()
    throw error
  }
  return { release }
}

/** `undefined` while another step changes what is there. */
export function tryOut(claims: DiskClaims, path: string): Claim | undefined {
  return claims.tryTake(outKey(path))
}

/** Some file systems tell no upper from lower case. */
function outKey(path: string): StepKey {
  const normal = posix.normalize(path).replace(/\/$/, '')
  // The tag keeps it apart from the keys of steps.
  return digestText(`stepwell out\n${normal.toLowerCase()}`) as StepKey
}
