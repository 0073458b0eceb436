import type { Command } from '../commander.ts'
import type { Cli } from '../cli.ts'
import type { RevisionValues } from '@stepwell/dvc'
import { StepwellError } from '@stepwell/engine'
import type { ExitCode } from '../exit-code.ts'
import { sidesOf, withHistory, type RevisionOptions } from './revisions.ts'
import { printDiff } from './values.ts'

/** Adds `stepwell params`. */
export function register({ command, exit }: Cli): void {
  command('params', 'the params of a DVC project')
    .command('diff')
    .description('compare params')
    .argument('[from]', 'a Git revision (default: HEAD)')
    .argument('[to]', 'a Git revision (default: workspace, the present files)')
    .option('--targets <paths...>', 'files (default: all files of params)')
    .option('--deps', 'only params that stages depend on')
    .option('--all', 'also show what does not differ')
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, _: unknown, diff: Command) =>
      exit(await diffParams([from, to], diff.optsWithGlobals<DiffParamsOptions>())),
    )
}

export interface DiffParamsOptions extends Omit<RevisionOptions, 'run'> {
  readonly all?: boolean
  readonly deps?: boolean
  readonly json?: boolean
}

/** Compares the params of two revisions, or of one with what is there now. */
export async function diffParams(
  revisions: readonly (string | undefined)[],
  { all = false, deps = false, targets = [], json = false, ...options }: DiffParamsOptions,
): Promise<ExitCode> {
  const sides = sidesOf(revisions)
  const run = sides.find((name) => name.startsWith('run:'))
  if (run !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_USAGE',
      summary: 'params are compared between revisions',
      details: `${run} is a run, whose record has no params`,
      hint: 'name commits; `stepwell explain` says which params made a stage run',
    })
  }
  return await withHistory(options, targets, async (history) => {
    const { paramsOf } = await import('@stepwell/dvc')
    const read = async (name: string): Promise<RevisionValues> =>
      await paramsOf(await history.open(name), {
        targets: targets.map(history.inside),
        depsOnly: deps,
      })
    return await printDiff(history, sides, read, {
      schema: 'stepwell.params-diff/1',
      noun: 'param',
      all,
      json,
    })
  })
}
