// The world of the story: hours as they happen, and files with what came out, which arrive later.
import { readFileSync } from 'node:fs'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export type Row = Readonly<Record<string, string | number>>

export interface Week {
  /** ISO date of its Monday. */
  readonly monday: string
  readonly rows: readonly Row[]
}

const DAY = 86_400_000
// What nobody reads.
const LEFT_OUT = new Set(['instant', 'season', 'yr', 'atemp', 'casual', 'registered'])

/** All hours in order; `dteday` is an ISO date. */
export function readHours(path: string): Row[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/)
  const names = head.split(',')
  return lines.map((line) =>
    Object.fromEntries(
      line.split(',').flatMap((cell, place) => {
        const name = names[place] ?? ''
        if (LEFT_OUT.has(name)) return []
        return [[name, name === 'dteday' ? isoDate(cell) : Number(cell)]]
      }),
    ),
  )
}

/** `1/31/2011` */
function isoDate(text: string): string {
  const [month = '', day = '', year = ''] = text.split('/')
  return [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-')
}

export function weeksOf(rows: readonly Row[]): Week[] {
  const weeks = Map.groupBy(rows, ({ dteday }) => {
    const at = Date.parse(String(dteday))
    const sinceMonday = (new Date(at).getUTCDay() + 6) % 7
    return new Date(at - sinceMonday * DAY).toISOString().slice(0, 10)
  })
  return [...weeks].map(([monday, all]) => ({ monday, rows: all }))
}

/** Puts a CSV in place in one step, so that nobody sees half of it. */
export function deliver(path: string, rows: readonly Row[]): void {
  const names = Object.keys(rows[0] ?? {})
  const lines = rows.map((row) => names.map((name) => row[name]).join(','))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.part`, `${[names.join(','), ...lines].join('\n')}\n`)
  renameSync(`${path}.part`, path)
}
