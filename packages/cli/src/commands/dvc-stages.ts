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
}

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
    what: 'no stage is among what was named',
    todo: 'name a stage, or a dvc.yaml',
  })
}

/** Gets back what DVC's cache has; gives the paths. */
export async function checkOut(dvc: DvcPipeline, { addresses }: Selection): Promise<string[]> {
  const { checkOutMissing } = await import('@stepwell/dvc')
  return await checkOutMissing(dvc, addresses)
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
