import type { Digest } from './digest.ts'
import { chooseEvicted, type Holding } from './eviction.ts'
import type { StepKey } from './fingerprint.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ProjectState } from './project-state.ts'
import type { RunRecord } from './run.ts'
import type { Snapshot, SnapshotStep, StepEntry } from './store/store.ts'
import { sweep } from './store/sweep.ts'

const KEEP_RUNS = 10
const DAY_MS = 86_400_000

export interface GarbageRequest {
  /** How many of the latest runs of each pipeline stay, with all that they used. @default 10 */
  readonly keepRuns?: number
  /** Runs of so many days stay too. @default 0 */
  readonly keepDays?: number
  /** How many bytes may stay. @default any */
  readonly maxSize?: number
  /** Say what would go, and do nothing. @default false */
  readonly dryRun?: boolean
}

/** What went, or would go. */
export interface GarbageReport {
  /** Runs that go on: as long as they do, nothing is let go of. */
  readonly waitsFor: readonly string[]
  readonly runs: readonly string[]
  /** Entries of the step cache, those first that were made first. */
  readonly entries: readonly GarbageEntry[]
  /** Stored values and files. */
  readonly artifacts: number
  readonly bytes: number
  readonly kept: { readonly runs: number; readonly entries: number; readonly bytes: number }
}

export interface GarbageEntry {
  readonly key: StepKey
  /** Of the step, where some record knows it. */
  readonly step?: string
  /** The run that made it, and when. */
  readonly run: string
  readonly at: number
  /** How long it would take to make it again, in milliseconds. */
  readonly duration: number
  /** Of all that it holds, in bytes. */
  readonly size: number
}

/**
 * Lets go of what no kept run, no last known state and no acceptance needs. Whoever calls it holds the
 * project: no run begins meanwhile, and one that goes on already keeps everything.
 *
 * The order is such that a crash at any moment leaves no promise of bytes that are gone: first the states, then the
 * entries, then the bytes.
 */
export async function collectGarbage(
  { keepRuns = KEEP_RUNS, keepDays = 0, maxSize, dryRun = false }: GarbageRequest,
  state: ProjectState,
): Promise<GarbageReport> {
  const { artifacts, cache, runs, snapshots } = state
  const records: RunRecord[] = []
  for await (const record of runs.latest(Number.POSITIVE_INFINITY)) records.push(record)
  const live = records.filter(({ status }) => status === 'running').map(({ id }) => id)
  const since = Date.now() - keepDays * DAY_MS
  const kept = keptRuns(records, keepRuns, since, await state.pins.list())
  const states = new Map<string, Awaited<ReturnType<typeof snapshots.read>>>()
  for (const name of await snapshots.pipelines()) states.set(name, await snapshots.read(name))

  const wanted = new Set([...keysOf(kept), ...state.accepted.standing()])
  for (const { steps } of states.values()) {
    for (const { entries } of Object.values(steps)) if (entries[0]) wanted.add(entries[0].key)
  }
  const all = new Map<StepKey, StepEntry | undefined>()
  for await (const [key, entry] of cache.entries()) all.set(key, entry)
  const held = new HeldBytes(artifacts)
  const holdings = new Map<StepKey, Holding>()
  const latest = new Set(keysOf(latestOfEach(kept)))
  for (const [key, entry] of all) {
    if (entry === undefined || !wanted.has(key)) continue
    const bytes = await held.of(entry.outputs, entry.ingredients)
    holdings.set(key, { key, bytes, duration: entry.duration, isProtected: latest.has(key) })
  }
  const sizes = new Map<Digest, number>()
  for await (const { digest, size } of artifacts.list()) sizes.set(digest, size)
  if (maxSize !== undefined) {
    for (const key of chooseEvicted([...holdings.values()], sizes, maxSize)) holdings.delete(key)
  }

  const stays = (key: StepKey): boolean => holdings.has(key)
  const needed = new Set<Digest>()
  for (const { bytes } of holdings.values()) for (const digest of bytes) needed.add(digest)
  const next = new Map([...states].map(([name, each]) => [name, narrowed(each, stays)]))
  for (const { steps } of next.values()) {
    for (const { entries } of Object.values(steps)) {
      for (const { outputs, ingredients } of entries) {
        for (const digest of await held.of(outputs, ingredients)) needed.add(digest)
      }
    }
  }
  const names = stepNames(records)
  const goingKeys = [...all.keys()].filter((key) => !stays(key))
  const going: GarbageEntry[] = []
  for (const key of goingKeys) {
    const entry = all.get(key)
    if (entry === undefined) continue
    const step = names.get(key)
    const size = sum(await held.of(entry.outputs), sizes)
    const { run, at, duration } = entry
    going.push({ key, ...(step !== undefined && { step }), run, at, duration, size })
  }
  const goingRuns = records.filter((record) => !kept.includes(record)).map(({ id }) => id)
  const goingBytes = [...sizes.keys()].filter((digest) => !needed.has(digest))
  const report: GarbageReport = {
    waitsFor: live,
    runs: goingRuns,
    entries: going.toSorted((a, b) => a.at - b.at),
    artifacts: goingBytes.length,
    bytes: sum(goingBytes, sizes),
    kept: { runs: kept.length, entries: holdings.size, bytes: sum(needed, sizes) },
  }
  if (dryRun || live.length > 0) return report

  for (const [name, { files, ...snapshot }] of next) {
    await snapshots.write(name, snapshot, new Map(Object.entries(files)))
  }
  await runs.compactJournals(
    [...holdings.keys()].flatMap((key) => {
      const entry = all.get(key)
      return entry === undefined ? [] : [{ key, entry }]
    }),
  )
  for (const key of goingKeys) await cache.delete(key)
  for (const digest of goingBytes) await artifacts.remove(digest)
  for (const id of goingRuns) await runs.remove(id)
  await sweep(state.dirs, urlsOf([...next.values()]))
  await state.recycle.purge()
  state.claims.tidy()
  return report
}

function keptRuns(
  records: readonly RunRecord[],
  most: number,
  since: number,
  pins: ReadonlySet<string>,
): RunRecord[] {
  const counts = new Map<string, number>()
  return records.filter(({ id, pipeline, startedAt, status }) => {
    const count = (counts.get(pipeline) ?? 0) + 1
    counts.set(pipeline, count)
    return count <= most || startedAt >= since || pins.has(id) || status === 'running'
  })
}

/** Of each pipeline the latest run. */
function latestOfEach(records: readonly RunRecord[]): RunRecord[] {
  return [...new Map(records.toReversed().map((record) => [record.pipeline, record])).values()]
}

function keysOf(records: readonly RunRecord[]): StepKey[] {
  return records.flatMap(({ steps }) =>
    Object.values(steps).flatMap(({ key }) => (key === undefined ? [] : [key])),
  )
}

function stepNames(records: readonly RunRecord[]): Map<StepKey, string> {
  return new Map(
    records.flatMap(({ steps }) =>
      Object.values(steps).flatMap(({ key, name }) =>
        key === undefined ? [] : [[key, name] as const],
      ),
    ),
  )
}

/** The state without entries that go; the latest one of a step stays where it may not be reused anyway. */
function narrowed<S extends Snapshot>(snapshot: S, stays: (key: StepKey) => boolean): S {
  const steps = Object.entries(snapshot.steps).map(
    ([name, { entries }]): [string, SnapshotStep] => [
      name,
      {
        entries: entries.filter(
          ({ key, reusable }, index) => stays(key) || (index === 0 && !reusable),
        ),
      },
    ],
  )
  return { ...snapshot, steps: Object.fromEntries(steps) }
}

function urlsOf(states: readonly Snapshot[]): Set<string> {
  return new Set(
    states.flatMap(({ steps }) =>
      Object.values(steps).flatMap(({ entries }) =>
        entries.flatMap(({ ingredients }) =>
          Object.values(ingredients.fingerprint.inputs).flatMap((input) =>
            input.kind === 'url' ? [input.url] : [],
          ),
        ),
      ),
    ),
  )
}

function sum(digests: Iterable<Digest>, sizes: ReadonlyMap<Digest, number>): number {
  let total = 0
  for (const digest of digests) total += sizes.get(digest) ?? 0
  return total
}
