import { codeOf, messageOf } from './errors.ts'

/** A step's failure, as data. */
export interface Failure {
  /** A stable code, where the error has one. */
  readonly code?: string
  readonly message: string
  readonly stack?: string
}

/** Anything thrown, as data. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  const stack = error instanceof Error ? error.stack : undefined
  return {
    message: messageOf(error),
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
  }
}
