import { hintOf, messageOf, StepwellError } from '@stepwell/base/errors'
import { exitCodeOf, type ExitCode } from './exit-code.ts'
import { withHint } from './ui/failures.ts'

/** Prints an error that ended a command. Returns what the process is to exit with. */
export function complain(error: unknown, verbose: boolean): ExitCode {
  const code = error instanceof StepwellError ? ` (${error.code})` : ''
  const text = `stepwell: ${messageOf(error)}${code}`
  process.stderr.write(`${withHint(text, hintOf(error))}\n`)
  if (verbose && error instanceof Error) {
    const { cause } = error
    process.stderr.write(`${error.stack}\n`)
    if (cause instanceof Error) process.stderr.write(`caused by: ${cause.stack}\n`)
  }
  return exitCodeOf(error)
}
