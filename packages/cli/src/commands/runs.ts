import type { Command } from '../commander.ts'
import { parseCount } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { StepwellError, type RunRecord } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { failuresOf, withHint } from '../ui/failures.ts'
import { countStatuses, paintStatus, processTable, summaryLine } from '../ui/process-table.ts'
import { renderTable } from '../ui/table.ts'
import { brief, formatDuration, formatTime, shortDigest, visible } from '../ui/text.ts'
import {
  print,
  printJson,
  withProject,
  withRecords,
  type ProjectOptions,
  type Records,
} from './project.ts'

/** Adds `stepwell runs`. */
export function register({ command, exit }: Cli): void {
  const list = command('runs', 'list the recorded runs, latest first')
    .option('-l, --limit <n>', 'how many', parseCount, 20)
    .option('--json', 'print JSON')
    .action(async (options: RunsOptions) => exit(await runs(options)))
  list
    .command('show')
    .description('show a run: its process table and scores')
    .argument('[id]', 'id of a run (default: the latest)')
    .option('--variables', 'show the origin of each named output')
    .action(async (id: string | undefined, _: unknown, show: Command) =>
      exit(await showRun(id, show.optsWithGlobals<ShowOptions>())),
    )
  for (const isPinned of [true, false]) {
    list
      .command(isPinned ? 'pin' : 'unpin')
      .description(
        isPinned ? 'protect a run, with all that it used, from gc' : 'let gc delete a run again',
      )
      .argument('<id>', 'id of a run')
      .action(async (id: string, _: unknown, pin: Command) =>
        exit(await pinRun(id, isPinned, pin.optsWithGlobals<RunsOptions>())),
      )
  }
}

export interface RunsOptions extends ProjectOptions {
  readonly limit: number
  readonly json?: boolean
}

/** Lists the recorded runs, latest first. */
export async function runs({ limit, json, ...options }: RunsOptions): Promise<ExitCode> {
  return await withRecords(options, async (all) => {
    const records: RunRecord[] = []
    for await (const record of all) if (records.push(record) === limit) break
    if (json) printJson('stepwell.runs/1', { runs: records })
    else if (records.length === 0) print(NONE)
    else print(runsTable(records))
    return EXIT.ok
  })
}

export interface ShowOptions extends ProjectOptions {
  readonly variables?: boolean
  readonly json?: boolean
}

/** Shows one run: its process table, its scores, and on request how its outputs came about. */
export async function showRun(
  id: string | undefined,
  { variables, json, ...options }: ShowOptions,
): Promise<ExitCode> {
  return await withRecords(options, async (all) => {
    const record = id === undefined ? await latest(all) : await all.engine.runRecord(id)
    if (record === undefined) {
      // There is no document to print, and a program must not take this text for one.
      if (json) throw noRuns()
      print(NONE)
    } else if (json && variables) {
      printJson('stepwell.variables/1', { run: record.id, variables: trackVariables(record) })
    } else if (json) printJson('stepwell.run/1', record)
    else if (variables) print(variablesTable(record))
    else {
      const scores = metricsTable(record)
      print([processTable(record), ...(scores ? [scores] : []), summaryLine(record)].join('\n\n'))
      for (const { text, hint } of failuresOf(record, all.engine.dir)) print(withHint(text, hint))
      for (const warning of record.warnings) print(`warning: ${warning}`)
    }
    return EXIT.ok
  })
}

/** Keeps a run from being collected, or no longer. */
export async function pinRun(
  id: string,
  isPinned: boolean,
  { json, ...options }: RunsOptions,
): Promise<ExitCode> {
  return await withProject(options, async (engine) => {
    const run = await engine.pin(id, isPinned)
    if (json) printJson('stepwell.pin/1', { run, pinned: isPinned })
    else
      print(
        isPinned
          ? `run ${run} is pinned: gc keeps it`
          : `run ${run} is not pinned any more: gc may delete it`,
      )
    return EXIT.ok
  })
}

const NONE = 'no runs yet: stepwell run'

function noRuns(): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_RUN_UNKNOWN',
    summary: 'there is no recorded run yet',
    hint: 'stepwell run makes one',
  })
}

async function latest(records: Records): Promise<RunRecord | undefined> {
  for await (const record of records) return record
  return undefined
}

function runsTable(records: readonly RunRecord[]): string {
  const isTold = records.some(({ because }) => because !== undefined)
  return renderTable(
    ['run', 'pipeline', 'status', 'started', 'time', 'steps', ...(isTold ? ['because'] : [])],
    records.map((record) => [
      record.id,
      record.pipeline,
      paintStatus(record.status),
      formatTime(record.startedAt),
      record.endedAt === undefined ? '-' : formatDuration(record.endedAt - record.startedAt),
      countStatuses(record),
      ...(isTold ? [brief(visible(record.because ?? '-'))] : []),
    ]),
    ['pipeline', 'time', 'because'],
  )
}

function metricsTable({ steps }: RunRecord): string | undefined {
  const rows = Object.values(steps).flatMap(({ name, metrics }) =>
    Object.entries(metrics).map(([metric, value]) => [name, metric, String(value)]),
  )
  return rows.length === 0 ? undefined : renderTable(['step', 'metric', 'value'], rows)
}

/** A named output through the run: it does not exist until its step ends, and never changes after that. */
interface Variable {
  readonly name: string
  readonly step: string
  readonly status: string
  readonly digest?: string
  readonly about?: string
}

function trackVariables({ steps }: RunRecord): Variable[] {
  return Object.values(steps).flatMap(({ name, status, output, picks = {} }) => [
    { name, step: name, status, ...pickState(output) },
    ...Object.entries(picks).map(([field, artifact]) => {
      return { name: `${name}.${field}`, step: name, status, ...pickState(artifact) }
    }),
  ])
}

function pickState(artifact: { digest: string; about: string } | undefined): {
  digest?: string
  about?: string
} {
  return artifact === undefined ? {} : { digest: artifact.digest, about: artifact.about }
}

function variablesTable(record: RunRecord): string {
  const order = Object.keys(record.steps)
  return renderTable(
    ['output', 'at the start', 'after step', 'status', 'digest', 'what it is'],
    trackVariables(record).map(({ name, step, status, digest, about }) => [
      name,
      'none',
      `${order.indexOf(step) + 1} ${step}`,
      paintStatus(record.steps[step]?.status ?? 'waiting') || status,
      digest === undefined ? 'none' : shortDigest(digest),
      about ?? '-',
    ]),
  )
}
