import type { ThresholdParams } from '../status.ts'
export interface MonitorPredictionsParams extends ThresholdParams {
  /** What the model is called in the registry, and in the log. */
  readonly name: string
  /**
   * Folder of the registry, relative to the project directory and below it.
   * @default 'models'
   */
  readonly dir?: string
  /**
   * What has the time of a row: a member that was kept with it, or a feature, as ISO 8601 text (without a
   * zone: UTC) or in milliseconds since the epoch.
   * @default when the request came
   */
  readonly time?: string
  /**
   * Length of a window: such as `6 hours`, `1 day` or `2 weeks`. In UTC; weeks begin on Monday.
   * @default '1 day'
   */
  readonly window?: string
  /**
   * Columns by which labels are joined. Of a row they are looked for among what was kept with it, then
   * its features, then the members of its line.
   * @default ['request', 'row']
   */
  readonly join?: readonly string[]
  /**
   * The column of the labels that has the truth; `null` there means that it is not known yet.
   * @default what the model predicts
   */
  readonly target?: string
  /**
   * Features whose drift counts.
   * @default all but those in `like`
   */
  readonly columns?: readonly string[]
  /**
   * Features whose values in a window choose the training rows that it is compared with: with the month,
   * a week of January is compared with the rows of January.
   * @default []
   */
  readonly like?: readonly string[]
  /**
   * How many of the newest windows decide on the status, taken together: a whole number from 1.
   * @default 1
   */
  readonly newest?: number
  /**
   * With fewer rows, only latency is judged; with fewer training rows that are like those
   * of a window, it is compared with all. A whole number from 1.
   * @default 50
   */
  readonly minRows?: number
  /**
   * Bins of the stability index: a whole number from 2 to 100.
   * @default 10
   */
  readonly bins?: number
  /** Share of the rows with an input beyond the range of the training rows. @default 0.05 */
  readonly beyondWarn?: number
  /** @default 0.2 */
  readonly beyondAlert?: number
  /** Share of the rows that were refused. @default 0.01 */
  readonly refusedWarn?: number
  /** @default 0.1 */
  readonly refusedAlert?: number
  /** 99th percentile of the time to a prediction, in milliseconds. @default none */
  readonly latencyWarn?: number
  /** @default none */
  readonly latencyAlert?: number
  /** Of the page. @default 'Monitoring of' and the name */
  readonly title?: string
}

/** All of them, since another one is likely a misspelling. */
export const PARAMS: readonly string[] =
  'name dir time window join target columns like newest minRows bins psiWarn psiAlert ksWarn ksAlert errorWarn errorAlert beyondWarn beyondAlert refusedWarn refusedAlert latencyWarn latencyAlert title'.split(
    ' ',
  )
