import type { ExitCode } from '../exit-code.ts'
import { plan } from './plan.ts'
import { run, type RunOptions } from './run.ts'

export interface ReproOptions extends Omit<RunOptions, 'pipeline'> {
  /** All that is connected with the targets; elsewhere, this is the name of a file. */
  readonly pipeline?: boolean
  readonly dryRun?: boolean
}

/** Runs stages, with the flags of `dvc repro` in their meaning. */
export async function repro(
  targets: readonly string[],
  { pipeline = false, dryRun = false, force = false, ...options }: ReproOptions,
): Promise<ExitCode> {
  const request = {
    ...options,
    wholePipeline: pipeline,
    // There, it forces all that takes part.
    ...(force && { forceAll: true }),
  }
  return await (dryRun ? plan(targets, request) : run(targets, request))
}
