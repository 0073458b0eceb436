import type { Cli } from '../cli.ts'
import { StepwellError, type Engine, type RunRecord } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatDuration } from '../ui/text.ts'
import { print, printJson, withRecords, type ProjectOptions, type Records } from './project.ts'

/** Adds `stepwell logs`. */
export function register({ command, exit }: Cli): void {
  command('logs', 'print what a step logged')
    .argument('<step>', 'name of a step')
    .option('-f, --follow', 'follow the log until the step or the run has ended')
    .option('--run <id>', 'in this run (default: the latest one that executed the step)')
    .option('--json', 'print JSON')
    .action(async (step: string, options: LogsOptions) => exit(await logs(step, options)))
}

export interface LogsOptions extends ProjectOptions {
  readonly run?: string
  readonly json?: boolean
  /** Go on with what comes, until the step has ended. */
  readonly follow?: boolean
}

/** Prints what a step logged: in a given run, or in the latest one in which it was executed. */
export async function logs(
  step: string,
  { run, json, follow: following, ...options }: LogsOptions,
): Promise<ExitCode> {
  if (json && following) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: 'a followed log cannot be printed as a JSON document',
      hint: 'leave out --json or --follow',
    })
  }
  return await withRecords(options, async (records) => {
    const { engine } = records
    const live = following && run === undefined ? await liveRun(records, step) : undefined
    const record =
      live ??
      (run === undefined ? await latestExecution(records, step) : await engine.runRecord(run))
    const { id, steps } = record
    if (!Object.hasOwn(steps, step)) throw unknown(`run ${id} has no step \`${step}\``)
    if (following) return await follow(engine, id, step)
    const log = await engine.log(id, step)
    if (json) printJson('stepwell.log/1', { run: id, step, lines: linesOf(log) })
    else if (log === undefined) process.stderr.write(`step ${step} logged nothing in run ${id}\n`)
    else {
      process.stderr.write(`log of step ${step} in run ${id}\n`)
      print(log)
    }
    return EXIT.ok
  })
}

/** Prints a log as it grows. */
async function follow(engine: Engine, id: string, step: string): Promise<ExitCode> {
  process.stderr.write(`following step ${step} in run ${id}\n`)
  const stop = new AbortController()
  // The reader of the pipe has gone, as after `| head`.
  process.stdout.once('error', () => stop.abort())
  const lines = engine.follow(id, step, stop.signal)
  for (;;) {
    const { done, value } = await lines.next()
    if (!done) process.stdout.write(value)
    else {
      process.stderr.write(`${howItEnded(value, step)}\n`)
      return EXIT.ok
    }
  }
}

function howItEnded(
  { id, status, steps, process: { pid, host } }: RunRecord,
  step: string,
): string {
  if (status === 'interrupted') {
    return `run ${id} was interrupted: its process ${pid} on ${host} is gone`
  }
  const { status: how = 'waiting', duration = 0 } = steps[step] ?? {}
  if (how === 'waiting' || how === 'running') return `run ${id} ${status}`
  const took = how === 'succeeded' || how === 'failed' ? ` after ${formatDuration(duration)}` : ''
  return `step ${step} ${how}${took}`
}

/** The latest run in which the step is being executed, or still may be. */
async function liveRun(records: Records, step: string): Promise<RunRecord | undefined> {
  const isOpen = (status: string | undefined) => status === 'running' || status === 'waiting'
  const live = await records.live()
  return live.find(({ steps }) => Object.hasOwn(steps, step) && isOpen(steps[step]?.status))
}

function linesOf(log: string | undefined): string[] {
  return log === undefined ? [] : log.replace(/\n$/, '').split('\n')
}

async function latestExecution(records: Records, step: string): Promise<RunRecord> {
  for await (const record of records) {
    const status = Object.hasOwn(record.steps, step) ? record.steps[step]?.status : undefined
    if (status !== undefined && !['cached', 'skipped', 'waiting'].includes(status)) return record
  }
  throw unknown(`no recorded run has executed a step \`${step}\``)
}

function unknown(what: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_TARGET_UNKNOWN',
    summary: what,
    hint: '`stepwell runs show` lists the steps of the latest run',
  })
}
