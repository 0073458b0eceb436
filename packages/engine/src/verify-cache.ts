import type { Digest } from './digest.ts'
import type { StepKey } from './fingerprint.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ProjectState } from './project-state.ts'

export interface VerifyRequest {
  /** Told now and then how far it has come, in bytes. */
  readonly progress?: (done: number, total: number) => void
}

export interface VerifyReport {
  readonly artifacts: number
  readonly bytes: number
  readonly entries: number
  /** Bytes that were not what their digest says, and where they are now. */
  readonly damaged: readonly { readonly digest: Digest; readonly aside: string }[]
  /** Entries that could not be read, or promise bytes that are damaged or missing; they are gone. */
  readonly lost: readonly { readonly key: StepKey; readonly step?: string }[]
}

/**
 * Reads all that is stored, whatever its time stamps say. What is damaged is put aside, and entries that
 * promise it go: the steps are rerun when they are needed.
 */
export async function verifyCache(
  { progress = () => undefined }: VerifyRequest,
  state: ProjectState,
): Promise<VerifyReport> {
  const { cache, recycle, runs } = state
  const artifacts = state.unremembering()
  const stored = new Map<Digest, number>()
  let total = 0
  for await (const { digest, size } of artifacts.list()) {
    stored.set(digest, size)
    total += size
  }
  const damaged: VerifyReport['damaged'][number][] = []
  const sound = new Set<Digest>()
  let done = 0
  for (const [digest, size] of stored) {
    if ((await artifacts.check(digest)) === 'present') sound.add(digest)
    else {
      const aside = recycle.place(digest.replace(':', '-'), 'damaged')
      await artifacts.remove(digest, aside)
      damaged.push({ digest, aside })
    }
    done += size
    progress(done, total)
  }
  const names = new Map<StepKey, string>()
  for await (const { steps } of runs.latest(Number.POSITIVE_INFINITY)) {
    for (const { key, name } of Object.values(steps)) if (key !== undefined) names.set(key, name)
  }
  const held = new HeldBytes(artifacts)
  const lost: VerifyReport['lost'][number][] = []
  let entries = 0
  for await (const [key, entry] of cache.entries()) {
    entries += 1
    const bytes = entry && (await held.of(entry.outputs))
    if (bytes !== undefined && [...bytes].every((digest) => sound.has(digest))) continue
    const step = names.get(key)
    lost.push({ key, ...(step !== undefined && { step }) })
  }
  for (const { key } of lost) await cache.delete(key)
  return { artifacts: stored.size, bytes: total, entries, damaged, lost }
}
