import { StepwellError } from '@stepwell/engine'

/** What the process exits with. Stable: scripts rely on it. */
export const EXIT = {
  ok: 0,
  /** A step failed. */
  failed: 1,
  /** The command line, the pipeline file or the project is not as it must be. */
  usage: 2,
  /** `plan --check`, `status --exit-code`: something would run; `diff --exit-code`: outputs differ. */
  stale: 3,
  lockTimeout: 4,
  /** The cache or an artifact is not as it was written. */
  integrity: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof StepwellError)) return EXIT.usage
  switch (error.code) {
    case 'STEPWELL_LOCK_TIMEOUT':
      return EXIT.lockTimeout
    case 'STEPWELL_ARTIFACT':
    case 'STEPWELL_INDEX':
    case 'STEPWELL_REGISTRY_DAMAGED':
      return EXIT.integrity
    default:
      return EXIT.usage
  }
}
