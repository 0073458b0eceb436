import { describeValue } from './summary.ts'
import { StepwellError } from '@stepwell/base/errors'

/**
 * One field of a step's output.
 * @throws StepwellError STEPWELL_PICK when the output has no such field.
 */
export function pickField(step: string, value: unknown, field: string): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, field)) {
    return Reflect.get(value, field)
  }
  throw new StepwellError({
    code: 'STEPWELL_PICK',
    summary: `the output of step \`${step}\` has no field ${JSON.stringify(field)}`,
    details: `it is ${describeValue(value)}`,
    hint: 'return that field, or correct the pick()',
  })
}
