import { StepwellError } from '@stepwell/base/errors'

const OWN = new Set<string>([
  'STEPWELL_PICK',
  'STEPWELL_OUT_PLACE',
  'STEPWELL_OUT_PATH',
  // An edited out that is to be kept, and cannot be read.
  'STEPWELL_INPUT_MISSING',
  'STEPWELL_INPUT_TREE',
])

/** Whether an error is the failure of a step, and not of the machinery. */
export function isOwnFault(error: unknown): error is StepwellError {
  return error instanceof StepwellError && OWN.has(error.code)
}
