import type { Cli } from '../cli.ts'
import type { Explanation, PastCause, Reason } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { reasonsInFull } from '../ui/reasons.ts'
import { formatDuration, formatTime, shortDigest } from '../ui/text.ts'
import { newItemsText, paintDecision } from './plan.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell explain`. */
export function register({ command, exit }: Cli): void {
  command('explain', 'explain why a step would run, or would not')
    .alias('why')
    .argument('<step>', 'name of a step')
    .option('--json', 'print JSON')
    .action(async (step: string, options: ExplainOptions) => exit(await explain(step, options)))
}

export interface ExplainOptions extends ProjectOptions {
  readonly json?: boolean
}

/** Says why one step would run, or would not. */
export async function explain(name: string, options: ExplainOptions): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const explanation = await engine.explain(pipeline, name)
    if (options.json) printJson('stepwell.explain/1', { pipeline: pipeline.name, ...explanation })
    else print(render(explanation))
    return EXIT.ok
  })
}

function render(explanation: Explanation): string {
  const { name, action, inputs, key, pinned, causes, last, running, lastRun } = explanation
  const { reasons, decision, items } = explanation
  const lines = [`${name} (${action}): ${paintDecision(explanation)}`, ...because(reasons, 2)]
  for (const cause of causes) {
    lines.push(`  first cause: ${cause.name} ${paintDecision(cause)}`, ...because(cause.reasons, 4))
  }
  lines.push(...describePast(explanation.pastCauses, 2))
  if (running !== undefined) {
    lines.push(`  is executed now in run ${running.run}, since ${formatTime(running.since)}`)
    lines.push(...because(running.reasons, 4))
  }
  if (items !== undefined) lines.push(`  ${newItemsText(items)}`)
  if (inputs.length > 0) lines.push('  inputs')
  for (const input of inputs) {
    const digest = input.digest === undefined ? '' : `  ${shortDigest(input.digest)}`
    const about = input.about === undefined ? '' : `  ${input.about}`
    lines.push(`    ${input.name}: ${input.source}${digest}${about}`)
  }
  if (pinned !== undefined) lines.push(`  code not tracked: pinned at ${pinned}`)
  if (key !== undefined) lines.push(`  key ${key}`)
  if (last !== undefined) {
    const outputs = decision === 'cached' ? 'outputs' : 'latest outputs'
    const took = `at ${formatTime(last.at)}, in ${formatDuration(last.duration)}`
    lines.push(`  ${outputs} made by run ${last.run} ${took}`)
  }
  if (lastRun !== undefined) {
    if (lastRun.run !== last?.run) {
      const how = `${lastRun.status} after ${formatDuration(lastRun.duration)}`
      lines.push(`  last executed in run ${lastRun.run} at ${formatTime(lastRun.at)}: ${how}`)
    }
    if (lastRun.error !== undefined) lines.push(`    ${lastRun.error}`)
    if (lastRun.hint !== undefined) lines.push(`    hint: ${lastRun.hint}`)
    lines.push(...because(lastRun.reasons, 4), ...describePast(lastRun.causes, 4))
  }
  return lines.join('\n')
}

function because(reasons: readonly Reason[], indent: number): string[] {
  return reasonsInFull(reasons).map((reason) => {
    // Which has its own.
    const word = reason.startsWith('accepted: because') ? '' : 'because '
    return `${' '.repeat(indent)}${word}${reason}`
  })
}

function describePast(causes: readonly PastCause[], indent: number): string[] {
  return causes.flatMap(({ step, run, reasons }) => [
    `${' '.repeat(indent)}first cause: ${step} in run ${run}`,
    ...because(reasons, indent + 2),
  ])
}
