import { StepwellError } from '@stepwell/engine'
import { decisionsOf, liveLoop, runLoop, type LoopEvent } from '@stepwell/loop'
import { onEnding, urged } from '../ui/ending.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { loopIn } from '../load-pipeline.ts'
import { CycleRunner } from './cycle-runner.ts'
import { loopText } from './loop-text.ts'
import { scheduleTables } from './tables.ts'
import { print, printJson, withPipeline, type ProjectOptions } from '../commands/project.ts'

export interface ScheduleOptions extends ProjectOptions {
  readonly once?: boolean
  readonly list?: boolean
  readonly events?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

// What `stepwell run` does not know.
const OWN = '--once'
const MOST_LISTED = 20

/**
 * Carries out the loop that the pipeline file exports, each run in a process of its own, until it is
 * interrupted.
 *
 * @param args as given, which runs are given, too
 */
export async function schedule(
  args: readonly string[],
  options: ScheduleOptions,
): Promise<ExitCode> {
  if (options.list) return await list(options)
  if (options.json) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: '--json without --list',
      hint: 'leave it out, or ask for --events: what happens, as lines of JSON',
    })
  }
  return await withPipeline(options, { keeper: process.pid }, async (engine, loaded) => {
    const loop = loopIn(loaded)
    const [finish, kill] = [new AbortController(), new AbortController()]
    const rest = args.filter((arg) => arg !== OWN)
    const runner = new CycleRunner(engine, rest)
    let interrupts = 0
    const leaveSignals = onEnding((signal) => {
      const before = interrupts
      interrupts = signal === 'SIGTERM' ? before + 2 : urged(before, signal)
      if (interrupts === before) return
      finish.abort()
      if (interrupts > 3) runner.kill()
      else if (interrupts > 1) kill.abort()
    })
    try {
      await runLoop(loop, {
        engine,
        runner,
        once: options.once ?? false,
        finish: finish.signal,
        kill: kill.signal,
        tell: teller(options),
      })
    } finally {
      leaveSignals()
      await engine.stopServices()
    }
    return EXIT.ok
  })
}

function teller({ events, quiet }: ScheduleOptions): (event: LoopEvent) => void {
  if (events) return (event) => print(JSON.stringify(event))
  return (event) => {
    const isTrouble = event.type === 'failed' || (event.type === 'alerted' && event.problem)
    const stream = isTrouble ? process.stderr : process.stdout
    for (const line of quiet && !isTrouble ? [] : loopText(event)) stream.write(`${line}\n`)
  }
}

async function list({ json, ...options }: ScheduleOptions): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, loaded) => {
    const loop = loopIn(loaded)
    const live = liveLoop(engine, loop.pipeline.name)
    const decisions = decisionsOf(engine, loop.pipeline.name)
    if (json) {
      printJson('stepwell.schedule/1', {
        pipeline: loop.pipeline.name,
        triggers: loop.triggers,
        ...(live !== undefined && { live }),
        decisions,
      })
    } else print(scheduleTables(loop, live, decisions.slice(-MOST_LISTED)))
    return await Promise.resolve(EXIT.ok)
  })
}
