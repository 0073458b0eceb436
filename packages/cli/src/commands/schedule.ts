import type { ScheduleOptions } from '../schedule/run-schedule.ts'
import { Option } from '../commander.ts'
import { parseDuration, parseJobs, parseLimit } from '../arguments.ts'
import type { Cli } from '../cli.ts'
/** Adds `stepwell schedule`. */
export function register({ command, exit, argv }: Cli): void {
  command('schedule', 'run the pipeline again whenever a trigger of its loop is due, until Ctrl-C')
    .option('-j, --jobs <n>', 'steps executed at once, as for `stepwell run`', parseJobs)
    .option('-k, --keep-going', 'after a failure, run every step that does not depend on it')
    .option('--limit <name=amount>', 'the available amount of a resource; repeatable', parseLimit)
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--once', 'run what is due now, and end')
    .addOption(
      new Option('--list', 'list the triggers, and the latest decisions').conflicts([
        'once',
        'events',
      ]),
    )
    .option('--events', 'print decisions and the events of runs as lines of JSON')
    .option('--json', 'with --list: print JSON')
    .option('-q, --quiet', 'print errors and warnings only')
    .action(async (options: ScheduleOptions) => {
      // Most commands have nothing to do with loops.
      const { schedule } = await import('../schedule/run-schedule.ts')
      exit(await schedule(argv.slice(1), options))
    })
}
