import type { Artifact, Outputs } from '../value/artifact.ts'
import { describeValue } from '../value/summary.ts'
import type { Digest } from '@stepwell/base/digest'
import type { OrderedStep } from '../define/order.ts'
import { pickField } from '../value/pick.ts'
import type { ServiceWork } from '../define/work.ts'
import { encodeValue } from '../value/codec.ts'

/**
 * What the steps that read a service are given, known without starting it.
 *
 * @param keep returns the digest of bytes
 * @throws StepwellError STEPWELL_PICK when there is no such field.
 */
export async function serviceOutputs(
  { name, picks }: OrderedStep,
  { value }: ServiceWork,
  keep: (bytes: Uint8Array) => Digest | Promise<Digest>,
): Promise<Outputs> {
  const picked: [string, Artifact][] = []
  for (const field of picks) picked.push([field, await artifactOf(pickField(name, value, field))])
  return { value: await artifactOf(value), picks: Object.fromEntries(picked), outs: {} }

  async function artifactOf(part: unknown): Promise<Artifact> {
    const bytes = encodeValue(part)
    const digest = await keep(bytes)
    return { kind: 'value', digest, size: bytes.length, about: describeValue(part) }
  }
}
