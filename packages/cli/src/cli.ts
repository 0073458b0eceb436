import { parseDuration, parseJobs, parseLimit } from './arguments.ts'
import { Command, Option } from './commander.ts'
import type { ExitCode } from './exit-code.ts'
import { version } from './version.ts'

/** What a command adds itself to. */
export interface Cli {
  readonly program: Command
  /** The arguments as given, without the program. */
  readonly argv: readonly string[]
  /** Adds a command that works on a project. */
  readonly command: (usage: string, description: string) => Command
  /** Adds a command that runs a pipeline. */
  readonly runCommand: (name: string, description: string) => Command
  /** Sets what the process is to exit with. */
  readonly exit: (code: ExitCode) => void
}

export function createCli(argv: readonly string[], exit: (code: ExitCode) => void): Cli {
  const program = new Command('stepwell')
    .description('Runs pipelines of steps: skips what did not change, and can say why.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(--help lists commands and options)')
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option('-C, --cwd <dir>', 'the project directory', '.')
      .option(
        '-p, --pipeline <file>',
        'the pipeline file (default: pipeline.ts, .mts, .js or .mjs)',
      )
      .option('-v, --verbose', 'show stacks of errors and, in a pipe, logs of steps')
  const runCommand = (name: string, description: string): Command =>
    command(name, description)
      .argument('[targets...]', 'names of steps')
      .option(
        '-j, --jobs <n>',
        'steps executed at once: a number, or a share of the cores: 50%',
        parseJobs,
      )
      .option('--only', 'run only the targets; use the last outputs of the other steps')
      .option('-k, --keep-going', 'after a failure, run every step that does not depend on it')
      .addOption(
        new Option(
          '--on-error <how>',
          'after a failure: let running steps finish, continue as with -k, or kill',
        )
          .choices(['finish', 'continue', 'kill'])
          .conflicts('keepGoing'),
      )
      .option('--limit <name=amount>', 'the available amount of a resource; repeatable', parseLimit)
      .option('--keep-edits', 'keep outs that were edited by hand')
      .addOption(
        new Option('--link <how>', 'how outs are put into the project').choices(['copy', 'hard']),
      )
      .option('--offline', 'use the last downloads of url() inputs, and ask no server')
      .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
      .option('--json', 'print the record of the run as JSON')
      .option('--events', 'print each event as a line of JSON as it happens')
      .addOption(new Option('--ui <mode>', 'progress').choices(['auto', 'plain']).default('auto'))
      .option('-q, --quiet', 'print errors and warnings only')
  return { program, argv, command, runCommand, exit }
}
