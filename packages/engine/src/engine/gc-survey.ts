import type { StepEntry } from '../record/step-entry.ts'
import type { Digest } from '@stepwell/base/digest'
import type { Holding } from './gc-eviction.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import { HeldBytes } from './gc-reachable.ts'
import { keptRuns, keysOf, type KeptRuns } from '../record/retention.ts'
import type { ProjectState } from './project.ts'
import type { RunRecord } from '../record/run-record.ts'
import { withoutRevoked, type Snapshot, type SnapshotEntry } from '../record/snapshot.ts'
import type { DiskSnapshots } from '../store/state/disk-snapshots.ts'

export type KnownState = Awaited<ReturnType<DiskSnapshots['read']>>

/** What a project keeps, and what is to stay of it. */
export interface Survey {
  /** Latest first. */
  readonly records: readonly RunRecord[]
  readonly runs: KeptRuns
  /** By pipeline. */
  readonly states: ReadonlyMap<string, KnownState>
  /** Of the step cache; `undefined` where they are damaged. */
  readonly entries: ReadonlyMap<StepKey, StepEntry | undefined>
  /** Of the entries, those that only a state has. */
  readonly onlyKnown: ReadonlySet<StepKey>
  /** Of all stored bytes. */
  readonly sizes: ReadonlyMap<Digest, number>
  readonly held: HeldBytes
  /** What is to stay: entries under their keys, and what else a step left in a run. */
  readonly holdings: ReadonlyMap<string, Holding>
  /** Keys that the latest runs, pinned ones and the last known states have. */
  readonly firmKeys: ReadonlySet<StepKey>
}

/** Looks through all that is kept. */
export async function surveyProject(
  keep: { readonly keepRuns: number; readonly keepDays: number },
  state: ProjectState,
): Promise<Survey> {
  const { artifacts, cache, snapshots, accepted } = state
  const records: RunRecord[] = []
  for await (const record of state.runs.latest(Number.POSITIVE_INFINITY)) records.push(record)
  const runs = keptRuns(records, keep, await state.pins.list())
  const states = new Map<string, KnownState>()
  for (const name of await snapshots.pipelines()) {
    const known = await snapshots.read(name)
    states.set(name, { ...known, ...withoutRevoked(known, (key) => accepted.stands(key)) })
  }
  const sizes = new Map<Digest, number>()
  for await (const { digest, size } of artifacts.list()) sizes.set(digest, size)
  const held = new HeldBytes(artifacts, state.ledgers)
  const entries = new Map<StepKey, StepEntry | undefined>()
  for await (const [key, entry] of cache.entries()) entries.set(key, entry)
  const onlyKnown = new Set<StepKey>()
  for (const { key, reusable, ...entry } of entriesIn(states.values())) {
    // It is used all the same, and so it counts as one of the cache. What was accepted may not be.
    if (!reusable || entry.accepted !== undefined || entries.get(key) !== undefined) continue
    if (!isIn(sizes, await held.promised(entry.outputs))) continue
    entries.set(key, entry)
    onlyKnown.add(key)
  }
  const firmKeys = new Set(keysOf(runs.firm))
  for (const { steps } of states.values()) {
    for (const { entries: each } of Object.values(steps)) if (each[0]) firmKeys.add(each[0].key)
  }
  const found = { records, runs, states, entries, onlyKnown, sizes, held, firmKeys }
  const wanted = new Set([...keysOf(runs.kept), ...firmKeys, ...accepted.standing()])
  // A run that was killed may have committed what its events do not tell of.
  for (const { id } of runs.kept) {
    for (const key of await state.runs.committed(id)) wanted.add(key)
  }
  return { ...found, holdings: await holdingsOf(found, wanted) }
}

async function holdingsOf(
  { runs, states, entries, held, firmKeys }: Omit<Survey, 'holdings'>,
  wanted: ReadonlySet<StepKey>,
): Promise<Map<string, Holding>> {
  const holdings = new Map<string, Holding>()
  const copies = Map.groupBy(entriesIn(states.values()), ({ key }) => key)
  for (const [key, entry] of entries) {
    if (entry === undefined || !wanted.has(key)) continue
    const bytes = new Set<Digest>()
    for (const { outputs, ingredients } of [entry, ...(copies.get(key) ?? [])]) {
      for (const digest of await held.of(outputs, ingredients)) bytes.add(digest)
    }
    const { duration } = entry
    holdings.set(key, { id: key, bytes, duration, isProtected: firmKeys.has(key) })
  }
  // What a run left that is in no entry, since it may not be cached or was made again: it cannot be used
  // again, but it can be looked at and restored.
  for (const record of runs.kept) {
    for (const { name, key, output, picks = {}, outs = {}, itemBase } of Object.values(
      record.steps,
    )) {
      if (output === undefined && itemBase === undefined) continue
      const bytes = await held.of({
        ...(output !== undefined && { value: output }),
        ...(itemBase !== undefined && { items: itemBase }),
        picks,
        outs,
      })
      if (isIn(holdings.get(key ?? '')?.bytes ?? new Set(), bytes)) continue
      const id = `${record.id} ${name}`
      holdings.set(id, { id, bytes, duration: 0, isProtected: runs.firm.includes(record) })
    }
  }
  return holdings
}

export function entriesIn(states: Iterable<Snapshot>): SnapshotEntry[] {
  return [...states].flatMap(({ steps }) => Object.values(steps).flatMap(({ entries }) => entries))
}

function isIn(all: { has(digest: Digest): boolean }, some: Iterable<Digest>): boolean {
  return [...some].every((digest) => all.has(digest))
}
