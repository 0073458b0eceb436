import { resolve } from 'node:path'
import type { DvcPipeline, Selection } from '@stepwell/dvc'
import { StepwellError, type Engine, type RunRecord } from '@stepwell/engine'
import type { LoadedPipeline } from '../load-pipeline.ts'
import type { ProjectOptions } from './project.ts'

/** The options of `dvc repro` that choose stages. */
export interface StageOptions {
  readonly singleItem?: boolean
  readonly downstream?: boolean
  readonly wholePipeline?: boolean
  readonly allPipelines?: boolean
  readonly recursive?: boolean
  readonly glob?: boolean
  /** Stages that are unchanged but for missing data count as up to date. */
  readonly allowMissing?: boolean
  /** Missing data is got from the remote. */
  readonly pull?: boolean
}

interface ForceOptions {
  readonly force?: boolean
  readonly forceAll?: boolean
}

const MOST_PATHS = 10

export async function chooseStages(
  dvc: DvcPipeline,
  targets: readonly string[],
  options: StageOptions & ProjectOptions,
): Promise<Selection> {
  const { selectStages } = await import('@stepwell/dvc')
  const { singleItem, downstream, wholePipeline, allPipelines, recursive, glob } = options
  const chosen = selectStages(dvc, targets, {
    cwd: resolve(options.cwd),
    ...(singleItem !== undefined && { singleItem }),
    ...(downstream !== undefined && { downstream }),
    ...(wholePipeline !== undefined && { pipeline: wholePipeline }),
    ...(allPipelines !== undefined && { allPipelines }),
    ...(recursive !== undefined && { recursive }),
    ...(glob !== undefined && { glob }),
  })
  if (chosen.stages.length > 0) return chosen
  throw new StepwellError({
    code: 'STEPWELL_TARGET_UNKNOWN',
    summary: 'no stage is among what was named',
    hint: 'name a stage, or a dvc.yaml',
  })
}

/** Gets back what is missing, from DVC's cache and where it is asked for from the remote. */
export async function getMissing(
  dvc: DvcPipeline,
  { addresses }: Selection,
  options: StageOptions & ForceOptions & { readonly dry?: boolean },
  note: (text: string) => void,
): Promise<void> {
  const { allowMissing = false, pull = false, dry = false, force, forceAll } = options
  const { prepare } = await import('@stepwell/dvc')
  const { restored, pulled, lacking } = await prepare(dvc, addresses, {
    allowMissing,
    pull,
    dry,
    force: (force ?? false) || (forceAll ?? false),
    pulling: (paths) => note(`dvc pull fetches ${listed(paths)}`),
  })
  if (dry) return pulled.length > 0 ? note(`dvc pull would fetch ${listed(pulled)}`) : undefined
  for (const path of restored) note(`${path} was missing: it is back from the cache of DVC`)
  for (const path of pulled) note(`${path} was missing: it is back from the remote of DVC`)
  for (const path of lacking) note(`${path} is missing: the remote of DVC does not have it`)
}

function listed(paths: readonly string[]): string {
  const more = paths.length - MOST_PATHS
  return `${paths.slice(0, MOST_PATHS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Writes what was made into the `dvc.lock` files. */
export async function recordStages(
  { dvc }: LoadedPipeline,
  engine: Engine,
  record: RunRecord,
  {
    quiet,
    json,
    events,
  }: { readonly quiet?: boolean; readonly json?: boolean; readonly events?: boolean },
): Promise<void> {
  if (dvc === undefined) return
  const { recordRun } = await import('@stepwell/dvc')
  const written = await recordRun(dvc, engine, record)
  if (quiet || json || events || written.length === 0) return
  process.stdout.write(
    `${written.join(', ')} ${written.length === 1 ? 'was' : 'were'} brought up to date\n`,
  )
}
