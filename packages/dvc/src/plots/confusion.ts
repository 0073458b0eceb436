import type { Confusion, Coordinate, Series } from './plot.ts'

/** Counts how often each x meets each y, with the same classes in all revisions. */
export function confusionOf(series: readonly Series[]): Confusion[] {
  const x = classesOf(series.map((each) => each.x))
  const y = classesOf(series.map((each) => each.y))
  const [column, row] = [indexOf(x), indexOf(y)]
  return series.map((each) => {
    const counts = y.map(() => x.map(() => 0))
    for (const [index, found] of each.y.entries()) {
      const cells = counts[row.get(textOf(found)) ?? -1]
      const at = column.get(textOf(each.x[index] ?? null))
      if (cells !== undefined && at !== undefined) cells[at] = (cells[at] ?? 0) + 1
    }
    return { revision: each.revision, file: each.file, x, y, counts }
  })
}

function classesOf(columns: readonly (readonly Coordinate[])[]): string[] {
  const values = [...new Set(columns.flat())]
  const numbers = values.filter((value) => typeof value === 'number')
  if (numbers.length === values.length) return numbers.toSorted((a, b) => a - b).map(String)
  return [...new Set(values.map(textOf))].toSorted()
}

function indexOf(classes: readonly string[]): ReadonlyMap<string, number> {
  return new Map(classes.map((name, index) => [name, index]))
}

function textOf(value: Coordinate): string {
  return value === null ? '' : String(value)
}
