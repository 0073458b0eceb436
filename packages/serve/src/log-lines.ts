import type { PredictionLine, RefusalLine } from '@stepwell/registry'
import type { FieldProblem } from './answer.ts'
import type { ReadyModel } from './live-model.ts'
import type { Predictions } from './predict.ts'

/** A request whose rows were judged. */
export interface ServedRequest {
  readonly request: string
  /** Since its head was read, in milliseconds. */
  readonly elapsed: number
  readonly by: ReadyModel
  /** As they came in. */
  readonly rows: readonly unknown[]
}

type Kept = Readonly<Record<string, string | number | boolean | null>>

// A longer text is left out and not cut: what rows are joined by must not become that of another row.
const MAX_TEXT = 256

/** What the log says of rows that were answered. */
export function predictionLines(
  served: ServedRequest,
  { rows, beyond, values }: Predictions,
  keep: readonly string[],
): PredictionLine[] {
  const lineOf = lineMaker(served, keep)
  const ms = Math.round(served.elapsed * 1000) / 1000
  return rows.map((features, row) => ({
    ...lineOf(row),
    features,
    prediction: values[row] ?? Number.NaN,
    ms,
    ...((beyond[row]?.length ?? 0) > 0 && { beyond: beyond[row] ?? [] }),
  }))
}

/** What the log says of rows that were refused: a line for each row that has a problem. */
export function refusalLines(
  served: ServedRequest,
  problems: readonly FieldProblem[],
  keep: readonly string[],
): RefusalLine[] {
  const lineOf = lineMaker(served, keep)
  const byRow = Map.groupBy(problems, ({ row }) => row)
  return [...byRow].map(([row, found]) => ({
    ...lineOf(row),
    refused: Object.fromEntries(found.map(({ field, code }) => [field ?? '', code])),
  }))
}

function lineMaker(
  { request, elapsed, by: { model, version }, rows }: ServedRequest,
  keep: readonly string[],
): (row: number) => Omit<RefusalLine, 'refused'> {
  const at = Date.now() - Math.round(elapsed)
  return (row) => {
    const kept = keptOf(rows[row], keep)
    return { at, request, row, model, version, ...(kept !== undefined && { kept }) }
  }
}

function keptOf(row: unknown, keep: readonly string[]): Kept | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  const entries = keep.flatMap((name): [string, Kept[string]][] => {
    const value: unknown = Object.hasOwn(row, name) ? Reflect.get(row, name) : undefined
    return isKeepable(value) ? [[name, value]] : []
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function isKeepable(value: unknown): value is Kept[string] {
  if (typeof value === 'string') return value.length <= MAX_TEXT
  return value === null || typeof value === 'boolean' || Number.isFinite(value)
}
