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
    .option('-j, --jobs <n>', 'as of run', parseJobs)
    .option('-f, --force', 'run the stages even if nothing has changed')
    .option('-s, --single-item', 'the targets alone, without what they need')
    .option('-p, --pipeline', 'all that is connected with the targets')
    .option('-P, --all-pipelines', 'all stages of all dvc.yaml files')
    .option('-R, --recursive', 'a directory stands for all stages in it and below')
    .option('--downstream', 'the targets, and what reads from them')
    .option('--glob', 'names of stages are patterns')
    .option('--allow-missing', 'stages that have not changed may lack data: they are up to date')
    .option('--pull', 'get data that is missing by `dvc pull`')
    .option('-k, --keep-going', 'after a failure, run all that does not need the stage')
    .option('--dry, --dry-run', 'say what would be done, and do nothing')
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
