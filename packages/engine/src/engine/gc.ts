import { sizeOf, type Size } from '@stepwell/base/quantity'
import type { Snapshot, SnapshotStep } from '../record/snapshot.ts'
import type { Digest } from '@stepwell/base/digest'
import { chooseEvicted } from './gc-eviction.ts'
import { entriesIn, surveyProject, type KnownState, type Survey } from './gc-survey.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import { itemBasesOf, keysOf, stepNames } from '../record/retention.ts'
import type { ProjectState } from './project.ts'
import type { JournalRecord } from '../store/cache/journal.ts'
import { sweep } from '../store/sweep.ts'

const KEEP_RUNS = 10

export interface GarbageRequest {
  /** How many of the latest runs of each pipeline stay, with all that they used. @default 10 */
  readonly keepRuns?: number
  /** Runs of the last days that stay, too. @default 0 */
  readonly keepDays?: number
  /** How many bytes may stay. @default any */
  readonly maxSize?: Size
  /** Say what would go, and do nothing. @default false */
  readonly dryRun?: boolean
}

/** What went, or would go. */
export interface GarbageReport {
  /** Runs that go on: until they end, nothing is deleted. */
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
 * Deletes what no kept run, no last known state and no acceptance needs. The caller holds the project: no run
 * begins meanwhile, and one that already goes on keeps everything.
 *
 * The order is such that a crash at any moment leaves no promise of bytes that are gone: first the states,
 * then the entries, then the records of runs, then the bytes.
 *
 * @throws TypeError for an option out of range.
 */
export async function collectGarbage(
  { keepRuns = KEEP_RUNS, keepDays = 0, maxSize: most, dryRun = false }: GarbageRequest,
  state: ProjectState,
): Promise<GarbageReport> {
  checkRange('keepRuns', keepRuns, 1)
  checkRange('keepDays', keepDays, 0)
  const maxSize = most === undefined ? undefined : sizeOf(most, '`maxSize` of gc()')
  const survey = await surveyProject({ keepRuns, keepDays }, state)
  const { records, states, entries, sizes, held } = survey
  const { kept, gone } = survey.runs
  const holdings = new Map(survey.holdings)
  if (maxSize !== undefined) {
    for (const id of chooseEvicted([...holdings.values()], sizes, maxSize)) holdings.delete(id)
  }
  const stays = (key: StepKey): boolean => holdings.has(key)
  const needed = new Set<Digest>()
  for (const { bytes } of holdings.values()) for (const digest of bytes) needed.add(digest)
  const next = new Map([...states].map(([name, each]) => [name, narrowed(each, stays)]))
  for (const { outputs, ingredients } of entriesIn(next.values())) {
    for (const digest of await held.of(outputs, ingredients)) needed.add(digest)
  }
  const names = stepNames(records)
  const staying: JournalRecord[] = []
  const goingKeys: StepKey[] = []
  const going: GarbageEntry[] = []
  for (const [key, entry] of entries) {
    if (!stays(key)) goingKeys.push(key)
    if (entry === undefined) continue
    if (stays(key)) {
      staying.push({ key, entry })
      continue
    }
    const step = names.get(key)
    const size = sum(await held.of(entry.outputs), sizes)
    const { run, at, duration } = entry
    going.push({ key, ...(step !== undefined && { step }), run, at, duration, size })
  }
  const goingBytes = [...sizes.keys()].filter((digest) => !needed.has(digest))
  const live = kept.filter(({ status }) => status === 'running').map(({ id }) => id)
  const report: GarbageReport = {
    waitsFor: live,
    runs: gone.map(({ id }) => id),
    entries: going.toSorted((a, b) => a.at - b.at),
    artifacts: goingBytes.length,
    bytes: sum(goingBytes, sizes),
    kept: { runs: kept.length, entries: staying.length, bytes: sum(needed, sizes) },
  }
  if (!dryRun && live.length === 0) {
    await letGo({ next, staying, goingKeys, goingBytes }, survey, state)
  }
  return report
}

/** What is written before anything goes, and what goes. */
interface Decision {
  readonly next: ReadonlyMap<string, KnownState>
  readonly staying: readonly JournalRecord[]
  readonly goingKeys: readonly StepKey[]
  readonly goingBytes: readonly Digest[]
}

async function letGo(
  { next, staying, goingKeys, goingBytes }: Decision,
  { runs, onlyKnown, firmKeys }: Survey,
  state: ProjectState,
): Promise<void> {
  for (const [name, { files, ...snapshot }] of next) {
    await state.snapshots.write(name, snapshot, new Map(Object.entries(files)))
  }
  for (const { key, entry } of staying) if (onlyKnown.has(key)) await state.cache.put(key, entry)
  await state.runs.compactJournals(staying)
  for (const key of goingKeys) await state.cache.delete(key)
  for (const { id } of runs.gone) await state.runs.remove(id)
  for (const digest of goingBytes) await state.artifacts.remove(digest)
  const kept = [...staying.map(({ entry }) => entry), ...entriesIn(next.values())]
  const bases = kept.flatMap(({ outputs }) => outputs.items ?? [])
  await state.ledgers.keep(new Set([...bases, ...itemBasesOf(runs.kept)]))
  const keys = new Set([...keysOf(runs.kept), ...firmKeys])
  await sweep(state.dirs, { urls: urlsOf(next.values()), keys })
  await state.runs.sweep()
  await state.tidy()
  state.claims.tidy()
}

function checkRange(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return
  throw new TypeError(`Expected \`${option}\` to be an integer from ${least} up, got ${value}`)
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

function urlsOf(states: Iterable<Snapshot>): Set<string> {
  return new Set(
    entriesIn(states).flatMap(({ ingredients: { fingerprint } }) =>
      Object.values({ ...fingerprint.dependsOn, ...fingerprint.inputs }).flatMap((input) =>
        input.kind === 'url' ? [input.url] : [],
      ),
    ),
  )
}

function sum(digests: Iterable<Digest>, sizes: ReadonlyMap<Digest, number>): number {
  let total = 0
  for (const digest of digests) total += sizes.get(digest) ?? 0
  return total
}
