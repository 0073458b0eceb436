import type { ScheduleOptions } from '../schedule/run-schedule.ts'
import { Option } from '../commander.ts'
import { parseDuration, parseJobs, parseLimit } from '../arguments.ts'
import type { Cli } from '../cli.ts'
/** Adds `stepwell schedule`. */
export function register({ command, exit, argv }: Cli): void {
  command('schedule', 'run the pipeline again whenever its loop says so, until Ctrl-C')
    .option('-j, --jobs <n>', 'as of run', parseJobs)
    .option('-k, --keep-going', 'as of run')
    .option('--limit <name=amount>', 'as of run', parseLimit)
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--once', 'do what is due now, and end')
    .addOption(
      new Option('--list', 'list the triggers, and the latest decisions').conflicts([
        'once',
        'events',
      ]),
    )
    .option('--events', 'print what is decided, and the events of runs, as lines of JSON')
    .option('--json', 'with --list: print JSON')
    .option('-q, --quiet', 'print errors and warnings only')
    .action(async (options: ScheduleOptions) => {
      // Most commands have nothing to do with loops.
      const { schedule } = await import('../schedule/run-schedule.ts')
      exit(await schedule(argv.slice(1), options))
    })
}
