import { StepwellError, type EngineOptions, type LinkMode } from '@stepwell/engine'

/** What the options of a command say about the engine. */
export interface EngineFlags {
  readonly jobs?: number
  /** Milliseconds. */
  readonly lockTimeout?: number
  readonly link?: LinkMode
  readonly limit?: Readonly<Record<string, number | string>>
  readonly keeper?: number
  readonly offline?: boolean
}

export interface ForceFlags {
  readonly force?: boolean
  readonly forceAll?: boolean
}

export function engineOptions({
  jobs,
  lockTimeout,
  link,
  limit,
  keeper,
  offline,
}: EngineFlags): EngineOptions {
  return {
    ...(offline !== undefined && { offline }),
    // Services stay up from one run to the next.
    ...(keeper !== undefined && { keeper }),
    ...(limit !== undefined && { limits: limit }),
    ...(link !== undefined && { link }),
    ...(jobs !== undefined && { concurrency: jobs }),
    ...(lockTimeout !== undefined && { lockTimeout }),
  }
}

/** `-f` takes the named targets; with none named it would be a guess. */
export function forced(
  targets: readonly string[],
  { force, forceAll }: ForceFlags,
): readonly string[] | 'all' | undefined {
  if (forceAll) return 'all'
  if (!force) return undefined
  if (targets.length > 0) return targets
  throw new StepwellError({
    code: 'STEPWELL_USAGE',
    summary: '--force without a step to force',
    hint: 'name the steps: stepwell run --force train; or force all: stepwell run --force=all',
  })
}
