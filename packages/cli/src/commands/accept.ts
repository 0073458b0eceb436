import { parseDuration } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { StepwellError, type AcceptedStep } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { formatTime } from '../ui/text.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'
import { engineOptions } from './engine-options.ts'

/** Adds `stepwell accept`. */
export function register({ command, exit }: Cli): void {
  command('accept', 'declare that the changes of some steps make no difference to their outputs')
    .argument('[steps...]', 'names of steps')
    .option('--because <why>', 'the reason, kept in .stepwell/accepted.ndjson')
    .option(
      '--any-change',
      'accept changes of params, inputs and environment too, not only of code',
    )
    .option('--list', 'list what is accepted now')
    .option('--revoke', 'revoke it: the steps run again')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
    .action(async (steps: string[], options: AcceptOptions) => exit(await accept(steps, options)))
}

export interface AcceptOptions extends ProjectOptions {
  readonly because?: string
  readonly anyChange?: boolean
  readonly list?: boolean
  readonly revoke?: boolean
  /** Seconds. */
  readonly lockTimeout?: number
  readonly json?: boolean
}

/** Lets the last outputs of some steps stand for their changed code, lists what was, or takes it back. */
export async function accept(steps: readonly string[], options: AcceptOptions): Promise<ExitCode> {
  const { because, anyChange = false, json } = options
  const verb = verbOf(steps, options)
  return await withPipeline(options, engineOptions(options), async (engine, { pipeline }) => {
    const accepted =
      verb === 'accept'
        ? await engine.accept(pipeline, steps, { because: because ?? '', anyChange })
        : await (verb === 'revoke' ? engine.revoke(pipeline, steps) : engine.accepted(pipeline))
    if (json) {
      printJson('stepwell.accepted/1', { pipeline: pipeline.name, [PARTICIPLE[verb]]: accepted })
    } else if (verb === 'list') print(accepted.length === 0 ? NONE : acceptedTable(accepted))
    else for (const one of accepted) print(sentence(verb, one))
    return EXIT.ok
  })
}

const PARTICIPLE = { accept: 'accepted', list: 'accepted', revoke: 'revoked' } as const
const NONE = 'nothing is accepted'

function verbOf(
  steps: readonly string[],
  { because, anyChange, list, revoke }: AcceptOptions,
): keyof typeof PARTICIPLE {
  if (list) {
    if (!revoke && because === undefined && !anyChange && steps.length === 0) return 'list'
    throw usage('--list goes with nothing else', 'leave out the rest')
  }
  if (steps.length === 0) throw usage('no step is named', 'name those whose change is harmless')
  if (revoke) {
    if (because === undefined && !anyChange) return 'revoke'
    throw usage('--revoke takes no reason', 'leave out the rest')
  }
  if (because !== undefined && because.trim() !== '') return 'accept'
  throw usage(
    'there is no reason why the change is harmless',
    'give one, for those who read it later: --because "..."',
  )
}

function usage(what: string, todo: string): StepwellError {
  return new StepwellError({ code: 'STEPWELL_USAGE', summary: what, hint: todo })
}

function sentence(verb: 'accept' | 'revoke', { step, run }: AcceptedStep): string {
  return verb === 'accept'
    ? `${step}: the outputs of run ${run} stand for it from now on; take it back with: stepwell accept --revoke ${step}`
    : `${step}: the outputs of run ${run} no longer stand for it`
}

function acceptedTable(accepted: readonly AcceptedStep[]): string {
  return renderTable(
    ['step', 'because', 'by', 'at'],
    accepted.map(({ step, because, by, at }) => [step, because, by, formatTime(at)]),
  )
}
