import type { Confusion, Plot, Series } from '@stepwell/dvc'
import { sparkline } from '../ui/sparkline.ts'
import { renderTable } from '../ui/table.ts'
import { formatSize, paint, visible } from '../ui/text.ts'

const WIDTH = 40

/** Plots in a terminal: a small line for each series, and a few words for other plots. */
export function plotsText(plots: readonly Plot[]): string {
  if (plots.length === 0) return 'there are no plots'
  return plots
    .map(({ id, title, content }) => {
      const name = title === id ? title : `${title} (${id})`
      return `${paint('bold', visible(name))}\n${contentText(content)}`
    })
    .join('\n\n')
}

function contentText(content: Plot['content']): string {
  switch (content.kind) {
    case 'chart':
      return seriesTable(content.series)
    case 'confusion':
      return rows(
        ['revision', 'on the diagonal'],
        content.matrices.map((matrix) => [visible(matrix.revision), diagonal(matrix)]),
      )
    case 'images':
      return rows(
        ['revision', 'image', 'size'],
        content.images.map(({ revision, path, bytes }) => [
          visible(revision),
          visible(path),
          formatSize(bytes.length),
        ]),
      )
  }
}

function seriesTable(series: readonly Series[]): string {
  return rows(
    ['revision', 'field', 'values', 'first', 'last', 'least', 'most'],
    series.map(({ revision, file, field, x, y }) => {
      const numbers = inOrder(x, y)
      const [first, last] = [numbers[0], numbers.at(-1)]
      const least = numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b))
      const most = numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.max(a, b))
      return [
        visible(revision),
        visible(file === '' ? field : `${file}: ${field}`),
        sparkline(numbers, WIDTH),
        ...[first, last, least, most].map(numberText),
      ]
    }),
  )
}

function rows(head: readonly string[], cells: readonly (readonly string[])[]): string {
  return cells.length === 0 ? 'nothing to be drawn' : renderTable(head, cells, ['least', 'most'])
}

// From left to right.
function inOrder(x: Series['x'], y: Series['y']): number[] {
  const points = y.flatMap((value, index) =>
    typeof value === 'number' ? [{ x: x[index] ?? null, y: value }] : [],
  )
  if (points.every((point) => typeof point.x === 'number')) {
    points.sort((one, other) => Number(one.x) - Number(other.x))
  }
  return points.map((point) => point.y)
}

function numberText(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(5)))
}

function diagonal({ x, y, counts }: Confusion): string {
  let [same, all] = [0, 0]
  for (const [row, cells] of counts.entries()) {
    for (const [column, count] of cells.entries()) {
      all += count
      if (x[column] === y[row]) same += count
    }
  }
  const share = all === 0 ? 0 : Math.round((same / all) * 100)
  return `${same} of ${all} (${share} %), ${new Set([...x, ...y]).size} classes`
}
