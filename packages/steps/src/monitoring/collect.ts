import { StepwellError } from '@stepwell/engine/author'
import type { LateLabels } from './late-labels.ts'
import type { ServedVersions } from './served-version.ts'
import {
  isRefusal,
  linesOf,
  timeOf,
  valueIn,
  type PredictionLog,
  type ServedLine,
} from './served-line.ts'
import type { WindowLength } from './window-length.ts'
import { WindowRows } from './window-rows.ts'

export interface CollectOptions {
  /** Lines of other models are left out. */
  readonly name: string
  /** What has the time of a line; by default when its request came. */
  readonly time: string | undefined
  readonly length: WindowLength
  readonly versions: ServedVersions
  readonly labels: LateLabels | undefined
  /** Numbers to keep besides what a version reads. */
  readonly columns: readonly string[]
  readonly signal: AbortSignal
}

export interface Collected {
  /** Those with rows, oldest first. */
  readonly windows: readonly WindowRows[]
  /** Lines whose time cannot be read: they are in no window. */
  readonly untimed: number
}

/**
 * Reads a log into windows. The lines may come in any order.
 * @throws StepwellError STEPWELL_TIME_UNREADABLE when no line has a time; STEPWELL_MODEL_UNKNOWN;
 *   STEPWELL_REGISTRY_DAMAGED.
 */
export function collect(log: PredictionLog, options: CollectOptions): Collected {
  const { name, time, length, versions, labels, signal } = options
  const windows = new Map<number, WindowRows>()
  const columns = new Map<string, { readonly id: string; readonly names: readonly string[] }>()
  const columnsOf = (given: string) => {
    const known = columns.get(given)
    if (known !== undefined) return known
    const { id, features } = versions.get(given)
    const found = { id, names: [...new Set([...features, ...options.columns])] }
    columns.set(given, found)
    return found
  }
  let untimed: ServedLine | undefined
  let lines = 0
  let withoutTime = 0
  for (const line of linesOf(log)) {
    if (lines++ % 10_000 === 0) signal.throwIfAborted()
    if (line.model !== name) continue
    const moment = timeOf(time === undefined ? line.at : valueIn(line, time))
    if (moment === undefined) {
      untimed = line
      withoutTime++
      continue
    }
    const start = length.startOf(moment)
    const window = windows.get(start) ?? new WindowRows(start)
    windows.set(start, window)
    if (isRefusal(line)) {
      window.addRefusal(line)
      continue
    }
    const { id, names } = columnsOf(line.version)
    const row = window.add(line, id, names)
    labels?.join(line, window, row)
  }
  if (windows.size === 0 && untimed !== undefined) throw unreadable(time ?? 'at', untimed)
  const sorted = [...windows.values()].toSorted((a, b) => a.start - b.start)
  return { windows: sorted, untimed: withoutTime }
}

function unreadable(time: string, line: ServedLine): StepwellError {
  const value = JSON.stringify(valueIn(line, time))
  return new StepwellError({
    code: 'STEPWELL_TIME_UNREADABLE',
    summary: `no line of the log of predictions has a time in ${JSON.stringify(time)}`,
    details: value === undefined ? 'lines do not have it at all' : `one has ${value}`,
    hint: 'name in the param `time` what clients send as ISO 8601 text or in milliseconds, or leave it out',
  })
}
