import { extname } from 'node:path'
import { isWithin } from '@stepwell/base/paths'
import { joinPath } from '../project/location.ts'
import type { Revision } from '../revision/revision.ts'
import { pythonText } from '../value/text.ts'
import { isList, isMap, type DvcMap, type DvcValue } from '../value/value.ts'
import { isData } from './read-columns.ts'

/** Fields of files: `{ 'hist.json': ['acc', 'loss'] }`. */
export interface FieldsOf {
  readonly file: string
  readonly fields: readonly string[]
}

/** How a plot is to be drawn. */
export interface PlotProps {
  readonly template?: string
  readonly title?: string
  readonly xLabel?: string
  readonly yLabel?: string
  /** Whether the first line of a table has its names. */
  readonly header?: boolean
  /** A field of the file that the plot is named after, or of other files. */
  readonly x?: string | readonly FieldsOf[]
  readonly y?: readonly string[] | readonly FieldsOf[]
}

/** What a project wants to be drawn. */
export interface PlotDefinition {
  /** A path, relative to the root, or a name. */
  readonly id: string
  /** The `dvc.yaml` whose `plots` at the top say so; empty for outs of stages, and for targets. */
  readonly config: string
  readonly props: PlotProps
}

export interface PlotTargets {
  /** Ids of plots, files or directories, relative to the root; none for all. */
  readonly targets?: readonly string[]
  /** What is asked for on the command line, and goes first. */
  readonly props?: PlotProps
}

const IMAGES: Readonly<Record<string, string>> = {
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

/** The type of an image, or `undefined` for another file. */
export function imageType(path: string): string | undefined {
  return IMAGES[extname(path).toLowerCase()]
}

/** The plots of a project, in the order in which they are written: those of `dvc.yaml` files, then outs. */
export function plotDefinitions(
  revision: Revision,
  { targets = [], props: asked = {} }: PlotTargets = {},
): PlotDefinition[] {
  const all = [...topPlots(revision), ...outPlots(revision)]
  const chosen = targets.length === 0 ? all : all.filter((plot) => fits(plot, targets))
  const known = new Set(chosen.map(({ id }) => id))
  const others = targets.flatMap((target) => filesAt(revision, target))
  const added = others.filter((id) => !known.has(id) && !all.some((plot) => plot.id === id))
  const files = [...new Set(added)].map((id) => ({ id, config: '', props: {} }))
  return [...chosen, ...files].map((plot) => ({ ...plot, props: { ...plot.props, ...asked } }))
}

function fits({ id, config }: PlotDefinition, targets: readonly string[]): boolean {
  return targets.some(
    (target) =>
      target === '.' ||
      target === id ||
      target === `${config}::${id}` ||
      id.startsWith(`${target}/`),
  )
}

function topPlots(revision: Revision): PlotDefinition[] {
  return revision.project.files.flatMap(({ file, plots }) => {
    const defined = plots.flatMap((plot): [string, DvcMap][] => {
      if (typeof plot === 'string') return [[plot, new Map()]]
      if (!isMap(plot)) return []
      return [...plot].map(([id, props]) => [pythonText(id), isMap(props) ? props : new Map()])
    })
    const dir = joinPath(file, '..')
    const paths = defined.map(([id]) => joinPath(dir, id))
    return defined.flatMap(([name, map]) => {
      const props = propsOf(map, dir)
      if (isMap(map.get('y') ?? null)) {
        const isKnown = sourcesIn(props).every((each) => revision.find(each).length > 0)
        return isKnown || !revision.isPartial ? [{ id: name, config: file, props }] : []
      }
      const path = joinPath(dir, name)
      // Of several directories, the innermost says how.
      const isInner = (id: string): boolean =>
        paths.some((other) => other.length > path.length && isWithin({ path: id, dir: other }))
      return filesAt(revision, path)
        .filter((id) => !isInner(id))
        .map((id) => ({ id, config: file, props }))
    })
  })
}

function outPlots(revision: Revision): PlotDefinition[] {
  return revision.project.stages.flatMap(({ outs }) =>
    outs.flatMap(({ kind, location, plot }) => {
      if (kind !== 'plot' || location.kind !== 'project') return []
      const props = propsOf(plot ?? new Map(), '.')
      return filesAt(revision, location.path).map((id) => ({ id, config: '', props }))
    }),
  )
}

// Of a directory, what can be drawn; a file that is named is drawn, or it is said why not.
function filesAt(revision: Revision, path: string): readonly string[] {
  const found = revision.find(path)
  if (found.length === 0) return revision.isPartial ? [] : [path]
  if (found.length === 1 && found[0] === path) return found
  return found.filter((file) => isData(file) || imageType(file) !== undefined)
}

/** The files that a plot names by itself. */
function sourcesIn({ x, y }: PlotProps): string[] {
  return [x, y].flatMap((axis) => {
    if (typeof axis !== 'object') return []
    return axis.flatMap((each) => (typeof each === 'string' ? [] : [each.file]))
  })
}

/** Where all is that plots may show: files, and directories of such. */
export function plotPaths({ project }: Pick<Revision, 'project'>): string[] {
  const outs = project.stages.flatMap((stage) =>
    stage.outs.flatMap(({ kind, location }) =>
      kind === 'plot' && location.kind === 'project' ? [location.path] : [],
    ),
  )
  const top = project.files.flatMap(({ file, plots }) => {
    const dir = joinPath(file, '..')
    return plots.flatMap((plot) => {
      if (typeof plot === 'string') return [joinPath(dir, plot)]
      if (!isMap(plot)) return []
      return [...plot].flatMap(([id, props]) => [
        joinPath(dir, pythonText(id)),
        ...(isMap(props) ? sourcesIn(propsOf(props, dir)) : []),
      ])
    })
  })
  return [...outs, ...top]
}

function propsOf(map: DvcMap, dir: string): PlotProps {
  const [x, y] = [fieldsOf(map.get('x'), dir), fieldsOf(map.get('y'), dir)]
  const text = (name: string): string | undefined => {
    const value = map.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const header = map.get('header')
  const props = {
    template: text('template')?.replace(/\.json$/, ''),
    title: text('title'),
    xLabel: text('x_label'),
    yLabel: text('y_label'),
    header: typeof header === 'boolean' ? header : undefined,
    x: typeof x === 'string' ? x : typeof x?.[0] === 'string' ? x[0] : x,
    y: typeof y === 'string' ? [y] : y,
  }
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined))
}

function fieldsOf(
  value: DvcValue | undefined,
  dir: string,
): string | readonly string[] | readonly FieldsOf[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!isMap(value)) return textsOf(value)
  return [...value].map(([file, fields]) => {
    const names = textsOf(fields)
    const path = joinPath(dir, pythonText(file))
    return { file: path, fields: typeof names === 'string' ? [names] : names }
  })
}

function textsOf(value: DvcValue): string | readonly string[] {
  if (isList(value)) return value.map((item) => (typeof item === 'string' ? item : ''))
  return typeof value === 'string' ? value : []
}
