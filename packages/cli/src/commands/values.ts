import { withHint } from '../ui/failures.ts'
import type { DvcValue, FileValues, RevisionValues, ValueDiff } from '@stepwell/dvc'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { visible } from '../ui/text.ts'
import { print, printJson } from './project.ts'
import { warn, type History } from './revisions.ts'

// As in DVC.
const PRECISION = 5

/** What of two states is compared. */
export interface DiffRequest {
  readonly schema: 'stepwell.metrics-diff/1' | 'stepwell.params-diff/1'
  /** What one value is called. */
  readonly noun: 'metric' | 'param'
  readonly all: boolean
  readonly precision?: number
  readonly json?: boolean
}

/** Compares the values of two states, and prints what differs. */
export async function printDiff(
  history: History,
  [before, after]: readonly [string, string],
  read: (name: string) => Promise<RevisionValues>,
  { schema, noun, all, precision, json }: DiffRequest,
): Promise<ExitCode> {
  const { diffValues, jsonOf } = await import('@stepwell/dvc')
  // Where there is no commit yet, there is nothing to compare with.
  if ([before, after].includes('HEAD') && !history.git().hasCommits) {
    if (json) printJson(schema, { from: before, to: after, files: {}, errors: [] })
    else print('there is no commit yet to compare with')
    return EXIT.ok
  }
  const [old, now] = [await read(before), await read(after)]
  const errors = [...errorsOf(before, old), ...errorsOf(after, now)]
  const diff = diffValues(old, now, all)
  if (json) {
    const files = [...diff].map(([path, changes]) => {
      const values = [...changes].map(([name, change]) => [name, mapValues(change, jsonOf)])
      return [history.shown(path), Object.fromEntries(values)]
    })
    printJson(schema, { from: before, to: after, files: Object.fromEntries(files), errors })
  } else if (diff.size > 0) print(diffTable(diff, history, [before, after], noun, precision))
  else print(`no ${noun} differs between ${before} and ${after}`)
  return report(errors, diff.size > 0 || errors.length === 0)
}

function diffTable(
  diff: ValueDiff,
  { shown }: History,
  sides: readonly [string, string],
  noun: DiffRequest['noun'],
  precision: number | undefined,
): string {
  const rows = [...diff].flatMap(([path, changes]) =>
    [...changes].map(([name, change]) => [
      visible(shown(path)),
      visible(name),
      ...[change.old, change.new, ...(noun === 'metric' ? [change.diff] : [])].map((value) =>
        valueText(value, precision),
      ),
    ]),
  )
  const change = noun === 'metric' ? ['change'] : []
  return renderTable(['file', noun, ...sides.map(visible), ...change], rows, ['file'])
}

/** A value in a table: floats rounded, and nothing as a dash. */
export function valueText(value: DvcValue | undefined, precision: number = PRECISION): string {
  if (value === undefined || value === null) return '-'
  if (typeof value === 'number' && Number.isFinite(value)) {
    const rounded = Math.abs(value) < 1e21 ? Number(value.toFixed(precision)) : value
    return String(rounded)
  }
  if (typeof value !== 'object') return visible(String(value))
  return 'text' in value ? visible(value.text) : '…'
}

export interface ShownError {
  readonly revision: string
  readonly file?: string
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

export function errorsOf(revision: string, values: RevisionValues): ShownError[] {
  return [...values].flatMap(([file, value]) =>
    'error' in value ? [{ revision, file, ...value.error }] : [],
  )
}

/** Says what is wrong with a revision, and what to do. */
export function warnOf({ revision, message, hint }: ShownError): void {
  warn(withHint(visible(`${revision}: ${message}`), hint === undefined ? hint : visible(hint)))
}

/** Says what could not be read; it is a failure where that is all there is to say. */
export function report(errors: readonly ShownError[], isUseful: boolean): ExitCode {
  for (const error of errors) warnOf(error)
  return isUseful ? EXIT.ok : EXIT.failed
}

function mapValues(record: object, change: (value: DvcValue) => unknown): Record<string, unknown> {
  const entries = Object.entries(record as Readonly<Record<string, DvcValue>>)
  return Object.fromEntries(entries.map(([name, value]) => [name, change(value)]))
}

export function isRead(values: FileValues): values is { readonly data: DvcValue } {
  return 'data' in values
}
