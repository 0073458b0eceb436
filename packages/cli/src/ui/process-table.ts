import { type ItemCounts, type RunRecord, type StepRecord } from '@stepwell/engine'
import { reasonText } from './reasons.ts'
import { renderTable } from './table.ts'
import { brief, formatDuration, formatSize, paint, plural, visible } from './text.ts'

const HEAD = ['step', 'action', 'input', 'output', 'status', 'time', 'reason']

/** A run as it is shown while a loop goes on looking at some of its steps. */
export function withOngoing(run: RunRecord, names: readonly string[]): RunRecord {
  const steps = Object.entries(run.steps).map(([name, step]): [string, StepRecord] => {
    const isDone = step.status === 'succeeded' || step.status === 'cached'
    return [name, isDone && names.includes(name) ? { ...step, status: 'ongoing' } : step]
  })
  return { ...run, steps: Object.fromEntries(steps) }
}

/** One row a step: what it does, from what, to what, how it went, how long it took, and why. */
export function processTable(run: RunRecord): string {
  return renderTable(
    HEAD,
    stepsOf(run).map((step) => [
      step.name,
      step.action,
      step.inputs.map(({ source }) => source).join(', ') || '-',
      outputText(step),
      paintStatus(step.status),
      timeOf(step),
      reasonOf(step),
    ]),
    ['action', 'input', 'output'],
  )
}

/** What a step returned, and what it left in the project: `17 rows, out/table.csv (1.2 MB)`. */
function outputText({ output, outs = {} }: ShownStep): string {
  const left = Object.values(outs).map(({ path, size }) => `${path} (${formatSize(size)})`)
  const isNothing = output !== undefined && ['nothing', 'null'].includes(output.about)
  const returned = output === undefined || (left.length > 0 && isNothing)
  return [...(returned ? [] : [output.about]), ...left].join(', ') || '-'
}

interface ShownStep extends Omit<StepRecord, 'status'> {
  readonly status: StepRecord['status'] | 'interrupted'
}

/** What was running in a run that was killed does so no longer. */
function stepsOf({ status, steps }: RunRecord): ShownStep[] {
  return Object.values(steps).map((step) =>
    status === 'interrupted' && isLive(step) ? { ...step, status } : step,
  )
}

/** A service that outlives its run has ended in it. */
function isLive({ status, endedAt }: StepRecord): boolean {
  return status === 'running' || (status === 'ongoing' && endedAt === undefined)
}

function timeOf({ status, duration, startedAt, endedAt }: ShownStep): string {
  if (['waiting', 'skipped', 'cancelled', 'interrupted'].includes(status)) return '-'
  const isOver = endedAt !== undefined || !['running', 'ongoing'].includes(status)
  return formatDuration(isOver ? duration : Date.now() - (startedAt ?? Date.now()))
}

/** `3 succeeded, 4 cached`, in the order in which a reader cares. */
export function countStatuses(run: RunRecord): string {
  const counts = new Map<string, number>()
  for (const { status } of stepsOf(run)) counts.set(status, (counts.get(status) ?? 0) + 1)
  const order: ShownStep['status'][] = [
    'interrupted',
    'running',
    'ongoing',
    'failed',
    'skipped',
    'cancelled',
    'succeeded',
    'cached',
    'waiting',
  ]
  return order
    .filter((status) => counts.has(status))
    .map((status) => `${counts.get(status)} ${status}`)
    .join(', ')
}

/**
 * `run 20261123-...: succeeded in 1.20 s, 7 steps: 3 succeeded, 4 cached`; below it what it was run for.
 *
 * @param more what else is told on its first line
 */
export function summaryLine(run: RunRecord, more?: string): string {
  const { status, startedAt, endedAt } = run
  const since = status === 'running' ? ` for ${formatDuration(Date.now() - startedAt)}` : ''
  const took = endedAt === undefined ? since : ` in ${formatDuration(endedAt - startedAt)}`
  const steps = plural(Object.keys(run.steps).length, 'step')
  const why = run.because === undefined ? '' : `\nbecause ${visible(run.because)}`
  return `run ${run.id}: ${paintStatus(run.status)}${took}, ${steps}: ${countStatuses(run)}${more === undefined ? '' : `, ${more}`}${why}`
}

export function paintStatus(status: RunRecord['status'] | StepRecord['status']): string {
  switch (status) {
    case 'succeeded':
      return paint('green', status)
    case 'cached':
    case 'ongoing':
      return paint('cyan', status)
    case 'failed':
    case 'interrupted':
      return paint('red', status)
    case 'skipped':
    case 'cancelled':
      return paint('yellow', status)
    case 'waiting':
    case 'running':
      return status
  }
}

function reasonOf({ status, reasons, items, error }: ShownStep): string {
  if (status === 'failed' && error !== undefined) return brief(error.message.split('\n')[0] ?? '')
  return items === undefined ? reasonText(reasons) : `${itemsText(items)}: ${reasonText(reasons)}`
}

/** `120 of 1,000 items executed, 3 failed` */
export function itemsText({ total, executed, failed }: ItemCounts): string {
  const done = `${executed} of ${plural(total, 'item')} executed`
  return failed === 0 ? done : `${done}, ${failed} failed`
}
