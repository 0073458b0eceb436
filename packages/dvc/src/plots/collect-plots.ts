import { dvcError } from '../dvc-error.ts'
import { problemOf } from '../metrics/problem.ts'
import type { Revision } from '../revision/revision.ts'
import { confusionOf } from './confusion.ts'
import {
  imageType,
  plotDefinitions,
  type PlotDefinition,
  type PlotProps,
  type PlotTargets,
} from './plot-definition.ts'
import type { Plot, PlotContent, PlotError, PlotImage, Series } from './plot.ts'
import { labelsOf, readSeries, type Axes } from './series.ts'
import { DEFAULT_TEMPLATE, drawnAs } from './template.ts'

interface Occurrence extends PlotDefinition {
  readonly revision: Revision
}

/** All plots of some revisions: one for each id, with every revision that has it. */
export async function collectPlots(
  revisions: readonly Revision[],
  request: PlotTargets = {},
): Promise<Plot[]> {
  const groups = groupById(
    revisions.flatMap((revision) =>
      plotDefinitions(revision, request).map((plot) => ({ ...plot, revision })),
    ),
  )
  const plots: Plot[] = []
  for (const [name, group] of groups) plots.push(await plotOf(name, group))
  return plots
}

// Where two files define a plot of one name, each is named with its file.
function groupById(all: readonly Occurrence[]): ReadonlyMap<string, readonly Occurrence[]> {
  const configs = new Map<string, Set<string>>()
  for (const { id, config } of all) configs.set(id, (configs.get(id) ?? new Set()).add(config))
  const groups = new Map<string, Occurrence[]>()
  for (const each of all) {
    const { id, config } = each
    const isShared = (configs.get(id)?.size ?? 0) > 1 && config !== ''
    const name = isShared ? `${config}::${id}` : id
    const group = groups.get(name) ?? []
    // A revision that names it twice means what it says last.
    groups.set(name, [...group.filter((other) => other.revision !== each.revision), each])
  }
  return groups
}

async function plotOf(name: string, group: readonly Occurrence[]): Promise<Plot> {
  // What the first revision says goes first: it is the latest.
  const props: PlotProps = Object.assign({}, ...group.map((each) => each.props).toReversed())
  const template = props.template ?? DEFAULT_TEMPLATE
  const { note } = drawnAs(template)
  const errors: PlotError[] = []
  const isImage = group.some(({ id }) => imageType(id) !== undefined)
  const content = isImage
    ? { kind: 'images' as const, images: await imagesOf(group, errors) }
    : await chartOf(group, props, errors)
  return {
    id: name,
    title: props.title ?? name,
    template: isImage ? 'image' : template,
    content,
    notes: note === undefined || isImage ? [] : [note],
    errors,
  }
}

async function imagesOf(group: readonly Occurrence[], errors: PlotError[]): Promise<PlotImage[]> {
  const images: PlotImage[] = []
  for (const { id, revision } of group) {
    const bytes = await revision.bytes(id)
    const type = imageType(id)
    if (bytes !== undefined && type !== undefined) {
      images.push({ revision: revision.name, path: id, type, bytes })
      continue
    }
    const message = `${id}: there is no such file`
    errors.push({ revision: revision.name, code: 'STEPWELL_DVC_PLOT', message })
  }
  return images
}

async function chartOf(
  group: readonly Occurrence[],
  props: PlotProps,
  errors: PlotError[],
): Promise<PlotContent> {
  const {
    style,
    isNormalized = false,
    isSorted = false,
  } = drawnAs(props.template ?? DEFAULT_TEMPLATE)
  const series: Series[] = []
  let axes: Axes | undefined
  for (const { id, revision } of group) {
    try {
      const read = await readSeries(revision, id, props)
      if (style === 'line' || style === 'scatter') read.series.forEach(checkNumbers)
      series.push(...read.series)
      axes ??= read.axes
    } catch (error) {
      errors.push({ revision: revision.name, ...problemOf(error) })
    }
  }
  const labels = labelsOf(axes ?? { xs: [], ys: [] }, props)
  if (style === 'confusion') {
    return { kind: 'confusion', isNormalized, ...labels, matrices: confusionOf(series) }
  }
  const shown = isSorted ? series.map(sorted) : series
  return { kind: 'chart', style, ...labels, series: shown }
}

function checkNumbers({ field, y }: Series): void {
  if (y.length === 0 || y.some((value) => typeof value === 'number')) return
  throw dvcError(field, {
    code: 'STEPWELL_DVC_PLOT',
    summary: 'its values are not numbers',
    hint: 'name another field with y, or the template confusion',
  })
}

/** Of bars, which lie along x: the longest first. */
function sorted(series: Series): Series {
  const order = series.x
    .map((value, index) => ({ value, index }))
    .toSorted((a, b) => Number(b.value) - Number(a.value))
    .map(({ index }) => index)
  return {
    ...series,
    x: order.map((index) => series.x[index] ?? null),
    y: order.map((index) => series.y[index] ?? null),
  }
}
