import { availableParallelism } from 'node:os'
import { withHint } from './ui/failures.ts'
import { parseSize, parseTime } from '@stepwell/base/quantity'
import { hintOf, messageOf } from '@stepwell/base/errors'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { StepwellError } from '@stepwell/engine'
import { listCache, verifyCache, type CacheOptions } from './commands/cache.ts'
import { code as showCode, type CodeOptions } from './commands/code.ts'
import { accept, type AcceptOptions } from './commands/accept.ts'
import { diffRuns, type DiffOptions } from './commands/diff.ts'
import { explain, type ExplainOptions } from './commands/explain.ts'
import { clean, type CleanOptions } from './commands/clean.ts'
import { gc, type GcOptions } from './commands/gc.ts'
import { graph, type GraphOptions } from './commands/graph.ts'
import { logs, type LogsOptions } from './commands/logs.ts'
import {
  diffMetrics,
  showMetrics,
  type DiffMetricsOptions,
  type ShowMetricsOptions,
} from './commands/metrics.ts'
import { diffParams, type DiffParamsOptions } from './commands/params.ts'
import { exportModel, listModels, showModel, type ModelOptions } from './commands/model.ts'
import { promote, removeAlias, rollback, type MoveOptions } from './commands/move-alias.ts'
import { plan, type PlanOptions } from './commands/plan.ts'
import { diffPlots, showPlots, type PlotsOptions } from './commands/plots.ts'
import { repro, type ReproOptions } from './commands/repro.ts'
import { restore, type RestoreOptions } from './commands/restore.ts'
import { pinRun, runs, showRun, type RunsOptions, type ShowOptions } from './commands/runs.ts'
import { run, type RunOptions } from './commands/run.ts'
import type { ScheduleOptions } from './commands/schedule.ts'
import { serve, type ServeCommandOptions } from './commands/serve.ts'
import { status, type StatusOptions } from './commands/status.ts'
import { watch, type WatchOptions } from './commands/watch.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.ts'
import { version } from './version.ts'

const EXAMPLES = `
Examples:
  stepwell run                    run what changed, and what depends on it
  stepwell run train -j 4         run train and what it needs, four steps at once
  stepwell plan                   say what a run would do, and why
  stepwell explain train          why train would run, or would not
  stepwell schedule               run it again by itself: on new data, on drift, on a schedule
  stepwell serve bikes            serve a registered model over HTTP
  stepwell runs show --variables  how each output of the latest run came about
`

/** Runs the command line. Prints, never exits; the caller does, with what this returns. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const program = buildProgram(argv, (exit) => {
    code = exit
  })
  try {
    await program.parseAsync(argv.map(expandForce), { from: 'user' })
    return code
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return complain(error, argv.includes('--verbose') || argv.includes('-v'))
  }
}

function buildProgram(argv: readonly string[], exit: (code: ExitCode) => void): Command {
  const program = new Command('stepwell')
    .description('Runs pipelines of steps: skips what did not change, and can say why.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', EXAMPLES)
  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option('-C, --cwd <dir>', 'the project directory', '.')
      .option(
        '-p, --pipeline <file>',
        'the pipeline file (default: pipeline.ts, .mts, .js or .mjs)',
      )
      .option('-v, --verbose', 'show stacks of errors and, in a pipe, logs of steps')

  program
    .command('init [directory]')
    .description('add a pipeline to this directory, or to a new one; --help lists the templates')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_directory: string | undefined, _options: object, self: Command) => {
      const { init } = await import('./commands/init.ts')
      exit(await init(self.args))
    })

  const runCommand = (name: string, description: string) =>
    command(name, description)
      .argument('[targets...]', 'names of steps')
      .option(
        '-j, --jobs <n>',
        'steps executed at once: a number, or a share of the cores: 50%',
        parseJobs,
      )
      .option('--only', 'the targets alone: what they need is taken as it was left')
      .option('-k, --keep-going', 'after a failure, run all that does not need the step')
      .addOption(
        new Option('--on-error <how>', 'after a failure: finish what runs, continue as -k, or kill')
          .choices(['finish', 'continue', 'kill'])
          .conflicts('keepGoing'),
      )
      .option(
        '--limit <name=amount>',
        'how much there is of a resource that steps take; may be repeated',
        parseLimit,
      )
      .option('--keep-edits', 'leave outs that were edited by hand as they are')
      .addOption(
        new Option('--link <how>', 'how outs come into the project').choices(['copy', 'hard']),
      )
      .option('--offline', 'take what url() inputs were the last time, and ask no server')
      .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
      .option('--json', 'print the record of the run as JSON')
      .option('--events', 'print each event as a line of JSON as it happens')
      .addOption(new Option('--ui <mode>', 'progress').choices(['auto', 'plain']).default('auto'))
      .option('-q, --quiet', 'print errors and warnings only')

  runCommand('run', 'run the pipeline, or the targets and what they need')
    .option('-n, --dry-run', 'as `stepwell plan`')
    .option(
      '-f, --force',
      'execute the named targets even if cached; --force=all: all that take part',
    )
    .addOption(new Option('--force-all').hideHelp())
    .addOption(
      new Option('--plan <file>', 'run what `plan -o` wrote there, if it still holds').conflicts(
        'dryRun',
      ),
    )
    .option('--because <why>', 'the reason, kept in the record of the run')
    .addOption(new Option('--watched <how>').choices(['run', 'look', 'id']).hideHelp())
    .addOption(new Option('--keeper <pid>').argParser(parseCount).hideHelp())
    .action(async (targets: string[], options: RunOptions & { dryRun?: boolean }) =>
      exit(await (options.dryRun ? plan(targets, options) : run(targets, options))),
    )
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
  runCommand('watch', 'run, and run again what each change of a file affects, until Ctrl-C').action(
    async (_: string[], options: WatchOptions) => exit(await watch(argv.slice(1), options)),
  )
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
      const { schedule } = await import('./commands/schedule.ts')
      exit(await schedule(argv.slice(1), options))
    })
  command('plan', 'say what a run would do, and why')
    .argument('[targets...]', 'names of steps')
    .option('-j, --jobs <n>', 'as of run: the estimate depends on it', parseJobs)
    .option('-f, --force', 'as of run')
    .addOption(new Option('--force-all').hideHelp())
    .option('--only', 'as of run')
    .option('--offline', 'as of run: what was never downloaded is a problem')
    .option('-o, --output <file>', 'write it to a file, for `run --plan`')
    .option('--check', 'exit with 3 when something would run')
    .option('--json', 'print JSON')
    .action(async (targets: string[], options: PlanOptions) => exit(await plan(targets, options)))
  command('status', 'say which steps are fresh, and what goes on now')
    .alias('st')
    .option('--exit-code', 'exit with 3 when something would run')
    .option('--json', 'print JSON')
    .action(async (options: StatusOptions) => exit(await status(options)))
  command('explain', 'say why a step would run, or would not')
    .alias('why')
    .argument('<step>', 'name of a step')
    .option('--json', 'print JSON')
    .action(async (step: string, options: ExplainOptions) => exit(await explain(step, options)))
  command('code', 'show what the code of a step reaches: declarations, packages, variables')
    .argument('<step>', 'name of a step')
    .option('--all', 'list what happens while modules are loaded too')
    .option('--json', 'print JSON')
    .action(async (step: string, options: CodeOptions) => exit(await showCode(step, options)))
  command('accept', 'say that what changed in some steps makes no difference to their outputs')
    .argument('[steps...]', 'names of steps')
    .option('--because <why>', 'the reason, kept in .stepwell/accepted.ndjson')
    .option(
      '--any-change',
      'accept changes of params, inputs and environment too, not only of code',
    )
    .option('--list', 'list what is accepted now')
    .option('--revoke', 'take it back: the steps run again')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
    .action(async (steps: string[], options: AcceptOptions) => exit(await accept(steps, options)))
  command('graph', 'print the graph of the pipeline')
    .alias('dag')
    .addOption(
      new Option('--format <format>', 'language').choices(['mermaid', 'dot']).default('mermaid'),
    )
    .option('--json', 'print the steps and what they read as JSON')
    .action(async (options: GraphOptions) => exit(await graph(options)))
  const list = command('runs', 'list the recorded runs, latest first')
    .option('-l, --limit <n>', 'how many', parseCount, 20)
    .option('--json', 'print JSON')
    .action(async (options: RunsOptions) => exit(await runs(options)))
  list
    .command('show')
    .description('show a run: its process table and scores')
    .argument('[id]', 'id of a run (default: the latest)')
    .option('--variables', 'how each named output changed over the steps')
    .action(async (id: string | undefined, _: unknown, show: Command) =>
      exit(await showRun(id, show.optsWithGlobals<ShowOptions>())),
    )
  for (const isPinned of [true, false]) {
    list
      .command(isPinned ? 'pin' : 'unpin')
      .description(
        isPinned ? 'keep a run, with all that it used, from gc' : 'leave a run to gc again',
      )
      .argument('<id>', 'id of a run')
      .action(async (id: string, _: unknown, pin: Command) =>
        exit(await pinRun(id, isPinned, pin.optsWithGlobals<RunsOptions>())),
      )
  }
  command('diff', 'compare two recorded runs: what differs, and why')
    .argument('[from]', 'id of a run (default: the latest before it that had the same steps)')
    .argument('[to]', 'id of a run (default: the latest that has ended)')
    .option('--all', 'list the steps in which nothing differs, too')
    .option('--exit-code', 'exit with 3 when outputs differ')
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, options: DiffOptions) =>
      exit(await diffRuns(from, to, options)),
    )
  command('restore', 'put the files that steps left back into the project')
    .argument('[targets...]', 'names of steps')
    .option('--run <id>', 'as they were after this run (default: the latest state)')
    .option('-f, --force', 'put back what was edited by hand too; the edit is put aside')
    .option('--json', 'print JSON')
    .action(async (targets: string[], options: RestoreOptions) =>
      exit(await restore(targets, options)),
    )
  command('clean', 'remove what steps left that no step makes any more')
    .option('-n, --dry-run', 'say what would go')
    .option('-f, --force', 'put aside what was edited by hand, too')
    .option('--keep <paths...>', 'these stay, as files of the project')
    .option('--json', 'print JSON')
    .action(async (options: CleanOptions) => exit(await clean(options)))
  command('gc', 'let go of what no kept run needs')
    .option('--keep-runs <n>', 'how many of the latest runs of each pipeline stay', parseCount)
    .option('--keep-days <n>', 'runs of so many days stay too', parseCount)
    .option('--max-size <size>', 'how much may stay: 10GB or 10GiB', parseBytes)
    .option('-n, --dry-run', 'say what would go, and how long it would take to make it again')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
    .action(async (options: GcOptions) => exit(await gc(options)))
  const cache = command('cache', 'what is stored')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
  cache
    .command('ls')
    .description('list the entries of the step cache, largest first')
    .action(async (_: unknown, ls: Command) =>
      exit(await listCache(ls.optsWithGlobals<CacheOptions>())),
    )
  cache
    .command('verify')
    .description('read all that is stored, and put aside what is damaged')
    .action(async (_: unknown, verify: Command) =>
      exit(await verifyCache(verify.optsWithGlobals<CacheOptions>())),
    )
  command('logs', 'print what a step logged')
    .argument('<step>', 'name of a step')
    .option('-f, --follow', 'go on with what comes, until the step or the run has ended')
    .option('--run <id>', 'in this run (default: the latest one that executed the step)')
    .option('--json', 'print JSON')
    .action(async (step: string, options: LogsOptions) => exit(await logs(step, options)))
  addComparisons(command, exit)
  addModels(command, exit)
  return program
}

function addModels(
  command: (usage: string, description: string) => Command,
  exit: (code: ExitCode) => void,
): void {
  const model = command('model', 'the registered models: their versions, and where aliases point')
    .option('--dir <folder>', 'the folder of the registry (default: models in the project)')
    .option('--json', 'print JSON')
  model
    .command('list')
    .alias('ls')
    .description('list the models, or the versions of one')
    .argument('[model]', 'name of a model')
    .action(async (name: string | undefined, _: unknown, list: Command) =>
      exit(await listModels(name, list.optsWithGlobals<ModelOptions>())),
    )
  model
    .command('show')
    .description('show a version: what it takes, its metrics, where it comes from, who moved what')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .action(async (ref: string, _: unknown, show: Command) =>
      exit(await showModel(ref, show.optsWithGlobals<ModelOptions>())),
    )
  const because = ['--because <why>', 'the reason, kept in the history'] as const
  model
    .command('promote')
    .description('make a version the champion')
    .argument('<model>', 'name of a model, with @alias or @version (default: @challenger)')
    .option('--alias <alias>', 'the alias to move', 'champion')
    .option(...because)
    .action(async (ref: string, _: unknown, move: Command) =>
      exit(await promote(ref, move.optsWithGlobals<MoveOptions>())),
    )
  model
    .command('rollback')
    .description('move an alias back to the version that it had before')
    .argument('<model>', 'name of a model')
    .option('--alias <alias>', 'the alias to move', 'champion')
    .option(...because)
    .action(async (name: string, _: unknown, move: Command) =>
      exit(await rollback(name, move.optsWithGlobals<MoveOptions>())),
    )
  model
    .command('alias')
    .description('set an alias, or remove it')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .argument('<alias>', 'name of the alias')
    .option('--remove', 'let it point to nothing')
    .option(...because)
    .action(async (ref: string, alias: string, _: unknown, move: Command) => {
      const options = move.optsWithGlobals<MoveOptions & { remove?: boolean }>()
      const named = ref.includes('@') ? ref : `${ref}@champion`
      const how = { ...options, alias }
      exit(await (options.remove ? removeAlias(ref, how) : promote(named, how)))
    })
  model
    .command('export')
    .description('copy a version to a folder')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .argument('<folder>', 'a folder with nothing in it')
    .action(async (ref: string, folder: string, _: unknown, copy: Command) =>
      exit(await exportModel(ref, folder, copy.optsWithGlobals<ModelOptions>())),
    )
  command('serve', 'serve a model over HTTP, and follow its alias')
    .argument('<model>', 'name of a model, with @alias or @version (default: @champion)')
    .option('--dir <folder>', 'the folder of the registry (default: models in the project)')
    .option(
      '--host <address>',
      'where to listen; others than this machine reach 0.0.0.0',
      '127.0.0.1',
    )
    .option('--port <n>', 'on which port; 0: any that is free', parsePort, 8080)
    .option('--token-env <name>', 'the environment variable with the token that requests need')
    .addOption(new Option('--token-file <file>', 'the file with that token').conflicts('tokenEnv'))
    .option('--log <folder>', 'where predictions are logged (default: predictions/<model>)')
    .option('--no-log', 'log no predictions')
    .option('--keep <columns>', 'what else of a row is logged: a,b; may be repeated', parseNames)
    .option('--log-size <size>', 'when a new file of the log begins (default: 64MB)', parseBytes)
    .option('--log-age <time>', 'when it begins in any case (default: 10min)', parseDuration)
    .option('--log-total <size>', 'how much of the log stays (default: 1GB)', parseBytes)
    .option('--body-limit <size>', 'the largest request (default: 1MiB)', parseBytes)
    .option('--max-rows <n>', 'the most rows in one request (default: 10000)', parseCount)
    .option('--concurrency <n>', 'requests at once; 503 beyond (default: 100)', parseCount)
    .option(
      '--timeout <time>',
      'how long a request may take to arrive (default: 10s)',
      parseDuration,
    )
    .option(
      '--drain <time>',
      'how long requests under way may take at the end (default: 10s)',
      parseDuration,
    )
    .option('--json', 'print where it serves as JSON')
    .action(async (ref: string, options: ServeCommandOptions) => exit(await serve(ref, options)))
}

/** What looks at a DVC project over Git revisions and runs. */
function addComparisons(
  command: (usage: string, description: string) => Command,
  exit: (code: ExitCode) => void,
): void {
  const metrics = command('metrics', 'the metrics of a DVC project')
  metrics
    .command('show')
    .description('show metrics: as they are now, in revisions, or after runs')
    .argument('[targets...]', 'files or directories (default: all metrics)')
    .option('--rev <rev>', 'in a Git revision; may be repeated', collect)
    .option('--run <id>', 'after a recorded run; may be repeated', collect)
    .option('-a, --all-branches', 'in all branches')
    .option('-T, --all-tags', 'in all tags')
    .option('-A, --all-commits', 'in all commits')
    .option('--precision <n>', 'digits after the point (default: 5)', parseDigits)
    .option('--json', 'print JSON')
    .action(async (targets: string[], _: unknown, show: Command) =>
      exit(await showMetrics(targets, show.optsWithGlobals<ShowMetricsOptions>())),
    )
  metrics
    .command('diff')
    .description('compare metrics')
    .argument('[from]', 'a Git revision (default: HEAD)')
    .argument('[to]', 'a Git revision (default: workspace, what is there now)')
    .option('--run <id>', 'a recorded run, as a side or as both', collect)
    .option('--targets <paths...>', 'files or directories (default: all metrics)')
    .option('--all', 'show what does not differ too')
    .option('--precision <n>', 'digits after the point (default: 5)', parseDigits)
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, _: unknown, diff: Command) =>
      exit(await diffMetrics([from, to], diff.optsWithGlobals<DiffMetricsOptions>())),
    )
  command('params', 'the params of a DVC project')
    .command('diff')
    .description('compare params')
    .argument('[from]', 'a Git revision (default: HEAD)')
    .argument('[to]', 'a Git revision (default: workspace, what is there now)')
    .option('--targets <paths...>', 'files (default: all files of params)')
    .option('--deps', 'only what stages depend on')
    .option('--all', 'show what does not differ too')
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, _: unknown, diff: Command) =>
      exit(await diffParams([from, to], diff.optsWithGlobals<DiffParamsOptions>())),
    )
  const plots = command('plots', 'the plots of a DVC project')
  const drawing = (name: string, description: string): Command =>
    plots
      .command(name)
      .description(description)
      .option('--run <id>', 'after a recorded run; may be repeated', collect)
      .option('-o, --out <path>', 'write the page to this directory, or .html file')
      .option('--terminal', 'draw in the terminal')
      .option('-x <field>', 'what is on the x axis')
      .option('-y <field>', 'what is on the y axis')
      .option('-t, --template <name>', 'linear, simple, scatter, confusion, and so on')
      .option('--title <text>', 'a title')
      .option('--x-label <text>', 'a label of the x axis')
      .option('--y-label <text>', 'a label of the y axis')
      .option('--no-header', 'the first line of a table has no names')
      .option('--json', 'print JSON')
  drawing('show', 'draw plots as they are now, in revisions, or after runs')
    .argument('[targets...]', 'files, directories or names of plots (default: all)')
    .option('--rev <rev>', 'in a Git revision; may be repeated', collect)
    .action(async (targets: string[], _: unknown, show: Command) =>
      exit(await showPlots(targets, show.optsWithGlobals<PlotsOptions>())),
    )
  drawing('diff', 'draw plots of several revisions over each other')
    .argument('[revisions...]', 'Git revisions (default: HEAD and workspace)')
    .option('--targets <paths...>', 'files, directories or names of plots (default: all)')
    .action(async (revisions: string[], _: unknown, diff: Command) =>
      exit(await diffPlots(revisions, diff.optsWithGlobals<PlotsOptions>())),
    )
}

function collect(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, text]
}

function parseNames(text: string, all: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => name !== '')) return [...all, ...names]
  throw new InvalidArgumentError('Expected names of columns with commas between them: a,b.')
}

function parseDigits(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a number of digits from 0 to 99.')
}

/** `--force=all` as an option of its own: with an optional value, `-f train` would swallow `train`. */
function expandForce(argument: string): string {
  if (argument === '--force=all') return '--force-all'
  return argument === '--force=targets' ? '--force' : argument
}

function complain(error: unknown, verbose: boolean): ExitCode {
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

function parseJobs(text: string): number {
  const share = /^(\d+)%$/.exec(text)?.[1]
  const jobs =
    share === undefined ? Number(text) : Math.round((availableParallelism() * Number(share)) / 100)
  if (share !== undefined && Number(share) > 0) return Math.max(1, jobs)
  if (/^\d+$/.test(text) && jobs >= 1) return jobs
  throw new InvalidArgumentError('Expected a whole number from 1 up, or a share such as 50%.')
}

function parseLimit(text: string, limits: Record<string, string> = {}): Record<string, string> {
  const [, name, amount = ''] = /^([a-zA-Z][a-zA-Z0-9_-]*)=(.*)$/.exec(text) ?? []
  const isAmount =
    name === 'memory' ? parseSize(amount) !== undefined : /^\d+(\.\d+)?$/.test(amount)
  if (name !== undefined && isAmount) return { ...limits, [name]: amount }
  throw new InvalidArgumentError('Expected a name and an amount, such as gpu=2 or memory=8GB.')
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text)
  throw new InvalidArgumentError('Expected a whole number from 1 up.')
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new InvalidArgumentError('Expected a number from 0 to 65535.')
}

/** In milliseconds. A number without a unit is one of seconds. */
function parseDuration(text: string): number {
  const time = parseTime(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text)
  if (time !== undefined) return time
  throw new InvalidArgumentError('Expected a time such as 30s, 10min or 1.5h.')
}

/** In bytes. */
function parseBytes(text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError('Expected a size with its unit, such as 10GB, 10GiB or 512kB.')
}
