/** A value on an axis: `null` where there is a gap. */
export type Coordinate = number | string | null

/** A line, or a cloud of points, of one revision. */
export interface Series {
  readonly revision: string
  /** The file of the values, as far as several differ; else empty. */
  readonly file: string
  readonly field: string
  readonly x: readonly Coordinate[]
  readonly y: readonly Coordinate[]
}

/** How often each class was taken for which. */
export interface Confusion {
  readonly revision: string
  readonly file: string
  /** Of the columns, and of the rows. */
  readonly x: readonly string[]
  readonly y: readonly string[]
  /** By row. */
  readonly counts: readonly (readonly number[])[]
}

export interface PlotImage {
  readonly revision: string
  readonly path: string
  readonly type: string
  readonly bytes: Uint8Array
}

export interface PlotError {
  readonly revision: string
  readonly code: string
  readonly message: string
  /** What to do about it, where the error says so. */
  readonly hint?: string
}

export type ChartStyle = 'line' | 'scatter' | 'bar'

export type PlotContent =
  | {
      readonly kind: 'chart'
      readonly style: ChartStyle
      readonly xLabel: string
      readonly yLabel: string
      readonly series: readonly Series[]
    }
  | {
      readonly kind: 'confusion'
      readonly isNormalized: boolean
      readonly xLabel: string
      readonly yLabel: string
      readonly matrices: readonly Confusion[]
    }
  | { readonly kind: 'images'; readonly images: readonly PlotImage[] }

/** One plot of a project, with all revisions in it. */
export interface Plot {
  readonly id: string
  readonly title: string
  /** As the project names it. */
  readonly template: string
  readonly content: PlotContent
  /** What of the template is not drawn. */
  readonly notes: readonly string[]
  readonly errors: readonly PlotError[]
}
