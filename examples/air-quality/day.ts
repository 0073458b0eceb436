import type { FileInput } from '@stepwell/engine'

const MISSING = -200
const HEADER = 'date,hour,co,benzene,temperature'

/** What one day of readings comes to; `null` where there was no reading. */
export interface Day {
  readonly date: string
  readonly hours: number
  readonly co: number | null
  readonly benzene: number | null
  readonly warmest: number | null
}

/** The rows of the sensors, as one small CSV a day: its name, and its text. */
export function daysOf(csv: string): Map<string, string> {
  const days = new Map<string, string[]>()
  for (const line of csv.split(/\r?\n/).slice(1)) {
    const [date = '', time = '', co = '', , , benzene = '', , , , , , , temperature = ''] =
      line.split(',')
    if (date === '') continue
    const [month = '', day = '', year = ''] = date.split('/')
    const name = [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-')
    const rows = days.get(name) ?? [HEADER]
    days.set(name, rows)
    rows.push([name, time.slice(0, 2), co, benzene, temperature].join(','))
  }
  return new Map([...days].map(([name, rows]) => [name, `${rows.join('\n')}\n`]))
}

/** Reads the CSV of one day. */
export function summariseDay({ item }: { readonly item: FileInput }): Day {
  const rows = item
    .text()
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','))
  const column = (index: number): number[] =>
    rows.map((row) => Number(row[index])).filter((value) => value !== MISSING)
  return {
    date: rows[0]?.[0] ?? '',
    hours: rows.length,
    co: mean(column(2)),
    benzene: mean(column(3)),
    warmest: column(4).length === 0 ? null : Math.max(...column(4)),
  }
}

export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
