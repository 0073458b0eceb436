import type { ErrorCode } from './error-codes.ts'

export interface ErrorParts {
  readonly code: ErrorCode
  /** What happened, as a clause without a full stop. */
  readonly summary: string
  /** The facts: which step, which file, which value. */
  readonly details?: string | undefined
  /** What the reader can do about it. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * An error a user can meet. Its message reads "summary; details"; what to do about it is apart. Its `code` is stable.
 * Misuse of the API is a bare `TypeError` instead.
 */
export class StepwellError extends Error {
  override readonly name = 'StepwellError'
  readonly code: ErrorCode
  readonly summary: string
  readonly details: string | undefined
  readonly hint: string | undefined

  constructor({ code, summary, details, hint, cause }: ErrorParts) {
    super(
      details === undefined ? summary : `${summary}; ${details}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.summary = summary
    this.details = details
    this.hint = hint
  }
}

/** The message of anything thrown, which need not be an `Error`. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  try {
    return String(thrown)
  } catch {
    // An object without a prototype has no text.
    return 'something that is not an error was thrown'
  }
}

/** As `messageOf`, with what to do about it: for where there is room for one text only. */
export function adviceOf(thrown: unknown): string {
  const hint = hintOf(thrown)
  return hint === undefined ? messageOf(thrown) : `${messageOf(thrown)}; ${hint}`
}

/** What to do about an error, where it says so. */
export function hintOf(thrown: unknown): string | undefined {
  return thrown instanceof StepwellError ? thrown.hint : undefined
}

/** The `code` of a Node or Stepwell error, if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
