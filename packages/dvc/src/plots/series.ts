import { dvcError } from '../dvc-error.ts'
import { textAt, type Revision } from '../revision/revision.ts'
import { anyText } from '../value/text.ts'
import { isScalar, type DvcValue } from '../value/value.ts'
import type { Columns } from './columns.ts'
import type { FieldsOf, PlotProps } from './plot-definition.ts'
import type { Coordinate, Series } from './plot.ts'
import { readColumns } from './read-columns.ts'

/** The field that counts the points, where none is named for x. */
const INDEX = 'step'

interface FileField {
  readonly file: string
  readonly field: string
}

/** Which fields of which files are drawn. */
export interface Axes {
  readonly xs: readonly FileField[]
  readonly ys: readonly FileField[]
}

/**
 * The points of a plot in one revision.
 * @throws StepwellError STEPWELL_DVC_PLOT where fields are missing, or do not go together
 */
export async function readSeries(
  revision: Revision,
  id: string,
  props: PlotProps,
): Promise<{ readonly series: Series[]; readonly axes: Axes }> {
  const sources = new Map<string, Columns>()
  for (const file of sourcesOf(id, props)) {
    const text = await textAt(revision, file)
    if (text === undefined) {
      throw dvcError(file, {
        code: 'STEPWELL_DVC_PLOT',
        summary: 'there is no such file',
        hint: 'run the stage that makes it, or get it with dvc pull',
      })
    }
    sources.set(file, readColumns(file, text, props.header ?? true))
  }
  const axes = axesOf(id, props, sources)
  const { xs, ys } = axes
  if (xs.length > 1 && xs.length !== ys.length) {
    throw dvcError(id, {
      code: 'STEPWELL_DVC_PLOT',
      summary: `there are ${xs.length} fields for x and ${ys.length} for y`,
      hint: 'name one for x, or one for each of y',
    })
  }
  const shortName = shortNames(ys.map(({ file }) => file))
  const series = ys.map(({ file, field }, index) => {
    const y = columnAt(sources, { file, field })
    const from = xs.length > 1 ? xs[index] : xs[0]
    const x = from === undefined ? y.map((_, step) => step) : columnAt(sources, from)
    if (x.length !== y.length) {
      throw dvcError(id, {
        code: 'STEPWELL_DVC_PLOT',
        summary: `'${from?.field}' of '${from?.file}' has ${x.length} values, and '${field}' of '${file}' ${y.length}`,
        hint: 'let them have the same length',
      })
    }
    return { revision: revision.name, file: shortName(file), field, x, y }
  })
  return { series, axes }
}

/** The labels of the axes, where none are given. */
export function labelsOf(
  { xs, ys }: Axes,
  { xLabel, yLabel }: PlotProps,
): { readonly xLabel: string; readonly yLabel: string } {
  const only = (fields: readonly FileField[], several: string): string => {
    const names = new Set(fields.map(({ field }) => field))
    return names.size === 1 ? ([...names][0] ?? several) : several
  }
  return {
    xLabel: xLabel ?? (xs.length === 0 ? INDEX : only(xs, 'x')),
    yLabel: yLabel ?? only(ys, 'y'),
  }
}

function sourcesOf(id: string, { x, y }: PlotProps): Set<string> {
  const filesOf = (axis: PlotProps['x'] | PlotProps['y']): string[] =>
    typeof axis === 'object'
      ? axis.flatMap((each) => (typeof each === 'string' ? [] : each.file))
      : []
  const ys = filesOf(y)
  return new Set([...(ys.length > 0 ? ys : [id]), ...filesOf(x)])
}

function axesOf(id: string, { x, y }: PlotProps, sources: ReadonlyMap<string, Columns>): Axes {
  const last = sources.get(id)?.lastField
  const ys =
    y === undefined ? (last === undefined ? [] : [{ file: id, field: last }]) : pairs(id, y)
  if (ys.length === 0) {
    throw dvcError(id, {
      code: 'STEPWELL_DVC_PLOT',
      summary: 'there is no field to be drawn',
      hint: 'name one with y',
    })
  }
  if (x === undefined) return { xs: [], ys }
  // One name for x is for each file of y.
  if (typeof x === 'string') return { xs: ys.map(({ file }) => ({ file, field: x })), ys }
  return { xs: pairs(id, x), ys }
}

function pairs(id: string, axis: readonly string[] | readonly FieldsOf[]): FileField[] {
  return axis.flatMap((each) =>
    typeof each === 'string'
      ? [{ file: id, field: each }]
      : each.fields.map((field) => ({ file: each.file, field })),
  )
}

function columnAt(sources: ReadonlyMap<string, Columns>, { file, field }: FileField): Coordinate[] {
  const columns = sources.get(file)
  const column = columns?.fields.get(field)
  if (columns === undefined || column === undefined) {
    const names = [...(columns?.fields.keys() ?? [])].map((name) => `'${name}'`)
    throw dvcError(file, {
      code: 'STEPWELL_DVC_PLOT',
      summary: `it has no field '${field}'`,
      hint: `its fields are ${names.join(', ')}`,
    })
  }
  return Array.from({ length: columns.length }, (_, index) => coordinateOf(column[index]))
}

function coordinateOf(value: DvcValue | undefined): Coordinate {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string') return isScalar(value) ? String(value) : anyText(value)
  const text = value.trim()
  if (text === '' || /^[-+]?(?:nan|inf(?:inity)?)$/i.test(text)) return null
  return NUMBER.test(text) ? Number(text) : value
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i

/** File names without the directories that all of them are in; nothing where there is one file. */
function shortNames(files: readonly string[]): (file: string) => string {
  const [first = '', ...others] = [...new Set(files)]
  if (others.length === 0) return () => ''
  const parts = first.split('/').slice(0, -1)
  let shared = 0
  while (shared < parts.length) {
    const prefix = `${parts.slice(0, shared + 1).join('/')}/`
    if (!others.every((file) => file.startsWith(prefix))) break
    shared++
  }
  const length = shared === 0 ? 0 : `${parts.slice(0, shared).join('/')}/`.length
  return (file) => file.slice(length)
}
