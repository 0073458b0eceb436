import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Artifact, Outputs } from '../value/artifact.ts'
import { describeValue } from '../value/summary.ts'
import type { Digest } from '@stepwell/base/digest'
import type { OrderedStep } from '../define/order.ts'
import { pickField } from '../value/pick.ts'
import { decodeValue, encodeValue } from '../value/codec.ts'

/**
 * Outputs with the fields that came to be picked only after they were stored; the same outputs when
 * there are none.
 *
 * @param keep gives the digest of a field's bytes, and stores them where they are to be kept
 * @throws StepwellError STEPWELL_PICK when there is no such field.
 */
export async function derivePicks(
  { name, picks }: Pick<OrderedStep, 'name' | 'picks'>,
  outputs: Outputs,
  artifacts: Pick<ArtifactStore, 'get'>,
  keep: (bytes: Uint8Array) => Digest | Promise<Digest>,
): Promise<Outputs> {
  const missing = picks.filter((field) => !Object.hasOwn(outputs.picks, field))
  if (missing.length === 0) return outputs
  const value = decodeValue(await artifacts.get(outputs.value.digest))
  const added: [string, Artifact][] = []
  for (const field of missing) {
    const part = pickField(name, value, field)
    const bytes = encodeValue(part)
    const digest = await keep(bytes)
    added.push([field, { kind: 'value', digest, size: bytes.length, about: describeValue(part) }])
  }
  return { ...outputs, picks: { ...outputs.picks, ...Object.fromEntries(added) } }
}

/**
 * The artifact of a step's output, or of a field of it, which may not have been picked before.
 *
 * @param keep returns the digest of a field's bytes
 * @throws StepwellError STEPWELL_PICK when there is no such field; STEPWELL_ARTIFACT where the bytes of the
 *   output are gone.
 */
export async function pickedFrom(
  name: string,
  outputs: Outputs,
  field: string | undefined,
  artifacts: Pick<ArtifactStore, 'get'>,
  keep: (bytes: Uint8Array) => Digest | Promise<Digest>,
): Promise<Artifact> {
  const picks = field === undefined ? [] : [field]
  return artifactIn(await derivePicks({ name, picks }, outputs, artifacts, keep), field)
}

/** The artifact of a step's output, or of a field of it. */
export function artifactIn(outputs: Outputs, field: string | undefined): Artifact {
  const artifact = field === undefined ? outputs.value : outputs.picks[field]
  if (artifact === undefined) throw new TypeError(`the field ${field} was not stored`)
  return artifact
}
