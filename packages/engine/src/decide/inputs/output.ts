import type { Picked, Step } from '../../define/step.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'

/** The output of a step, or a field of it. */
export async function resolve(
  handle: Step | Picked,
  { nameOf, outputOf, serviceOf }: Sources,
): Promise<ResolvedInput> {
  const [step, field] = handle.kind === 'pick' ? [handle.step, handle.field] : [handle, undefined]
  const name = nameOf(step)
  const { digest, about } = await outputOf(name, field)
  const part = { kind: 'value', digest } as const
  const resolved = { fingerprint: part, job: part, record: { digest, about } }
  const service = serviceOf(name)
  if (service === undefined) return resolved
  const { key, holds } = service
  return { ...resolved, fingerprint: { kind: 'service', digest, key }, holds }
}

export function describe(handle: Step | Picked, nameOf: Sources['nameOf']): string {
  return handle.kind === 'pick' ? `${nameOf(handle.step)}.${handle.field}` : nameOf(handle)
}
