import type { Artifact, Outputs } from '../artifact.ts'
import type { StepContext } from '../context.ts'
import { describeValue } from '../describe.ts'
import { StepwellError } from '../errors.ts'
import { UnencodableError } from '../json.ts'
import { pickField } from '../pick.ts'
import { definition, type Step } from '../step.ts'
import { failureOf, type Failure } from '../step-record.ts'
import { createFileInput } from '../store/file-input.ts'
import type { ArtifactStore } from '../store/store.ts'
import { decodeValue, encodeValue } from '../value.ts'
import type { Executor, Job, JobEvents, JobResult } from './executor.ts'

export interface InlineOptions {
  readonly steps: ReadonlyMap<string, Step>
  readonly artifacts: ArtifactStore
  /** The project directory. */
  readonly dir: string
}

/** Calls a step's function in this thread: for steps that wait more than they compute. */
export class InlineExecutor implements Executor {
  readonly #options: InlineOptions

  constructor(options: InlineOptions) {
    this.#options = options
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    const { steps, dir } = this.#options
    const step = steps.get(job.step)
    if (step === undefined) throw new TypeError(`no step \`${job.step}\` in this pipeline`)
    const inputs = await this.#inputs(job)
    const context: StepContext = {
      params: JSON.parse(job.params) as unknown,
      dir,
      signal,
      log: (message) => {
        if (typeof message !== 'string') {
          throw new TypeError('Expected log(message) to be given a string')
        }
        for (const line of message.split('\n')) events.log(line)
      },
      metric: (name, value) => {
        if (typeof name !== 'string' || name in Object.prototype || typeof value !== 'number') {
          throw new TypeError('Expected metric(name, value) to be given a string and a number')
        }
        // No number for a record, and no reason to lose what the step has computed.
        if (Number.isFinite(value)) events.metric(name, value)
        else events.log(`metric ${name} is ${value}: not recorded`)
      },
    }
    const started = performance.now()
    let ended: number | undefined
    let value: unknown
    try {
      // Called detached: the definition that holds it is no input.
      const { run } = definition(step)
      const returned = run(inputs as never, context as never)
      // Between the return of a value and the turn in which it is awaited, other steps may compute.
      if (!isPromise(returned)) ended = performance.now()
      value = await returned
    } catch (error) {
      return { ok: false, failure: failureOf(error), duration: performance.now() - started }
    }
    const duration = (ended ?? performance.now()) - started
    const stored = await this.#store(job, value)
    return { ...stored, duration }
  }

  async #inputs(job: Job): Promise<Record<string, unknown>> {
    const inputs: [string, unknown][] = []
    for (const [name, input] of Object.entries(job.inputs)) {
      if (input.kind === 'env') inputs.push([name, input.value])
      else if (input.kind === 'file') {
        inputs.push([name, createFileInput(this.#options.dir, input.path, input.digest)])
      } else {
        // Decoded for each consumer: nobody can change what another one sees, and a step is given
        // the same thing whether its input was just made or comes from the cache.
        inputs.push([name, decodeValue(await this.#options.artifacts.get(input.digest))])
      }
    }
    return Object.fromEntries(inputs)
  }

  async #store({ step, picks }: Job, value: unknown): Promise<Stored> {
    let encoded: { value: EncodedArtifact; picks: [string, EncodedArtifact][] }
    try {
      encoded = {
        value: encode(value),
        picks: picks.map((field) => [field, encode(pickField(step, value, field))]),
      }
    } catch (error) {
      if (error instanceof UnencodableError) return { ok: false, failure: unstorable(step, error) }
      return { ok: false, failure: failureOf(error) }
    }
    const put = async ({ bytes, about }: EncodedArtifact): Promise<Artifact> => {
      const digest = await this.#options.artifacts.put(bytes)
      return { kind: 'value', digest, size: bytes.length, about }
    }
    const picked: [string, Artifact][] = []
    for (const [field, artifact] of encoded.picks) picked.push([field, await put(artifact)])
    const outputs: Outputs = { value: await put(encoded.value), picks: Object.fromEntries(picked) }
    return { ok: true, outputs }
  }
}

type Stored =
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly failure: Failure }

interface EncodedArtifact {
  readonly bytes: Uint8Array
  readonly about: string
}

function encode(value: unknown): EncodedArtifact {
  return { bytes: encodeValue(value), about: describeValue(value) }
}

function unstorable(step: string, error: UnencodableError): Failure {
  const { code, message } = new StepwellError({
    code: 'STEPWELL_VALUE',
    what: `step \`${step}\` returned a value that cannot be stored`,
    facts: error.message,
    todo: 'return plain data: JSON, typed arrays, Date, Map, Set, bigint',
  })
  return { code, message }
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}
