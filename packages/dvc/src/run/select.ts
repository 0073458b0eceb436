import { relative } from 'node:path'
import { planRepro, type ReproOptions } from '../project/plan-repro.ts'
import { selectTargets } from '../project/targets.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'

export interface SelectOptions extends ReproOptions {
  /** Where targets are named from, absolute. */
  readonly cwd: string
  readonly recursive?: boolean
  readonly glob?: boolean
}

/** What takes part in a run: stages, which are steps, and `*.dvc` files, which are not. */
export interface Selection {
  readonly stages: readonly string[]
  readonly addresses: ReadonlySet<string>
}

/**
 * The stages that targets stand for, with what they need, as `dvc repro` chooses them; without targets those
 * of the `dvc.yaml` here, or all stages if there is no such file.
 *
 * @throws StepwellError STEPWELL_TARGET_UNKNOWN
 */
export function selectStages(
  { project }: DvcPipeline,
  targets: readonly string[],
  { cwd, recursive, glob, ...options }: SelectOptions,
): Selection {
  const from = relative(project.root, cwd) || '.'
  const own = project.files.find(
    ({ file }) => file === (from === '.' ? '' : `${from}/`) + 'dvc.yaml',
  )
  const named =
    targets.length > 0
      ? selectTargets(project, targets, {
          cwd: from,
          ...(recursive !== undefined && { recursive }),
          ...(glob !== undefined && { glob }),
        })
      : (own?.stages ?? project.stages).map(({ address }) => address)
  const addresses = new Set(planRepro(project, named, options))
  const stages = project.stages.flatMap(({ address }) => (addresses.has(address) ? [address] : []))
  return { stages, addresses }
}
