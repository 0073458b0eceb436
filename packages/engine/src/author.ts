/** What the author of a reusable step needs, and nothing of the machinery that runs it. */
export type { DirInput, FileInput, StepContext, StepFunction } from './define/context.ts'
export { StepwellError, type ErrorParts } from '@stepwell/base/errors'
export type { ErrorCode } from '@stepwell/base/error-codes'
export { digestValue } from './value/codec.ts'
export type { Digest } from '@stepwell/base/digest'
