import type { Cli } from '../cli.ts'
import type { CleanedOut, CleanReport } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { plural } from '../ui/text.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell clean`. */
export function register({ command, exit }: Cli): void {
  command('clean', 'remove the outs of steps that no longer exist')
    .option('-n, --dry-run', 'say what would be removed')
    .option('-f, --force', 'also put aside outs that were edited by hand')
    .option('--keep <paths...>', 'keep these paths, as files of the project')
    .option('--json', 'print JSON')
    .action(async (options: CleanOptions) => exit(await clean(options)))
}

export interface CleanOptions extends ProjectOptions {
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly keep?: readonly string[]
  readonly json?: boolean
}

/** Removes what steps left that are gone. */
export async function clean({ json, ...options }: CleanOptions): Promise<ExitCode> {
  const { dryRun = false, force = false, keep = [] } = options
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const report = await engine.clean(pipeline, {
      dryRun,
      force,
      keep,
      waiting: (owner) => process.stderr.write(`waiting for ${owner}\n`),
    })
    if (json) printJson('stepwell.clean/1', { dryRun, ...report })
    else print(render(report, dryRun))
    return EXIT.ok
  })
}

function render({ waitsFor, outs }: CleanReport, dryRun: boolean): string {
  if (outs.length === 0) return 'steps that are gone have left nothing'
  const isDone = !dryRun && waitsFor.length === 0
  const lines = outs.map((out) => `${out.path}, made by ${out.step}: ${fateOf(out, isDone)}`)
  if (waitsFor.length > 0) {
    const noun = plural(waitsFor.length, 'run')
    lines.push(`nothing was removed, because of ${noun} under way; try again afterwards`)
  }
  return lines.join('\n')
}

function fateOf({ became, aside = [] }: CleanedOut, isDone: boolean): string {
  const where = aside.length === 0 ? '' : `; edits are now ${aside.join(', ')}`
  switch (became) {
    case 'removed':
      return isDone ? 'removed' : 'would be removed'
    case 'aside':
      return isDone ? `edited, and put aside${where}` : 'edited, and would be put aside'
    case 'edited':
      return 'edited, and stays; --force puts it aside'
    case 'partly':
      return `${isDone ? 'what is as it was made is removed' : 'what is as it was made would be removed'}; what was edited, or is not of that step, stays${where}`
    case 'kept':
      return isDone ? 'kept, as a file of the project' : 'would be kept, as a file of the project'
  }
}
