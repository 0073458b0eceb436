import type { Artifact, Outputs } from './artifact.ts'
import type { Doubt, PipelineCode } from './code.ts'
import { StepwellError } from './errors.ts'
import type { JobInput } from './executor/executor.ts'
import {
  FORMAT,
  stepKey,
  type Fingerprint,
  type FingerprintInput,
  type StepKey,
} from './fingerprint.ts'
import { canonicalJson, UnencodableError, type Json } from './json.ts'
import type { OrderedStep } from './order.ts'
import type { Ingredients, Reason } from './reason.ts'
import { definition, type Input, type Step } from './step.ts'
import type { InputRecord } from './step-record.ts'
import type { FileDigests } from './store/store.ts'

/** A step whose inputs are known: what it will be given, and what its outputs are filed under. */
export interface Identity {
  readonly key: StepKey
  readonly ingredients: Ingredients
  readonly jobInputs: Readonly<Record<string, JobInput>>
  readonly inputs: readonly InputRecord[]
  /** Why its outputs may not be cached; empty when they may. */
  readonly doubts: readonly Doubt[]
}

export interface Surroundings {
  readonly code: PipelineCode
  readonly digests: FileDigests
  readonly nameOf: (step: Step) => string
  /** The output of a step, or of one field of it. */
  readonly outputOf: (step: string, field: string | undefined) => Artifact
}

/**
 * Resolves a step's inputs to digests and derives its key. Everything upstream has finished: an input
 * is digested when its bytes are final, never before.
 *
 * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_ENV_MISSING, STEPWELL_PARAMS.
 */
export async function identify(
  { name, step }: OrderedStep,
  { code, digests, nameOf, outputOf }: Surroundings,
): Promise<Identity> {
  const parts: [string, ResolvedInput][] = []
  for (const [input, handle] of Object.entries(definition(step).inputs))
    parts.push([input, await resolve(handle)])
  const own = code.steps.get(name)
  if (own === undefined) throw new TypeError(`the code of step \`${name}\` was not analysed`)
  const fingerprint: Fingerprint = {
    format: FORMAT,
    code: own.digest,
    loading: code.loading.digest,
    site: own.site,
    node: nodeMajor(),
    version: definition(step).version ?? null,
    params: JSON.parse(paramsOf(name, step)) as Json,
    inputs: Object.fromEntries(parts.map(([input, { fingerprint: part }]) => [input, part])),
    env: own.env,
  }
  return {
    key: stepKey(fingerprint),
    ingredients: {
      fingerprint,
      sources: Object.fromEntries(parts.map(([input, { source }]) => [input, source])),
    },
    jobInputs: Object.fromEntries(parts.map(([input, { job }]) => [input, job])),
    inputs: parts.map(([input, { source, record }]) => ({ name: input, source, ...record })),
    doubts: [...code.doubts, ...own.doubts],
  }

  async function resolve(handle: Input): Promise<ResolvedInput> {
    const source = sourceOf(handle, nameOf)
    switch (handle.kind) {
      case 'file': {
        const digest = await digests.digest(handle.path)
        const part = { kind: 'file', path: handle.path, digest } as const
        return { fingerprint: part, job: part, source, record: { digest } }
      }
      case 'env': {
        const value = process.env[handle.name] ?? handle.fallback ?? missingEnv(name, handle.name)
        return {
          fingerprint: { kind: 'env', name: handle.name, value },
          job: { kind: 'env', value },
          source,
          record: { about: JSON.stringify(value) },
        }
      }
      case 'step':
      case 'pick': {
        const upstream = nameOf(handle.kind === 'pick' ? handle.step : handle)
        const field = handle.kind === 'pick' ? handle.field : undefined
        const { digest, about } = outputOf(upstream, field)
        const part = { kind: 'value', digest } as const
        return { fingerprint: part, job: part, source, record: { digest, about } }
      }
    }
  }
}

/** A step's inputs as declared, where nothing is known of their content. */
export function declaredInputs(step: Step, nameOf: (step: Step) => string): InputRecord[] {
  return Object.entries(definition(step).inputs).map(([name, handle]) => {
    return { name, source: sourceOf(handle, nameOf) }
  })
}

/** Where an input comes from, for people. */
function sourceOf(handle: Input, nameOf: (step: Step) => string): string {
  switch (handle.kind) {
    case 'file':
      return `file ${handle.path}`
    case 'env':
      return `env ${handle.name}`
    case 'step':
      return nameOf(handle)
    case 'pick':
      return `${nameOf(handle.step)}.${handle.field}`
  }
}

/**
 * A step's params as canonical JSON.
 * @throws StepwellError STEPWELL_PARAMS.
 */
export function paramsOf(name: string, step: Step): string {
  try {
    return canonicalJson(definition(step).params)
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error
    throw new StepwellError({
      code: 'STEPWELL_PARAMS',
      what: `the params of step \`${name}\` are not plain JSON data`,
      facts: error.message,
      todo: 'put code into `run` and steps into `inputs`',
    })
  }
}

/** The artifact of a step's output, or of a field of it. */
export function artifactIn(outputs: Outputs, field: string | undefined): Artifact {
  const artifact = field === undefined ? outputs.value : outputs.picks[field]
  if (artifact === undefined) throw new TypeError(`the field ${field} was not stored`)
  return artifact
}

/** Why a step's outputs may not be cached, if they may not. */
export function uncacheable({ step }: OrderedStep, { doubts }: Identity): Reason | undefined {
  if (!definition(step).cache)
    return { kind: 'uncacheable', why: 'it is declared with `cache: false`' }
  const [first] = doubts
  if (first === undefined) return undefined
  return { kind: 'uncacheable', why: `${first.what} (${first.place}); ${first.todo}` }
}

interface ResolvedInput {
  readonly fingerprint: FingerprintInput
  readonly job: JobInput
  readonly source: string
  readonly record: Omit<InputRecord, 'name' | 'source'>
}

function nodeMajor(): string {
  return process.versions.node.split('.')[0] ?? ''
}

function missingEnv(step: string, name: string): never {
  throw new StepwellError({
    code: 'STEPWELL_ENV_MISSING',
    what: `step \`${step}\` needs the environment variable ${name}, which is not set`,
    todo: `set it, or declare env('${name}', { fallback: '...' })`,
  })
}
