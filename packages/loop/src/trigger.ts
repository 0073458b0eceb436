import { timeOf, type Time } from '@stepwell/base/quantity'
import { messageOf } from '@stepwell/base/errors'
import type { DirHandle, FileHandle, GlobHandle, Step } from '@stepwell/engine'
import { nextTime } from './cron.ts'

/** How a monitoring step judges, from good to bad. */
export type Status = 'ok' | 'warn' | 'alert'

/** What a monitoring step returns, at least: `monitorPredictions` and `monitorModel` do. */
export interface Judgement {
  readonly status: Status
  /** The worst first. */
  readonly reasons?: readonly string[]
}

export type DataHandle = FileHandle | DirHandle | GlobHandle

/** A step of the pipeline, or its name. */
export type Target = string | Step

export interface OnSchedule {
  readonly kind: 'schedule'
  readonly cron: string
  readonly timezone: string | undefined
  readonly run: readonly Target[]
}

export interface OnNewData {
  readonly kind: 'new-data'
  readonly data: readonly DataHandle[]
  /** In milliseconds. */
  readonly every: number
  readonly run: readonly Target[]
}

export interface OnDrift {
  readonly kind: 'drift'
  readonly monitor: Target
  readonly from: 'warn' | 'alert'
  readonly run: readonly Target[]
}

/** What makes a loop run steps. */
export type Trigger = OnSchedule | OnNewData | OnDrift

interface RunOption {
  /** The steps to run, with what they need. */
  readonly run: readonly Target[]
}

/**
 * Runs steps when a cron expression is due: `0 6 * * 1` is Mondays at six. What was missed while no loop was
 * up is made up for once.
 *
 * @param timezone such as `Europe/Vienna` @default that of the machine
 * @throws TypeError for an invalid expression or time zone.
 */
export function onSchedule(
  cron: string,
  { run, timezone }: RunOption & { readonly timezone?: string },
): OnSchedule {
  try {
    // croner takes a moment as well: once it is past, no pipeline file that names it could be loaded.
    if (Number.isFinite(Date.parse(cron)) && !cron.includes(' ')) throw new Error('it is a moment')
    if (nextTime(cron, timezone, Date.now()) === undefined) throw new Error('it is never due')
  } catch (cause) {
    const facts = messageOf(cause)
    throw new TypeError(
      `Expected \`cron\` of onSchedule() to be such as '0 6 * * 1', got ${JSON.stringify(cron)}: ${facts}`,
      { cause },
    )
  }
  return { kind: 'schedule', cron, timezone, run: checkRun(run, 'onSchedule') }
}

/**
 * Runs steps when files have come, changed or gone. Those that still change from one look to the next are
 * waited for.
 *
 * @param data handles of files, directories or patterns, as inputs of steps
 * @param every how often to look: a time such as `'10 s'` @default '1 s'
 * @throws TypeError for handles of another kind, or an invalid time.
 */
export function onNewData(
  data: DataHandle | readonly DataHandle[],
  { run, every = 1000 }: RunOption & { readonly every?: Time },
): OnNewData {
  const all: readonly DataHandle[] = Array.isArray(data) ? data : [data as DataHandle]
  const kinds = new Set(['file', 'dir', 'glob'])
  if (all.length === 0 || !all.every((handle) => kinds.has(handle?.kind))) {
    throw new TypeError('Expected `data` of onNewData() to be made by file(), dir() or glob()')
  }
  const time = timeOf(every, '`every` of onNewData()')
  if (time < 10)
    throw new TypeError(`Expected \`every\` of onNewData() to be at least 10 ms, got ${every}`)
  return { kind: 'new-data', data: all, every: time, run: checkRun(run, 'onNewData') }
}

/**
 * Runs steps when a monitoring step says that things are not as they were: once for each of its outputs
 * whose status is `from` or worse.
 *
 * @param monitor a step that returns a `Judgement`
 * @param from the mildest status that counts @default 'alert'
 */
export function onDrift(
  monitor: Step<Judgement> | string,
  { run, from = 'alert' }: RunOption & { readonly from?: 'warn' | 'alert' },
): OnDrift {
  if (from !== 'warn' && from !== 'alert') {
    throw new TypeError(
      `Expected \`from\` of onDrift() to be 'warn' or 'alert', got ${String(from)}`,
    )
  }
  return { kind: 'drift', monitor, from, run: checkRun(run, 'onDrift') }
}

function checkRun(run: unknown, of: string): readonly Target[] {
  if (Array.isArray(run) && run.length > 0) return run as readonly Target[]
  throw new TypeError(`Expected \`run\` of ${of}() to list at least one step`)
}

/** Whether a status is so bad, or worse. */
export function isAsBad(status: Status, as: Status): boolean {
  const ranks: Record<Status, number> = { ok: 0, warn: 1, alert: 2 }
  return ranks[status] >= ranks[as]
}

/** A judgement as a step returned it, or `undefined` where the output is not a judgement. */
export function readJudgement(value: unknown): Judgement | undefined {
  if (typeof value !== 'object' || value === null || !('status' in value)) return undefined
  const { status } = value
  if (status !== 'ok' && status !== 'warn' && status !== 'alert') return undefined
  const reasons =
    'reasons' in value && Array.isArray(value.reasons) ? value.reasons.map(String) : []
  return { status, reasons }
}
