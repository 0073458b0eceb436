import { writeSync } from 'node:fs'
import { engineOptions, forced } from './engine-options.ts'
import { plan } from './plan.ts'
import { Option } from '../commander.ts'
import { parseCount } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import {
  StepwellError,
  type LinkMode,
  type OnFailure,
  type RunRecord,
  type RunRequest,
} from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { divertConsole } from '../ui/console.ts'
import { onEnding, urged, type Ending } from '../ui/ending.ts'
import { failuresOf, withHint } from '../ui/failures.ts'
import { processTable, summaryLine, withOngoing } from '../ui/process-table.ts'
import {
  eventProgress,
  plainProgress,
  quietProgress,
  silentProgress,
  terminalProgress,
  type Progress,
} from '../ui/progress.ts'
import { STOPPING } from '../ui/stopping.ts'
import { WatchedRun } from '../watch/watched-run.ts'
import { noteLineage } from './lineage.ts'
import { readPlan } from './plan-file.ts'
import { loopsIn, type LoadedPipeline } from '../load-pipeline.ts'
import { chooseStages, getMissing, recordStages, type StageOptions } from './dvc-stages.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell run`. */
export function register({ runCommand, exit }: Cli): void {
  runCommand('run', 'run the pipeline, or the targets and the steps that they need')
    .option('-n, --dry-run', 'as `stepwell plan`')
    .option(
      '-f, --force',
      'execute the named targets even if cached; --force=all: every step of the run',
    )
    .addOption(new Option('--force-all').hideHelp())
    .addOption(
      new Option(
        '--plan <file>',
        'run a plan that `plan -o` wrote, if it is still up to date',
      ).conflicts('dryRun'),
    )
    .option('--because <why>', 'the reason, kept in the record of the run')
    .addOption(new Option('--watched <how>').choices(['run', 'look', 'id']).hideHelp())
    .addOption(new Option('--keeper <pid>').argParser(parseCount).hideHelp())
    .action(async (targets: string[], options: RunOptions & { dryRun?: boolean }) =>
      exit(await (options.dryRun ? plan(targets, options) : run(targets, options))),
    )
}

export interface RunOptions extends ProjectOptions, StageOptions {
  readonly jobs?: number
  /** Milliseconds. */
  readonly lockTimeout?: number
  /** What becomes of the run once a step has failed. */
  readonly onError?: OnFailure
  readonly keepGoing?: boolean
  /** How much there is of what steps name in `resources`. */
  readonly limit?: Readonly<Record<string, number | string>>
  readonly keepEdits?: boolean
  readonly link?: LinkMode
  /** Ask no server for `url()` inputs. */
  readonly offline?: boolean
  /** A file that `plan -o` wrote. */
  readonly plan?: string
  readonly force?: boolean
  readonly only?: boolean
  readonly forceAll?: boolean
  readonly json?: boolean
  readonly events?: boolean
  readonly ui: 'auto' | 'plain'
  readonly quiet?: boolean
  readonly verbose?: boolean
  /** Why it is run, for the record. */
  readonly because?: string
  /**
   * Set by `watch` and `schedule`, which follow by a channel: `run` tells what it depends on, too, and
   * `look` only that.
   */
  readonly watched?: 'run' | 'look' | 'id'
  /** The id of the process that watches. */
  readonly keeper?: number
}

/** Runs the pipeline, or the targets and what they need. */
export async function run(targets: readonly string[], options: RunOptions): Promise<ExitCode> {
  const { keepEdits = false } = options
  if (options.json && options.events) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: '--json and --events both write to standard output',
      hint: 'ask for one of them',
    })
  }
  return await withPipeline(options, engineOptions(options), async (engine, loaded) => {
    const { pipeline, dir } = loaded
    const watched = options.watched && new WatchedRun()
    const progress = chooseProgress(options)
    const request = await requestIn(loaded, targets, options, progress)
    if (options.watched !== 'id') await watched?.begin(engine, pipeline, request.targets ?? [])
    if (options.watched === 'look') return EXIT.ok
    const restoreConsole = divertConsole((text) => progress.note(text))
    const { because } = options
    const going = engine.run(pipeline, {
      ...request,
      keepEdits,
      onFailure: onFailureOf(options),
      ...(because !== undefined && { because }),
    })
    const leaveOff = watched?.obey(going, (text) => progress.note(text))
    let interrupts = 0
    const onSignal = (signal: Ending): void => {
      // A terminal tells all of its processes; this one is told by the one that watches.
      if (watched !== undefined && signal !== 'SIGTERM') return
      const before = interrupts
      interrupts = urged(before, signal)
      if (interrupts === before) return
      if (interrupts === 1) {
        progress.note(STOPPING.finish)
        going.stop('finish')
      } else if (interrupts === 2) {
        progress.note(STOPPING.kill)
        going.stop('kill')
      } else {
        process.off('exit', onExit)
        progress.end()
        process.exit(EXIT.interrupted)
      }
    }
    // Whatever code it was to exit with: the run has not come to its end.
    const onExit = (): void => {
      progress.end()
      // Past the stream: what is written there in the midst of a step goes to the step's log.
      writeSync(
        2,
        'stepwell: the run was broken off: a step called process.exit(), or threw an uncaught error outside its own call, such as in a timer; let it return or throw, or give it { executor: "process" }\n',
      )
      process.exitCode = EXIT.failed
    }
    const onIdle = (): void => {
      process.off('exit', onExit)
      progress.end()
      process.stderr.write(
        'stepwell: the run cannot go on: a step waits for a promise that will never settle\n',
      )
      process.exit(EXIT.failed)
    }
    const leaveSignals = onEnding(onSignal)
    process.on('beforeExit', onIdle).on('exit', onExit)
    let record: RunRecord
    try {
      for await (const event of going) {
        progress.show(event)
        watched?.show(event)
      }
      record = await going.result
    } finally {
      progress.end()
      restoreConsole()
      leaveOff?.()
      leaveSignals()
      process.off('beforeExit', onIdle).off('exit', onExit)
    }
    const monitors = options.watched === 'id' ? await monitorsIn(loaded) : []
    report(withOngoing(record, monitors), options, dir)
    await recordStages(loaded, engine, record, options)
    noteLineage(dir, record)
    if (interrupts > 0) return EXIT.interrupted
    return record.status === 'succeeded' ? EXIT.ok : EXIT.failed
  })
}

/** None where the loop has been edited away since it began. */
async function monitorsIn(loaded: LoadedPipeline): Promise<string[]> {
  const { monitorsOf } = await import('@stepwell/loop')
  return loopsIn(loaded).flatMap(monitorsOf)
}

/** In a DVC project, targets are what `dvc repro` takes them for; a plan has its own. */
async function requestIn(
  { dvc }: LoadedPipeline,
  targets: readonly string[],
  options: RunOptions,
  progress: Progress,
): Promise<RunRequest> {
  if (dvc === undefined || options.plan !== undefined) return requestOf(targets, options)
  const chosen = await chooseStages(dvc, targets, options)
  await getMissing(dvc, chosen, options, (text) => progress.note(text))
  return requestOf(chosen.stages, { ...options, only: true })
}

function requestOf(targets: readonly string[], options: RunOptions): RunRequest {
  const force = forced(targets, options)
  const { only = false } = options
  if (only && targets.length === 0) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: '--only without a step',
      hint: 'name the steps: stepwell run --only train',
    })
  }
  if (options.plan === undefined) {
    return { targets, ...(only && { only }), ...(force !== undefined && { force }) }
  }
  if (targets.length === 0 && force === undefined) return { plan: readPlan(options.plan) }
  throw new StepwellError({
    code: 'STEPWELL_USAGE',
    summary: 'a plan has its own targets, and what it forces',
    hint: 'leave out the others, or make another plan: stepwell plan [targets] -o <file>',
  })
}

/** `-k` is short for the one that people want most. */
function onFailureOf({ onError = 'finish', keepGoing = false }: RunOptions): OnFailure {
  return keepGoing ? 'continue' : onError
}

function chooseProgress({ json, events, ui, quiet, verbose = false }: RunOptions): Progress {
  if (events) return eventProgress
  if (json) return silentProgress
  if (quiet) return quietProgress
  const live = ui === 'auto' && process.stdout.isTTY && process.env['CI'] === undefined
  return live ? terminalProgress() : plainProgress({ logs: verbose })
}

function report(
  record: RunRecord,
  { json, events, quiet, verbose, watched }: RunOptions,
  dir: string,
): void {
  if (json) printJson('stepwell.run/1', record, watched && 0)
  else if (!events && !quiet) print(`${processTable(record)}\n\n${summaryLine(record)}`)
  for (const { text, hint, stack } of failuresOf(record, dir)) {
    process.stderr.write(`${withHint(text, hint)}\n`)
    if (verbose && stack !== undefined) process.stderr.write(`${stack}\n`)
  }
}
