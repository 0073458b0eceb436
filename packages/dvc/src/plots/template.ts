import type { ChartStyle } from './plot.ts'

interface Drawn {
  readonly style: ChartStyle | 'confusion'
  readonly isNormalized?: boolean
  readonly isSorted?: boolean
  /** What of the template is not drawn. */
  readonly note?: string
}

/** What the templates of DVC come to here. */
const TEMPLATES: Readonly<Record<string, Drawn>> = {
  linear: { style: 'line' },
  simple: { style: 'line' },
  smooth: { style: 'line', note: 'the lines are not smoothed' },
  scatter: { style: 'scatter' },
  scatter_jitter: { style: 'scatter', note: 'the points are not jittered' },
  bar_horizontal: { style: 'bar' },
  bar_horizontal_sorted: { style: 'bar', isSorted: true },
  confusion: { style: 'confusion' },
  confusion_normalized: { style: 'confusion', isNormalized: true },
}

export const DEFAULT_TEMPLATE = 'linear'

export function drawnAs(template: string): Drawn {
  const drawn = Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template] : undefined
  const note = `the template ${template} is not drawn: these are lines of the same data`
  return drawn ?? { style: 'line', note }
}
