export type { FileInput, StepContext, StepFunction } from './context.ts'
export { StepwellError, type ErrorCode } from './errors.ts'
