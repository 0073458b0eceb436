import { missingEnv } from './env.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'
import type { SecretHandle } from '../../define/inputs.ts'

/** @throws StepwellError STEPWELL_ENV_MISSING. */
export function resolve({ name }: SecretHandle, _: Sources, step: string): ResolvedInput {
  if (process.env[name] === undefined) throw missingEnv(step, name, 'set it')
  const part = { kind: 'secret', name } as const
  return { fingerprint: part, job: part, record: {} }
}

export function describe({ name }: SecretHandle): string {
  return `secret ${name}`
}
