import { Option } from '../commander.ts'
import { parseDuration, parseJobs } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { ExitCode } from '../exit-code.ts'
import { plan } from './plan.ts'
import { run, type RunOptions } from './run.ts'

/** Adds `stepwell repro`. */
export function register({ program, exit }: Cli): void {
  program
    .command('repro')
    .description('run stages of dvc.yaml files, with the flags of `dvc repro`')
    .argument('[targets...]', 'stages, groups, dvc.yaml or *.dvc files')
    .option('-C, --cwd <dir>', 'the directory from which targets are named', '.')
    .option('-j, --jobs <n>', 'steps executed at once, as for `stepwell run`', parseJobs)
    .option('-f, --force', 'run the stages even if nothing has changed')
    .option('-s, --single-item', 'run only the targets')
    .option('-p, --pipeline', 'run all stages that are connected with the targets')
    .option('-P, --all-pipelines', 'all stages of all dvc.yaml files')
    .option('-R, --recursive', 'a directory stands for all stages in it and below')
    .option('--downstream', 'run the targets and the stages that depend on them')
    .option('--glob', 'names of stages are patterns')
    .option('--allow-missing', 'unchanged stages are up to date even if their data is missing')
    .option('--pull', 'fetch missing data by `dvc pull`')
    .option('-k, --keep-going', 'after a failure, run every stage that does not depend on it')
    .option('--dry, --dry-run', 'say what would be done, without doing it')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print the record of the run as JSON')
    .addOption(new Option('--ui <mode>', 'progress').choices(['auto', 'plain']).default('auto'))
    .option('-q, --quiet', 'print errors and warnings only')
    .option('-v, --verbose', 'show stacks of errors and, in a pipe, logs of steps')
    .action(async (targets: string[], options: ReproOptions) => exit(await repro(targets, options)))
}

export interface ReproOptions extends Omit<RunOptions, 'pipeline'> {
  /** All that is connected with the targets; elsewhere, this is the name of a file. */
  readonly pipeline?: boolean
  readonly dryRun?: boolean
}

/** Runs stages, with the flags of `dvc repro` in their meaning. */
export async function repro(
  targets: readonly string[],
  { pipeline = false, dryRun = false, force = false, ...options }: ReproOptions,
): Promise<ExitCode> {
  const request = {
    ...options,
    wholePipeline: pipeline,
    // There, it forces all that takes part.
    ...(force && { forceAll: true }),
  }
  return await (dryRun ? plan(targets, request) : run(targets, request))
}
