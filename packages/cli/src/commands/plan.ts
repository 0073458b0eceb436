import { Option } from '../commander.ts'
import { parseJobs } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { type Plan, type PlannedStep } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { describeEstimate } from '../ui/estimate.ts'
import { ownReasons, reasonText } from '../ui/reasons.ts'
import { renderTable } from '../ui/table.ts'
import { formatDuration, paint, plural } from '../ui/text.ts'
import { chooseStages, getMissing, type StageOptions } from './dvc-stages.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'
import { writePlan } from './plan-file.ts'
import { engineOptions, forced } from './engine-options.ts'

/** Adds `stepwell plan`. */
export function register({ command, exit }: Cli): void {
  command('plan', 'show what a run would do, and why')
    .argument('[targets...]', 'names of steps')
    .option('-j, --jobs <n>', 'as for `stepwell run`; the estimate depends on it', parseJobs)
    .option('-f, --force', 'as for `stepwell run`')
    .addOption(new Option('--force-all').hideHelp())
    .option('--only', 'as for `stepwell run`')
    .option('--offline', 'as for `stepwell run`; a url() that was never downloaded is a problem')
    .option('-o, --output <file>', 'write the plan to a file, for `run --plan`')
    .option('--check', 'exit with 3 when something would run')
    .option('--json', 'print JSON')
    .action(async (targets: string[], options: PlanOptions) => exit(await plan(targets, options)))
}

export interface PlanOptions extends ProjectOptions, StageOptions {
  readonly jobs?: number
  readonly force?: boolean
  readonly only?: boolean
  readonly offline?: boolean
  readonly forceAll?: boolean
  readonly json?: boolean
  /** A file that `run --plan` takes. */
  readonly output?: string
  /** Tell by the exit code whether something would run. */
  readonly check?: boolean
}

const WORDS = { run: 'will run', cached: 'cached', skip: 'skipped', depends: 'depends' } as const

/** Says what a run would do, and does nothing. */
export async function plan(targets: readonly string[], options: PlanOptions): Promise<ExitCode> {
  return await withPipeline(options, engineOptions(options), async (engine, { pipeline, dvc }) => {
    const selection = dvc && (await chooseStages(dvc, targets, options))
    if (
      dvc !== undefined &&
      selection !== undefined &&
      (options.allowMissing === true || options.pull === true)
    ) {
      const note = (text: string): void => (options.json ? undefined : print(text))
      await getMissing(dvc, selection, { ...options, dry: true }, note)
    }
    const chosen = selection?.stages
    const force = forced(chosen ?? targets, options)
    const planned = await engine.plan(pipeline, {
      targets: chosen ?? targets,
      ...((options.only ?? chosen !== undefined) && { only: true }),
      ...(force !== undefined && { force }),
    })
    if (options.output !== undefined) writePlan(options.output, planned)
    const { evidence: _, ...shown } = planned
    if (options.json) printJson('stepwell.plan/1', shown)
    else {
      for (const warning of planned.warnings) process.stderr.write(`warning: ${warning}\n`)
      print(`${planTable(planned)}\n\n${planSummary(planned)}`)
    }
    const stale = planned.steps.some(({ decision }) => decision === 'run' || decision === 'depends')
    return options.check && stale ? EXIT.stale : EXIT.ok
  })
}

export function paintDecision({ decision }: PlannedStep): string {
  const colours = { run: 'yellow', cached: 'cyan', skip: 'gray', depends: 'gray' } as const
  return paint(colours[decision], WORDS[decision])
}

function planTable({ steps }: Plan): string {
  return renderTable(
    ['step', 'action', 'decision', 'last time', 'reason'],
    steps.map((step) => [
      step.name,
      step.action,
      paintDecision(step),
      step.last === undefined ? '-' : formatDuration(step.last.duration),
      reasonOf(step),
    ]),
  )
}

function reasonOf({ reasons, items }: PlannedStep): string {
  const text = reasonText(ownReasons(reasons))
  return items === undefined ? text : `${newItemsText(items)}: ${text}`
}

/** `3 of 1,000 items new` */
export function newItemsText(items: NonNullable<PlannedStep['items']>): string {
  return `${items.new} of ${plural(items.total, 'item')} new`
}

function planSummary({ steps, estimate }: Plan): string {
  const count = (decision: PlannedStep['decision']) =>
    steps.filter((step) => step.decision === decision).length
  const outs = steps.flatMap(({ reasons }) => reasons.filter(({ kind }) => kind === 'restored'))
  const restored = outs.length > 0 ? `, ${plural(outs.length, 'out')} to put back` : ''
  const skipped = count('skip') > 0 ? `, ${count('skip')} skipped` : ''
  const counts = `${count('run')} will run, ${count('depends')} depend on them, ${count('cached')} cached${skipped}${restored}`
  const time = describeEstimate(estimate)
  return time === undefined ? counts : `${counts}\n${time}`
}
