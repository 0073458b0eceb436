/** Why a value in a request is refused. */
export interface FieldProblem {
  /** Its place in the request, from 0 up. */
  readonly row: number
  /** `null`: the row as a whole. */
  readonly field: string | null
  readonly code: 'missing' | 'type' | 'range' | 'value'
  readonly message: string
}

export type RefusalCode =
  | 'BODY_TOO_LARGE'
  | 'BUSY'
  | 'INTERNAL'
  | 'INVALID_INPUT'
  | 'INVALID_REQUEST'
  | 'NOT_FINITE'
  | 'NOT_FOUND'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED_MEDIA_TYPE'

/** The body of every answer that is not a success. */
export interface RefusalBody {
  readonly error: string
  readonly code: RefusalCode
  readonly request: string
  /** With INVALID_INPUT: the first of them. */
  readonly fields?: readonly FieldProblem[]
  /** How many more there are. */
  readonly more?: number
}

/** A request that is not answered as asked. */
export class Refusal extends Error {
  readonly status: number
  readonly code: RefusalCode
  readonly problems: readonly FieldProblem[]

  constructor(
    status: number,
    code: RefusalCode,
    message: string,
    problems: readonly FieldProblem[] = [],
  ) {
    super(message)
    this.status = status
    this.code = code
    this.problems = problems
  }
}

const LISTED = 100

export function bodyOf({ message, code, problems }: Refusal, request: string): RefusalBody {
  const more = problems.length - LISTED
  return {
    error: message,
    code,
    request,
    ...(problems.length > 0 && { fields: problems.slice(0, LISTED) }),
    ...(more > 0 && { more }),
  }
}
