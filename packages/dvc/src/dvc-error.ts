import { StepwellError } from '@stepwell/engine'
import { placeText, type Place } from './place.ts'

type DvcErrorCode =
  | 'STEPWELL_DVC_YAML'
  | 'STEPWELL_DVC_UNSUPPORTED'
  | 'STEPWELL_DVC_TEMPLATE'
  | 'STEPWELL_DVC_PARAMS'
  | 'STEPWELL_DVC_GRAPH'
  | 'STEPWELL_DVC_LOCK'
  | 'STEPWELL_DVC_CACHE'
  | 'STEPWELL_DVC_DATA'
  | 'STEPWELL_DVC_PLOT'
  | 'STEPWELL_TARGET_UNKNOWN'

export interface DvcErrorParts {
  readonly code: DvcErrorCode
  /** What is wrong, as a clause; the place comes before it. */
  readonly summary: string
  /** What was expected, or how to mend it. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** An error about what stands in a file: its message begins with the file, the line and the column. */
export function dvcError(where: Place | string, parts: DvcErrorParts): StepwellError {
  const { summary, ...others } = parts
  const place = typeof where === 'string' ? where : placeText(where)
  return new StepwellError({ ...others, summary: `${place}: ${summary}` })
}
