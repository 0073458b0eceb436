import { sortedDrift, type Drift } from '../drift.ts'
import { quantile } from '../summary.ts'
import { errorOf, type Baseline, type WindowError } from './error.ts'
import { likeKey } from './reference-sample.ts'
import type { ServedVersion, ServedVersions } from './served-version.ts'
import type { WindowRows } from './window-rows.ts'

/** Of the time from a request to its prediction, in milliseconds: quantiles over the rows. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** What the rows of a window are compared with. */
export interface ComparedWith {
  readonly version: string
  /** Rows of its reference. */
  readonly rows: number
  /** Whether these are those that are like the window's, by the param `like`. */
  readonly alike: boolean
}

/** What there is to say of the rows of some windows. */
export interface Measures {
  /** Rows that were answered. */
  readonly rows: number
  readonly labelled: number
  /** Rows by version. */
  readonly versions: Readonly<Record<string, number>>
  readonly error: WindowError | undefined
  /** `null` when no row was answered. */
  readonly latency: Latency | null
  /** Share of the rows that have this input beyond the range of the training rows. */
  readonly beyond: Readonly<Record<string, number>>
  /** Share of the rows that have any. */
  readonly beyondAny: number
  readonly refused: Refused
  /** `null` when the version that answered most has no reference. */
  readonly reference: ComparedWith | null
  /** By column; empty without a reference, or with too few rows. */
  readonly drift: Readonly<Record<string, Drift>>
}

export interface Refused {
  readonly count: number
  /** Of all rows that came. */
  readonly share: number
  /** How many rows each input was a reason for. */
  readonly byField: Readonly<Record<string, number>>
}

export interface MeasureOptions {
  readonly versions: ServedVersions
  readonly baseline: Baseline | undefined
  readonly like: readonly string[]
  readonly minRows: number
  readonly bins: number
}

/** Measures some windows as one. What comes out does not depend on the order of the rows. */
export async function measure(
  windows: readonly WindowRows[],
  options: MeasureOptions,
): Promise<Measures> {
  const rows = sum(windows.map((window) => window.rows))
  const refused = sum(windows.map((window) => window.refusedRows))
  const counts = added(windows.map((window) => window.versionCounts()))
  const main = mainVersion(counts)
  const beyond = added(windows.map((window) => window.beyond))
  return {
    rows,
    labelled: sum(windows.map((window) => window.labelled.length)),
    versions: Object.fromEntries(counts),
    error: await errorOf(windows, options.versions, options.baseline),
    latency: latencyOf(windows, rows),
    beyond: Object.fromEntries(beyond.map(([name, count]) => [name, count / rows])),
    beyondAny: rows === 0 ? 0 : sum(windows.map((window) => window.beyondRows)) / rows,
    refused: {
      count: refused,
      share: refused === 0 ? 0 : refused / (rows + refused),
      byField: Object.fromEntries(added(windows.map((window) => window.refused))),
    },
    ...driftFrom(windows, main === undefined ? undefined : options.versions.get(main), options),
  }
}

/** The version that answered most rows; of several, the one with the smallest id. */
export function mainVersion(
  counts: Iterable<readonly [id: string, rows: number]>,
): string | undefined {
  const [first] = [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return first?.[0]
}

function driftFrom(
  windows: readonly WindowRows[],
  version: ServedVersion | undefined,
  { like, minRows, bins }: MeasureOptions,
): Pick<Measures, 'reference' | 'drift'> {
  if (version?.reference === undefined) return { reference: null, drift: {} }
  const keys = new Set<string>()
  if (like.length > 0) {
    for (const [window, row] of rowsOf(windows)) {
      keys.add(likeKey(like.map((name) => window.number(row, name))))
    }
  }
  const sample = version.reference.sampleOf(keys, minRows)
  const reference = { version: version.id, rows: sample.rows, alike: sample.alike }
  const drift = version.features.flatMap((name): [string, Drift][] => {
    const before = sample.column(name)
    const after = numbersOf(windows, (window, row) => window.number(row, name))
    if (before === undefined || before.length === 0 || after.length < minRows) return []
    return after.length === 0 ? [] : [[name, sortedDrift(before, after, bins)]]
  })
  return { reference, drift: Object.fromEntries(drift) }
}

function latencyOf(windows: readonly WindowRows[], rows: number): Latency | null {
  const ms = numbersOf(windows, (window, row) => window.ms(row))
  if (rows === 0 || ms.length === 0) return null
  return { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95), p99: quantile(ms, 0.99) }
}

/** The numbers that the rows have, sorted. */
function numbersOf(
  windows: readonly WindowRows[],
  read: (window: WindowRows, row: number) => number,
): Float64Array {
  const numbers = new Float64Array(sum(windows.map(({ rows }) => rows)))
  let count = 0
  for (const [window, row] of rowsOf(windows)) {
    const value = read(window, row)
    if (!Number.isNaN(value)) numbers[count++] = value
  }
  return numbers.subarray(0, count).toSorted()
}

function* rowsOf(windows: readonly WindowRows[]): Generator<[WindowRows, number], void, undefined> {
  for (const window of windows) for (let row = 0; row < window.rows; row++) yield [window, row]
}

/** Counts by name, of all together, sorted by name. */
function added(parts: readonly ReadonlyMap<string, number>[]): [string, number][] {
  const all = new Map<string, number>()
  for (const part of parts) {
    for (const [name, count] of part) all.set(name, (all.get(name) ?? 0) + count)
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
