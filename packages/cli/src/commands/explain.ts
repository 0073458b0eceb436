import { StepwellError, type Engine, type PlannedStep, type Reason } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { reasonLines } from '../ui/reasons.ts'
import { formatDuration, formatTime, shortDigest } from '../ui/text.ts'
import { paintDecision } from './plan.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

export interface ExplainOptions extends ProjectOptions {
  readonly json?: boolean
}

const MOST = 12

interface Explanation extends PlannedStep {
  /** The steps furthest upstream because of which it may run, with their own reasons. */
  readonly causes: readonly PlannedStep[]
  /** Why it was executed the last time that it was, and how that ended. */
  readonly lastRun?: {
    readonly run: string
    readonly at: number
    readonly status: string
    readonly reasons: readonly Reason[]
    readonly error?: string
  }
}

/** Says why one step would run, or would not. */
export async function explain(name: string, options: ExplainOptions): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const { steps } = await engine.plan(pipeline, { targets: [name] })
    const step = steps.find((planned) => planned.name === name)
    if (step === undefined) throw new TypeError('a target that was not planned')
    const lastRun = await findLastRun(engine, pipeline.name, name)
    const explanation: Explanation = {
      ...step,
      causes: firstCauses(step, steps),
      ...(lastRun !== undefined && { lastRun }),
    }
    if (options.json) printJson('stepwell.explain/1', { pipeline: pipeline.name, ...explanation })
    else print(render(explanation))
    return EXIT.ok
  })
}

function render({
  name,
  action,
  inputs,
  key,
  pinned,
  causes,
  lastRun,
  last,
  ...step
}: Explanation): string {
  const words = paintDecision({ name, action, inputs, ...step })
  const lines = [`${name} (${action}): ${words}`]
  for (const reason of reasonLines(step.reasons, MOST)) lines.push(`  because ${reason}`)
  for (const cause of causes) {
    lines.push(`  first cause: ${cause.name} ${paintDecision(cause)}`)
    for (const reason of reasonLines(cause.reasons, MOST)) lines.push(`    because ${reason}`)
  }
  if (inputs.length > 0) lines.push('  inputs')
  for (const input of inputs) {
    const digest = input.digest === undefined ? '' : `  ${shortDigest(input.digest)}`
    lines.push(
      `    ${input.name}: ${input.source}${digest}${input.about === undefined ? '' : `  ${input.about}`}`,
    )
  }
  if (pinned !== undefined) lines.push(`  code not tracked: pinned at ${pinned}`)
  if (key !== undefined) lines.push(`  key ${key}`)
  if (lastRun !== undefined) {
    const took =
      last === undefined || lastRun.status === 'failed'
        ? ''
        : `, took ${formatDuration(last.duration)}`
    lines.push(
      `  last executed in run ${lastRun.run} at ${formatTime(lastRun.at)}: ${lastRun.status}${took}`,
    )
    if (lastRun.error !== undefined) lines.push(`    ${lastRun.error}`)
    for (const reason of reasonLines(lastRun.reasons, MOST)) lines.push(`    because ${reason}`)
  }
  return lines.join('\n')
}

/** Walks upstream through what depends on others, to those that run for reasons of their own. */
function firstCauses(step: PlannedStep, steps: readonly PlannedStep[]): PlannedStep[] {
  const byName = new Map(steps.map((planned) => [planned.name, planned]))
  const seen = new Set([step.name])
  const causes: PlannedStep[] = []
  const pending = upstreamOf(step)
  for (const name of pending) {
    const upstream = byName.get(name)
    if (upstream === undefined || seen.has(name)) continue
    seen.add(name)
    const further = upstreamOf(upstream)
    if (further.length === 0) causes.push(upstream)
    pending.push(...further)
  }
  return causes
}

function upstreamOf({ reasons }: PlannedStep): string[] {
  return reasons.flatMap((reason) => (reason.kind === 'upstream' ? reason.steps : []))
}

/** The latest run in which the step was executed. */
async function findLastRun(
  engine: Engine,
  pipeline: string,
  name: string,
): Promise<Explanation['lastRun']> {
  for (const id of await engine.runIds()) {
    let record
    try {
      record = await engine.runRecord(id)
    } catch (error) {
      if (error instanceof StepwellError) continue
      throw error
    }
    const step = record.steps[name]
    if (record.pipeline !== pipeline || step === undefined) continue
    if (step.status !== 'succeeded' && step.status !== 'failed') continue
    return {
      run: id,
      at: record.startedAt,
      status: step.status,
      reasons: step.reasons,
      ...(step.error !== undefined && { error: step.error.message }),
    }
  }
  return undefined
}
