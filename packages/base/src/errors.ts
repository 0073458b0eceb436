/** Stable: a code never changes its meaning, and each has a heading in `docs/errors.md`. */
export type ErrorCode = `STEPWELL_${string}`

export interface ErrorParts {
  readonly code: ErrorCode
  /** What happened, as a clause without a full stop. */
  readonly what: string
  /** The facts: which step, which file, which value. */
  readonly facts?: string
  /** What the reader can do about it. */
  readonly todo?: string
  readonly cause?: unknown
}

/**
 * An error a user can meet. Its message reads "what happened; the facts; what to do"; its `code` is
 * stable. Misuse of the API is a bare `TypeError` instead.
 */
export class StepwellError extends Error {
  override readonly name = 'StepwellError'
  readonly code: ErrorCode

  constructor({ code, what, facts, todo, cause }: ErrorParts) {
    const message = [what, facts, todo].filter((part) => part !== undefined).join('; ')
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
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

/** The `code` of a Node or Stepwell error, if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
