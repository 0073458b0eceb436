import { createCli } from './cli.ts'
import { COMMANDS } from './commands/all.ts'
import { CommanderError } from './commander.ts'
import { complain } from './complain.ts'
import { EXAMPLES } from './examples.ts'
import { EXIT, type ExitCode } from './exit-code.ts'

/** Runs the command line. Prints, never exits; the caller does, with what this returns. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const cli = createCli(argv, (exit) => {
    exitCode = exit
  })
  for (const { register } of COMMANDS) register(cli)
  cli.program.addHelpText('after', EXAMPLES)
  try {
    await cli.program.parseAsync(argv.map(expandForce), { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return complain(error, argv.includes('--verbose') || argv.includes('-v'))
  }
}

/** `--force=all` as an option of its own: with an optional value, `-f train` would swallow `train`. */
function expandForce(argument: string): string {
  if (argument === '--force=all') return '--force-all'
  return argument === '--force=targets' ? '--force' : argument
}
