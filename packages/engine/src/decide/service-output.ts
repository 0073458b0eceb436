import type { Artifact, Outputs } from '../value/artifact.ts'
import { describeValue } from '../value/summary.ts'
import type { Digest } from '@stepwell/base/digest'
import type { OrderedStep } from '../define/order.ts'
import { pickField } from '../value/pick.ts'
import { definition } from '../define/step.ts'
import { encodeValue } from '../value/codec.ts'

/**
 * What those that read a service are given, known without starting it; `undefined` for other steps.
 *
 * @param keep gives the digest of bytes, and stores them where they are to be kept
 * @throws StepwellError STEPWELL_PICK when there is no such field.
 */
export async function serviceOutputs(
  { name, step, picks }: OrderedStep,
  keep: (bytes: Uint8Array) => Digest | Promise<Digest>,
): Promise<Outputs | undefined> {
  const { work } = definition(step)
  if (work.kind !== 'service') return undefined
  const { value } = work
  const picked: [string, Artifact][] = []
  for (const field of picks) picked.push([field, await artifactOf(pickField(name, value, field))])
  return { value: await artifactOf(value), picks: Object.fromEntries(picked), outs: {} }

  async function artifactOf(part: unknown): Promise<Artifact> {
    const bytes = encodeValue(part)
    const digest = await keep(bytes)
    return { kind: 'value', digest, size: bytes.length, about: describeValue(part) }
  }
}
