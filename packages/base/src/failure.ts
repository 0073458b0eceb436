import { codeOf, hintOf, messageOf, StepwellError, type ErrorParts } from './errors.ts'

/** A step's failure, as data. */
export interface Failure {
  /** A stable code, where the error has one. */
  readonly code?: string
  readonly message: string
  /** What to do about it, where the error says so. */
  readonly hint?: string
  readonly stack?: string
}

/** Anything thrown, as data. */
export function failureOf(error: unknown): Failure {
  const stack = error instanceof Error ? error.stack : undefined
  return { ...withoutStack(error), ...(stack !== undefined && { stack }) }
}

/** A failure that the engine tells by itself: where it was found says nothing about its cause. */
export function failureWith(parts: ErrorParts): Failure {
  return withoutStack(new StepwellError(parts))
}

/** As `failureOf`, for an error whose stack is of the engine alone. */
export function withoutStack(error: unknown): Failure {
  const [code, hint] = [codeOf(error), hintOf(error)]
  return {
    message: messageOf(error),
    ...(code !== undefined && { code }),
    ...(hint !== undefined && { hint }),
  }
}
