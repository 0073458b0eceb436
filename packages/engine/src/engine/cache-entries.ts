import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import { HeldBytes } from './gc-reachable.ts'
import type { ProjectState } from './project.ts'

/** An entry of the step cache, for people. */
export interface CachedEntry {
  readonly key: StepKey
  /** Of the step and its pipeline, where some recorded run knows them. */
  readonly step?: string
  readonly pipeline?: string
  /** The run that made it, and when. */
  readonly run: string
  readonly at: number
  /** The latest recorded run that used it. */
  readonly lastRun?: string
  /** How long it took, in milliseconds. */
  readonly duration: number
  /** Of its outputs and outs, in bytes; some may be shared with others. */
  readonly size: number
}

/** What is in the step cache. */
export interface CacheListing {
  /** Largest first. */
  readonly entries: readonly CachedEntry[]
  /** Of all of them together: what several hold counts once. */
  readonly bytes: number
}

/** See `Engine.cacheEntries`. */
export async function listCache(state: ProjectState): Promise<CacheListing> {
  const { artifacts, cache, runs } = state
  const uses = new Map<StepKey, { step: string; pipeline: string; lastRun: string }>()
  for await (const { id, pipeline, steps } of runs.latest(Number.POSITIVE_INFINITY)) {
    for (const { name, key } of Object.values(steps)) {
      // The latest run comes first.
      if (key !== undefined && !uses.has(key)) uses.set(key, { step: name, pipeline, lastRun: id })
    }
  }
  const sizes = new Map<Digest, number>()
  for await (const { digest, size } of artifacts.list()) sizes.set(digest, size)
  const held = new HeldBytes(artifacts, state.ledgers)
  const entries: CachedEntry[] = []
  const all = new Set<Digest>()
  for await (const [key, entry] of cache.entries()) {
    if (entry === undefined) continue
    const { outputs, run, at, duration } = entry
    let size = 0
    for (const digest of await held.of(outputs)) {
      size += sizes.get(digest) ?? 0
      all.add(digest)
    }
    entries.push({ key, ...uses.get(key), run, at, duration, size })
  }
  let bytes = 0
  for (const digest of all) bytes += sizes.get(digest) ?? 0
  return { entries: entries.toSorted((a, b) => b.size - a.size), bytes }
}
