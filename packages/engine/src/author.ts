/** What the author of a reusable step needs, and nothing of the machinery that runs it. */
export type { DirInput, FileInput, StepContext, StepFunction } from './context.ts'
export { StepwellError, type ErrorCode, type ErrorParts } from './errors.ts'
export { digestValue } from './value.ts'
export type { Digest } from './digest.ts'
