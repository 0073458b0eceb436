import type { DirInput, FileInput } from '@stepwell/engine/author'
import { servedIn, type PredictionLine, type RefusalLine } from '@stepwell/registry'
import { memberOf } from '@stepwell/base/json-text'
import { closeSync, openSync, readSync } from 'node:fs'

export type ServedLine = PredictionLine | RefusalLine

// How much of a file is text at a time: a log need not fit into memory.
const CHUNK = 1 << 22

/** The files of a log: a directory, or what a glob gives. */
export type PredictionLog = DirInput | readonly FileInput[]

/** The lines of all files of a log, by and by. The last one of a file may be torn: it is left out. */
export function* linesOf(log: PredictionLog): Generator<ServedLine, void, undefined> {
  for (const { location } of 'files' in log ? log.files : log) {
    for (const text of wholeLines(location)) yield* servedIn(text)
  }
}

/** A file in pieces that end where a line ends. */
function* wholeLines(location: string): Generator<string, void, undefined> {
  const file = openSync(location, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK)
    let rest: Buffer[] = []
    for (;;) {
      const size = readSync(file, chunk)
      if (size === 0) break
      // A byte 10 is never part of another character of UTF-8.
      const end = chunk.subarray(0, size).lastIndexOf(10) + 1
      if (end > 0) {
        yield Buffer.concat([...rest, chunk.subarray(0, end)]).toString('utf8')
        rest = []
      }
      rest.push(Buffer.from(chunk.subarray(end, size)))
    }
    yield Buffer.concat(rest).toString('utf8')
  } finally {
    closeSync(file)
  }
}

export function isRefusal(line: ServedLine): line is RefusalLine {
  return 'refused' in line
}

/** A value of a line: kept with it, else read by the model, else of the line itself. */
export function valueIn(line: ServedLine, name: string): unknown {
  return (
    memberOf(memberOf(line, 'kept'), name) ??
    memberOf(memberOf(line, 'features'), name) ??
    memberOf(line, name)
  )
}

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

/**
 * A time in milliseconds since the epoch, from such a number or ISO 8601 text; text without a zone is in UTC.
 * `undefined` when it is not a time.
 */
export function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'number' ? new Date(value).getTime() : parseTime(value)
  return Number.isNaN(time) ? undefined : time
}

function parseTime(value: unknown): number {
  const match = typeof value === 'string' ? ISO.exec(value) : null
  if (match === null) return Number.NaN
  const [text, zone] = match
  // Without a zone, the language takes a time for local and a date for UTC.
  return Date.parse(text.replace(' ', 'T') + (text.length > 10 && zone === undefined ? 'Z' : ''))
}
