import { StepwellError } from '@stepwell/engine'

/** An error as data. */
export interface Problem {
  readonly code: string
  readonly message: string
  /** What to do about it, where the error says so. */
  readonly hint?: string
}

/** An error that a user can meet, as data; any other is thrown on. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof StepwellError)) throw error
  const { code, message, hint } = error
  return { code, message, ...(hint !== undefined && { hint }) }
}
