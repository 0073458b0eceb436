import { DAY_MS } from '@stepwell/base/quantity'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import type { RunRecord } from './run-record.ts'

export interface KeptRuns {
  /** Latest first. */
  readonly kept: readonly RunRecord[]
  readonly gone: readonly RunRecord[]
  /** Those that keep what they used, whatever its size: of each pipeline the latest, and pinned ones. */
  readonly firm: readonly RunRecord[]
}

/**
 * Which runs stay: the latest of each pipeline, those of the last days, pinned ones, and those that go on.
 *
 * @param records latest first
 */
export function keptRuns(
  records: readonly RunRecord[],
  { keepRuns, keepDays }: { readonly keepRuns: number; readonly keepDays: number },
  pins: ReadonlySet<string>,
): KeptRuns {
  const since = Date.now() - keepDays * DAY_MS
  const counts = new Map<string, number>()
  const kept: RunRecord[] = []
  const gone: RunRecord[] = []
  const firm: RunRecord[] = []
  for (const record of records) {
    const { id, pipeline, startedAt, status } = record
    const count = (counts.get(pipeline) ?? 0) + 1
    counts.set(pipeline, count)
    const stays = count <= keepRuns || startedAt >= since || pins.has(id) || status === 'running'
    const list = stays ? kept : gone
    list.push(record)
    if (stays && (count === 1 || pins.has(id))) firm.push(record)
  }
  return { kept, gone, firm }
}

/** What the steps of runs used or made, by their keys. */
export function keysOf(records: readonly RunRecord[]): StepKey[] {
  return records.flatMap(({ steps }) =>
    Object.values(steps).flatMap(({ key }) => (key === undefined ? [] : [key])),
  )
}

/** What steps of runs have of items that are not in an entry, since others failed. */
export function itemBasesOf(records: readonly RunRecord[]): Digest[] {
  return records.flatMap(({ steps }) =>
    Object.values(steps).flatMap(({ itemBase }) => (itemBase === undefined ? [] : [itemBase])),
  )
}

/** Of each key, the name of a step that had it. */
export function stepNames(records: readonly RunRecord[]): Map<StepKey, string> {
  return new Map(
    records.flatMap(({ steps }) =>
      Object.values(steps).flatMap(({ key, name }) =>
        key === undefined ? [] : [[key, name] as const],
      ),
    ),
  )
}
