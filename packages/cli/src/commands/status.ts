import type { Cli } from '../cli.ts'
import type { LiveRun, PipelineStatus, StepSituation, StepState } from '@stepwell/engine'
import { upText } from '../schedule/tables.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { ownReasons, reasonLines } from '../ui/reasons.ts'
import { renderTable } from '../ui/table.ts'
import { brief, formatDuration, formatTime, paint, plural } from '../ui/text.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell status`. */
export function register({ command, exit }: Cli): void {
  command('status', 'say which steps are fresh, and what is running now')
    .alias('st')
    .option('--exit-code', 'exit with 3 when something would run')
    .option('--json', 'print JSON')
    .action(async (options: StatusOptions) => exit(await status(options)))
}

export interface StatusOptions extends ProjectOptions {
  readonly json?: boolean
  /** Tell by the exit code whether something would run. */
  readonly exitCode?: boolean
}

/** Says where each step stands, and which runs go on. */
export async function status(options: StatusOptions): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const found = await engine.status(pipeline)
    const { liveLoop } = await import('@stepwell/loop')
    const loop = liveLoop(engine, pipeline.name)
    if (options.json) printJson('stepwell.status/1', { ...found, ...(loop && { loop }) })
    else {
      for (const warning of found.warnings) process.stderr.write(`warning: ${warning}\n`)
      const shown = shownSteps(found, loop?.monitors ?? [])
      const lines = [...found.live.map(describeLive), ...(loop === undefined ? [] : [upText(loop)])]
      print([statusTable(shown), countStates(shown), ...lines].join('\n\n'))
    }
    const stale = found.steps.some(({ decision }) => decision === 'run' || decision === 'depends')
    return options.exitCode && stale ? EXIT.stale : EXIT.ok
  })
}

/** A step at which a loop goes on looking is `ongoing`, whatever it would do now. */
type ShownStep = Omit<StepSituation, 'state'> & { readonly state: StepState | 'ongoing' }

function shownSteps({ steps }: PipelineStatus, monitors: readonly string[]): ShownStep[] {
  return steps.map((step) => {
    const isOngoing = monitors.includes(step.name) && ['fresh', 'stale'].includes(step.state)
    return isOngoing ? { ...step, state: 'ongoing' } : step
  })
}

const STATES = ['running', 'ongoing', 'failed', 'stale', 'never', 'skipped', 'fresh'] as const
const WORDS = {
  running: 'running',
  ongoing: 'ongoing',
  failed: 'failed last time',
  stale: 'stale',
  never: 'never run',
  skipped: 'skipped',
  fresh: 'fresh',
} as const
const COLOURS = {
  running: 'blue',
  ongoing: 'cyan',
  failed: 'red',
  stale: 'yellow',
  never: 'yellow',
  skipped: 'gray',
  fresh: 'green',
} as const

function statusTable(steps: readonly ShownStep[]): string {
  return renderTable(
    ['step', 'state', 'last ran', 'time', 'why'],
    steps.map((step) => [
      step.name,
      paint(COLOURS[step.state], WORDS[step.state]),
      ...lastRan(step),
      why(step),
    ]),
  )
}

function lastRan({ state, since, failure, last }: ShownStep): [at: string, time: string] {
  if (state === 'running') return ['now', formatDuration(Date.now() - (since ?? Date.now()))]
  const shown = state === 'failed' ? failure : last
  return shown === undefined ? ['-', '-'] : [formatTime(shown.at), formatDuration(shown.duration)]
}

function why({ state, failure, reasons }: ShownStep): string {
  if (state === 'failed') return brief(failure?.message.split('\n')[0] ?? '')
  const [first] = reasons
  // Fresh needs no reason, unless it was accepted, or its files are missing or edited.
  if (['fresh', 'ongoing'].includes(state) && first?.kind !== 'accepted') {
    return (
      reasonLines(
        reasons.filter(({ kind }) => kind === 'restored'),
        1,
      ).join('; ') || '-'
    )
  }
  return reasonLines(ownReasons(reasons), 1).join('; ')
}

function countStates(steps: readonly ShownStep[]): string {
  return STATES.flatMap((state) => {
    const count = steps.filter((step) => step.state === state).length
    return count === 0 ? [] : [`${count} ${WORDS[state]}`]
  }).join(', ')
}

function describeLive({
  run,
  process: { pid, host },
  startedAt,
  ended,
  total,
  running,
}: LiveRun): string {
  const now = running.length === 0 ? '' : `, now ${running.join(', ')}`
  const since = `running since ${formatTime(startedAt)} (process ${pid} on ${host})`
  return `run ${run}: ${since}, ${ended} of ${plural(total, 'step')} done${now}`
}
