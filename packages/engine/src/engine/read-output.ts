import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Artifact } from '../value/artifact.ts'
import { StepwellError } from '@stepwell/base/errors'
import { pickField } from '../value/pick.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Picked, Step } from '../define/step.ts'
import type { StepRecord } from '../record/step-record.ts'
import { decodeValue } from '../value/codec.ts'

/**
 * What a step, or a field of it, gave in a run.
 * @param names those of the steps of its pipeline
 * @throws StepwellError STEPWELL_NO_OUTPUT, STEPWELL_ARTIFACT where the bytes are gone.
 */
export async function readOutput(
  handle: Step | Picked,
  names: ReadonlyMap<Step, string>,
  record: RunRecord,
  artifacts: ArtifactStore,
): Promise<unknown> {
  const name = names.get(handle.kind === 'pick' ? handle.step : handle)
  const { output, picks = {} } = outputOf(record, name)
  const field = handle.kind === 'pick' ? handle.field : undefined
  const picked = field === undefined ? undefined : picks[field]
  const value = decodeValue(await artifacts.get((picked ?? output).digest))
  return field === undefined || picked !== undefined ? value : pickField(name ?? '', value, field)
}

/**
 * The record of a step that has an output.
 * @throws StepwellError STEPWELL_NO_OUTPUT.
 */
export function outputOf(
  record: RunRecord,
  name: string | undefined,
): StepRecord & { readonly output: Artifact } {
  const step = Object.hasOwn(record.steps, name ?? '') ? record.steps[name ?? ''] : undefined
  if (step?.output !== undefined) return { ...step, output: step.output }
  throw new StepwellError({
    code: 'STEPWELL_NO_OUTPUT',
    summary: `there is no output of step \`${name ?? '?'}\` in run ${record.id}`,
    details: `the run ${record.status}`,
    hint: 'the record of the run says why',
  })
}
