import { mkdirSync } from 'node:fs'
import type { Artifact, OutArtifact, Outputs } from '../artifact.ts'
import type { StepContext } from '../context.ts'
import { describeValue } from '../describe.ts'
import { StepwellError } from '../errors.ts'
import { UnencodableError } from '../json.ts'
import { pickField } from '../pick.ts'
import { definition, type Step } from '../step.ts'
import { failureOf, type Failure } from '../step-record.ts'
import { storeOuts } from '../store/store-outs.ts'
import type { ArtifactStore, FileDigests } from '../store/store.ts'
import { encodeValue } from '../value.ts'
import type { Executor, Job, JobEvents, JobResult } from './executor.ts'
import { readInputs } from './job-inputs.ts'
import { LEFT_ALONE, unlessLeftAlone } from './leave-alone.ts'
import { Secrets } from './secrets.ts'

export interface InlineOptions {
  readonly steps: ReadonlyMap<string, Step>
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  /** The project directory. */
  readonly dir: string
  /** How long a step may take to end once it was told to stop, in milliseconds. */
  readonly grace: number
}

/** Calls a step's function in this thread: for steps that wait more than they compute. */
export class InlineExecutor implements Executor {
  readonly #options: InlineOptions

  constructor(options: InlineOptions) {
    this.#options = options
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    const { steps, dir, grace } = this.#options
    const step = steps.get(job.step)
    if (step === undefined) throw new TypeError(`no step \`${job.step}\` in this pipeline`)
    const inputs = await readInputs(job.inputs, this.#options)
    const secrets = new Secrets(secretsOf(job))
    // Hidden before it is cut into lines: a key file is a secret of many.
    const log = (message: string): void => {
      for (const line of secrets.hide(message).split('\n')) events.log(line)
    }
    const context: StepContext<unknown, string> = {
      params: JSON.parse(job.params) as unknown,
      dir,
      outs: Object.fromEntries(
        Object.entries(job.outs).map(([name, { staged }]) => [name, staged]),
      ),
      scratch: () => {
        mkdirSync(job.scratch, { recursive: true })
        return job.scratch
      },
      signal,
      log: (message) => {
        if (typeof message !== 'string') {
          throw new TypeError('Expected log(message) to be given a string')
        }
        log(message)
      },
      metric: (name, value) => {
        if (typeof name !== 'string' || name in Object.prototype || typeof value !== 'number') {
          throw new TypeError('Expected metric(name, value) to be given a string and a number')
        }
        // No number for a record, and no reason to lose what the step has computed.
        if (Number.isFinite(value)) events.metric(secrets.hide(name), value)
        else log(`metric ${name} is ${value}: not recorded`)
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
      value = await unlessLeftAlone(Promise.resolve(returned), signal, grace)
      if (value === LEFT_ALONE) throw leftAlone(job.step)
    } catch (error) {
      const failure = secrets.hideIn(failureOf(error))
      return { ok: false, failure, duration: performance.now() - started }
    }
    const duration = (ended ?? performance.now()) - started
    const stored = await this.#store(job, value, secrets)
    return { ...stored, duration }
  }

  async #store({ step, picks, outs }: Job, value: unknown, secrets: Secrets): Promise<Stored> {
    const { artifacts, digests } = this.#options
    let encoded: { value: EncodedArtifact; picks: [string, EncodedArtifact][] }
    try {
      encoded = {
        value: encode(value),
        picks: picks.map((field) => [field, encode(pickField(step, value, field))]),
      }
      secrets.checkBytes(step, 'the output', encoded.value.bytes)
    } catch (error) {
      if (error instanceof UnencodableError) return { ok: false, failure: unstorable(step, error) }
      return { ok: false, failure: failureOf(error) }
    }
    let stored: Record<string, OutArtifact>
    try {
      for (const [name, { staged }] of Object.entries(outs)) {
        await secrets.checkOut(step, name, staged)
      }
      stored = await storeOuts(step, outs, artifacts, digests)
    } catch (error) {
      // What the step wrote is its own failure; anything else is the store's.
      if (!(error instanceof StepwellError)) throw error
      return { ok: false, failure: failureOf(error) }
    }
    const put = async ({ bytes, about }: EncodedArtifact): Promise<Artifact> => {
      const digest = await artifacts.put(bytes)
      return { kind: 'value', digest, size: bytes.length, about }
    }
    const picked: [string, Artifact][] = []
    for (const [field, artifact] of encoded.picks) picked.push([field, await put(artifact)])
    const outputs: Outputs = {
      value: await put(encoded.value),
      picks: Object.fromEntries(picked),
      outs: stored,
    }
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

function leftAlone(step: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_NOT_STOPPED',
    what: `step \`${step}\` did not stop when it was told to`,
    facts: 'it may still be at work, but nothing that it does counts any more',
    todo: "let it heed `context.signal`, or give it { executor: 'thread' }",
  })
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

function secretsOf({ inputs }: Job): string[] {
  return Object.values(inputs).flatMap((input) => {
    const value = input.kind === 'secret' ? process.env[input.name] : undefined
    return value === undefined ? [] : [value]
  })
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}
