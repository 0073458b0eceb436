import type { EnvHandle } from '../../define/inputs.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'
import { StepwellError } from '@stepwell/base/errors'

/** @throws StepwellError STEPWELL_ENV_MISSING. */
export function resolve({ name, fallback }: EnvHandle, _: Sources, step: string): ResolvedInput {
  const value = process.env[name] ?? fallback
  if (value === undefined) {
    throw missingEnv(step, name, `set it, or declare env('${name}', { fallback: '...' })`)
  }
  const part = { kind: 'env', name, value } as const
  return { fingerprint: part, job: part, record: { about: JSON.stringify(value) } }
}

export function describe({ name }: EnvHandle): string {
  return `env ${name}`
}

export function missingEnv(step: string, name: string, todo: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ENV_MISSING',
    summary: `step \`${step}\` needs the environment variable ${name}, which is not set`,
    hint: todo,
  })
}
