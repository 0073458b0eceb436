import { definition, type Step } from './step.ts'
import { canonicalJson, UnencodableError } from '@stepwell/base/json'
import { StepwellError } from '@stepwell/base/errors'

/**
 * A step's params as canonical JSON.
 * @throws StepwellError STEPWELL_PARAMS.
 */
export function paramsOf(name: string, step: Step): string {
  try {
    return canonicalJson(definition(step).params)
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error
    throw new StepwellError({
      code: 'STEPWELL_PARAMS',
      summary: `the params of step \`${name}\` are not plain JSON data`,
      details: error.message,
      hint: 'put code into `run` and steps into `inputs`',
    })
  }
}
