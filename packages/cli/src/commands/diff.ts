import type { Cli } from '../cli.ts'
import {
  StepwellError,
  type MetricDiff,
  type OutputDiff,
  type RunDiff,
  type RunRecord,
  type StepDiff,
  type StepSide,
} from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { paintStatus, summaryLine } from '../ui/process-table.ts'
import { reasonLines, reasonText } from '../ui/reasons.ts'
import { renderTable } from '../ui/table.ts'
import { brief, formatDuration, formatTime, paint, plural, shortDigest } from '../ui/text.ts'
import { print, printJson, withRecords, type ProjectOptions, type Records } from './project.ts'

/** Adds `stepwell diff`. */
export function register({ command, exit }: Cli): void {
  command('diff', 'compare two recorded runs: what differs, and why')
    .argument('[from]', 'id of a run (default: the latest before it that had the same steps)')
    .argument('[to]', 'id of a run (default: the latest that has ended)')
    .option('--all', 'also list the steps that do not differ')
    .option('--exit-code', 'exit with 3 when outputs differ')
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, options: DiffOptions) =>
      exit(await diffRuns(from, to, options)),
    )
}

export interface DiffOptions extends ProjectOptions {
  readonly all?: boolean
  readonly json?: boolean
  /** Tell by the exit code whether outputs differ. */
  readonly exitCode?: boolean
}

const MOST_NAMES = 8
// How many runs are looked through for one of the same steps.
const RECENT = 50
const MOST_REASONS = 12

/**
 * Compares two recorded runs: the latest that has ended with the one that is named, or with the latest before
 * it that had the same steps, as far as there is one; or two that are named.
 *
 * @throws StepwellError STEPWELL_RUN_UNKNOWN
 */
export async function diffRuns(
  from: string | undefined,
  to: string | undefined,
  { all = false, json, exitCode, ...options }: DiffOptions,
): Promise<ExitCode> {
  return await withRecords(options, async (records) => {
    const [before, after] = await chooseRuns(records, from, to)
    const found = await records.engine.diff(before, after)
    if (json) printJson('stepwell.diff/1', found)
    else print(render(found, before, after, all))
    return exitCode && !found.sameOutputs ? EXIT.stale : EXIT.ok
  })
}

async function chooseRuns(
  records: Records,
  from: string | undefined,
  to: string | undefined,
): Promise<[before: RunRecord, after: RunRecord]> {
  const before = from === undefined ? undefined : await records.engine.runRecord(from)
  if (before !== undefined && to !== undefined) {
    return [before, await records.engine.runRecord(to)]
  }
  const ended: RunRecord[] = []
  for await (const record of records) {
    // Runs of other pipelines have other steps.
    const pipeline = (before ?? ended[0])?.pipeline ?? record.pipeline
    if (record.endedAt === undefined || record.pipeline !== pipeline) continue
    ended.push(record)
    const [latest] = ended
    const isFound = before !== undefined || (ended.length > 1 && hasSameSteps(record, latest))
    if (isFound || ended.length === RECENT) break
  }
  const [after, ...earlier] = ended
  const other = before ?? earlier.find((run) => hasSameSteps(run, after)) ?? earlier[0]
  if (after !== undefined && other !== undefined) return [other, after]
  throw new StepwellError({
    code: 'STEPWELL_RUN_UNKNOWN',
    summary: 'there are no two runs to compare',
    details: `${plural(ended.length, 'run')} ${ended.length === 1 ? 'has' : 'have'} ended`,
    hint: '`stepwell runs` lists them; `stepwell run` makes one',
  })
}

function hasSameSteps(run: RunRecord, other: RunRecord | undefined): boolean {
  const names = (record: RunRecord | undefined): string =>
    Object.keys(record?.steps ?? {})
      .toSorted()
      .join('\0')
  return names(run) === names(other)
}

function render(
  { steps, sameOutputs }: RunDiff,
  before: RunRecord,
  after: RunRecord,
  all: boolean,
): string {
  const same = steps.filter(({ change }) => change === 'same')
  const shown = all ? steps : steps.filter(({ change }) => change !== 'same')
  const parts = [
    [before, after].map((run) => summaryLine(run, formatTime(run.startedAt))).join('\n'),
  ]
  if (shown.length > 0) parts.push(diffTable(shown))
  const differ = steps.length - same.length
  const counts = [
    ...(differ > 0 ? [`${plural(differ, 'step')} ${differ === 1 ? 'differs' : 'differ'}`] : []),
    ...(same.length > 0 ? [sameText(same, all)] : []),
  ]
  parts.push(`${counts.join('; ')}\n${sameOutputs ? 'all outputs are the same' : 'outputs differ'}`)
  return parts.join('\n\n')
}

/** `3 steps are the same: collect, clean, split` */
function sameText(same: readonly StepDiff[], all: boolean): string {
  const count = `${plural(same.length, 'step')} ${same.length === 1 ? 'is' : 'are'} the same`
  if (all) return count
  const names = same.slice(0, MOST_NAMES).map(({ name }) => name)
  const more = same.length - names.length
  return `${count}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function diffTable(steps: readonly StepDiff[]): string {
  return renderTable(
    ['step', 'status', 'why', 'outputs', 'metrics', 'time'],
    steps.map((step) => [
      step.name,
      statusText(step),
      lines(whyLines(step)),
      lines(step.outputs.map(outputText)) || '-',
      lines(step.metrics.map(metricText)) || '-',
      timeText(step),
    ]),
    ['time'],
  )
}

/** In a pipe a row is one line. */
function lines(texts: readonly string[]): string {
  return texts.join(process.stdout.isTTY ? '\n' : '; ')
}

function statusText({ before, after }: StepDiff): string {
  if (before === undefined || after === undefined) {
    return after === undefined
      ? `${paintStatus(before?.status ?? 'waiting')} -> ${paint('yellow', 'not there')}`
      : `${paint('yellow', 'not there')} -> ${paintStatus(after.status)}`
  }
  if (before.status === after.status) return paintStatus(after.status)
  return `${paintStatus(before.status)} -> ${paintStatus(after.status)}`
}

function whyLines(step: StepDiff): string[] {
  const { change, before, after, reasons, recorded, causes } = step
  if (change === 'same') return ['-']
  const failed = [before, after].flatMap((side, index) => errorText(side, index === 0))
  if (before === undefined || after === undefined) {
    return [`only the ${before === undefined ? 'later' : 'earlier'} run has it`, ...failed]
  }
  const first = causes.length > 0 ? [`first cause: ${causes.join(', ')}`] : []
  const told = [...reasonLines(reasons, MOST_REASONS), ...first]
  if (after.key === undefined) told.push('it did not begin')
  else if (before.key === undefined) told.push('it had not begun')
  else if (!recorded) told.push(...ranText(after), 'what it was made of is not kept of both')
  else if (told.length === 0 && failed.length === 0) {
    told.push('made of the same, it gave something else')
  }
  return [...told, ...failed]
}

/** Of a step that failed, its own record says what it ran for. */
function ranText({ status, reasons }: StepSide): string[] {
  if (status !== 'failed' || reasons.length === 0) return []
  return [`it ran because ${reasonText(reasons)}`]
}

function errorText(side: StepSide | undefined, isBefore: boolean): string[] {
  if (side?.error === undefined) return []
  const message = brief(side.error.split('\n')[0] ?? '')
  return [`${isBefore ? 'it had failed' : 'it failed'}: ${paint('red', message)}`]
}

function outputText({ path, change, before, after }: OutputDiff): string {
  const name = path === '' ? 'output' : path
  if (change !== 'changed') return `${name} ${paint(change === 'added' ? 'green' : 'red', change)}`
  return `${name} ${paint('yellow', `${shortDigest(before ?? '')} -> ${shortDigest(after ?? '')}`)}`
}

function metricText({ name, before, after, difference }: MetricDiff): string {
  const values = `${name} ${numberText(before)} -> ${numberText(after)}`
  if (difference === undefined) return values
  return `${values} (${difference > 0 ? '+' : ''}${numberText(difference)})`
}

/** Rounded by its size: a small one does not become zero. */
function numberText(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(6)))
}

function timeText({ before, after }: StepDiff): string {
  const took = [before, after].map((side) => side && hasRun(side) && formatDuration(side.duration))
  const [was, is] = took.map((each) => each || '-')
  return was === is ? (is ?? '-') : `${was} -> ${is}`
}

/** What was cached took no time that says anything. */
function hasRun({ status }: StepSide): boolean {
  return status === 'succeeded' || status === 'failed'
}
