import { StepwellError } from '@stepwell/engine'

/** An error that a user can meet, as data; any other is thrown on. */
export function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof StepwellError)) throw error
  return { code: error.code, message: error.message }
}
