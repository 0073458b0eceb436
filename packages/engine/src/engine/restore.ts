import type { OutArtifact } from '../value/artifact.ts'
import { StepwellError } from '@stepwell/base/errors'
import { normalPath } from '../decide/out-paths.ts'
import { orderSteps } from '../define/order.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { definition } from '../define/step.ts'
import type { ProjectState } from './project.ts'
import type { OutState } from '../store/workspace/workspace.ts'

export interface RestoreRequest {
  /** Names of steps. @default all */
  readonly targets?: readonly string[]
  /** As they were after this run. @default the last known state */
  readonly run?: string
  /** Put back what was edited by hand too; the edit is put aside. @default false */
  readonly force?: boolean
}

/** An out, and what was done about it. */
export interface RestoredOut {
  readonly step: string
  readonly path: string
  /** How it was found. */
  readonly state: OutState
  readonly isRestored: boolean
  /** Whether it cannot be put back, since its bytes are missing or damaged. */
  readonly isGone?: true
  /** Whether the step does not declare it there any more: it is left alone. */
  readonly isUndeclared?: true
  /** Where what was there before is now, if it could not be made again. */
  readonly aside?: string
}

/** See `Engine.restore`. */
export async function restoreProject(
  pipeline: Pipeline,
  { targets = [], run, force = false }: RestoreRequest,
  state: ProjectState,
): Promise<RestoredOut[]> {
  const known = await outsOf(pipeline, run, state)
  const names = targets.length > 0 ? targets : orderSteps(pipeline).map(({ name }) => name)
  const unknown = names.find((name) => !pipeline.steps.has(name))
  if (unknown !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_TARGET_UNKNOWN',
      summary: `pipeline \`${pipeline.name}\` has no step ${JSON.stringify(unknown)}`,
      hint: `its steps are ${[...pipeline.steps.keys()].join(', ')}`,
    })
  }
  const declares = (step: string, path: string): boolean => {
    const handle = pipeline.steps.get(step)
    const outs = handle === undefined ? [] : Object.values(definition(handle).outs)
    return outs.some((out) => normalPath(out.path) === normalPath(path))
  }
  const workspace = state.workspace('restore')
  const restored: RestoredOut[] = []
  const outs = [...new Set(names)].flatMap((step) =>
    (known.get(step) ?? []).map((out) => ({ step, out })),
  )
  try {
    for (const { step, out } of outs) {
      const { path } = out
      // What a record says is not enough to replace a file of the project.
      if (!declares(step, path)) {
        restored.push({ step, path, state: 'missing', isRestored: false, isUndeclared: true })
        continue
      }
      const found = await workspace.inspect(out)
      const isDue = found === 'missing' || found === 'replaced' || (found === 'edited' && force)
      // Others can be put back all the same.
      const isGone = isDue && (await workspace.check(out)) !== 'present'
      const isRestored = isDue && !isGone
      const aside = isRestored ? await workspace.place(out) : undefined
      restored.push({
        step,
        path,
        state: found,
        isRestored,
        ...(isGone && { isGone }),
        ...(aside !== undefined && { aside }),
      })
    }
    return restored
  } finally {
    await state.staging.close('restore')
  }
}

async function outsOf(
  { name }: Pipeline,
  run: string | undefined,
  { runs, snapshots }: ProjectState,
): Promise<Map<string, readonly OutArtifact[]>> {
  if (run !== undefined) {
    const { id, pipeline, steps } = await runs.read(run)
    if (pipeline !== name) {
      throw new StepwellError({
        code: 'STEPWELL_RUN_UNKNOWN',
        summary: `run ${id} is not one of pipeline \`${name}\``,
        details: `it was of pipeline \`${pipeline}\``,
        hint: 'name the file of that pipeline with --pipeline',
      })
    }
    const all = Object.values(steps)
    return new Map(all.map((step) => [step.name, Object.values(step.outs ?? {})]))
  }
  const { steps } = await snapshots.read(name)
  return new Map(
    Object.entries(steps).map(([step, { entries }]) => [
      step,
      Object.values(entries[0]?.outputs.outs ?? {}),
    ]),
  )
}
