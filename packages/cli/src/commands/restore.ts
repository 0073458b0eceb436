import type { Cli } from '../cli.ts'
import type { RestoredOut } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell restore`. */
export function register({ command, exit }: Cli): void {
  command('restore', 'put the outs of steps back into the project')
    .argument('[targets...]', 'names of steps')
    .option('--run <id>', 'their state after this run (default: the latest state)')
    .option('-f, --force', 'also restore outs that were edited by hand; the edit is put aside')
    .option('--json', 'print JSON')
    .action(async (targets: string[], options: RestoreOptions) =>
      exit(await restore(targets, options)),
    )
}

export interface RestoreOptions extends ProjectOptions {
  readonly run?: string
  readonly force?: boolean
  readonly json?: boolean
}

/** Puts the outs of steps back into the project, and executes nothing. */
export async function restore(
  targets: readonly string[],
  { run, force = false, json, ...options }: RestoreOptions,
): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const outs = await engine.restore(pipeline, {
      targets,
      force,
      ...(run !== undefined && { run }),
      waiting: (owner) => process.stderr.write(`waiting for ${owner}\n`),
    })
    if (json) printJson('stepwell.restored/1', { outs })
    else print(render(outs))
    return outs.some(({ isGone }) => isGone) ? EXIT.integrity : EXIT.ok
  })
}

function render(outs: readonly RestoredOut[]): string {
  if (outs.length === 0) return 'these steps have left no files yet'
  const changed = outs.filter(({ state }) => state !== 'in place')
  if (changed.length === 0) return 'all outs are in place'
  return changed.map(lineOf).join('\n')
}

function lineOf({
  step,
  path,
  state,
  isRestored,
  isGone,
  isUndeclared,
  aside,
}: RestoredOut): string {
  if (isUndeclared) return `${path} is left alone: ${step} does not declare it`
  if (isGone) {
    return `${path} cannot be put back: what was stored is missing or damaged; run ${step} to make it again`
  }
  if (!isRestored) return `${path} was edited, and stays so; --force puts it back`
  const found = {
    'in place': '',
    missing: 'was missing',
    replaced: 'was of another run',
    edited: 'was edited',
  }
  const where = aside === undefined ? '' : `; what was there is now ${aside}`
  return `${path} ${found[state]}: put back${where}`
}
