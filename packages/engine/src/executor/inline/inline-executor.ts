import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import type { FileDigests } from '../../store/inputs/project-files.ts'
import type { ItemOutput } from '../../value/artifact.ts'
import { failureOf, type Failure } from '@stepwell/base/failure'
import { mkdirSync } from 'node:fs'
import type { StepContext } from '../../define/context.ts'
import { digestBytes } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { UnencodableError } from '@stepwell/base/json'
import { functionOf, ITEM } from '../../define/work.ts'
import { definition, type Step } from '../../define/step.ts'
import { encodeValue } from '../../value/codec.ts'
import type { Executor, ItemResult, Job, JobEvents, JobResult } from '../executor.ts'
import { readInput, readInputs } from './job-inputs.ts'
import { LEFT_ALONE, unlessLeftAlone } from '@stepwell/base/grace'
import { Printed, unprinted } from '../printed.ts'
import { Secrets } from '../secrets.ts'
import { storeOutputs, unstorable } from './store-outputs.ts'

// What an item gives is kept with the item when it is no longer than this, in bytes.
const MOST_INLINE = 16_384

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
    const { steps } = this.#options
    const step = steps.get(job.step)
    if (step === undefined) throw new TypeError(`no step \`${job.step}\` in this pipeline`)
    const inputs = await readInputs(job.inputs, this.#options)
    const secrets = Secrets.among(job.inputs)
    const started = performance.now()
    const call = async (given: unknown, context: Context, own: JobEvents): Promise<Called> =>
      await this.#call(step, job.step, given, context, secrets, own)
    if (job.items !== undefined) {
      const items = await this.#items(job, inputs, events, signal, secrets, call)
      const duration = performance.now() - started
      const changed = changedInput(job, inputs)
      if (changed === undefined) return { ok: true, items, duration }
      return { ok: false, failure: failureOf(inputChanged(job.step, changed)), duration }
    }
    const called = await call(inputs, this.#context(job, events, signal, secrets), events)
    if (!called.ok) return called
    const { value, duration } = called
    return { ...(await storeOutputs(job, value, secrets, this.#options)), duration }
  }

  async #call(
    step: Step,
    name: string,
    inputs: unknown,
    context: Context,
    secrets: Secrets,
    events: JobEvents,
  ): Promise<Called> {
    const started = performance.now()
    const printed = new Printed(secrets, (line) => events.log(line))
    let ended: number | undefined
    let value: unknown
    try {
      // Called detached: the definition that holds it is not an input.
      const run = functionOf(definition(step).work)
      if (run === undefined) throw new TypeError('a command is for an executor of commands')
      value = printed.by(() => run(inputs as never, context as never))
      // Between the return of a value and the turn in which it is awaited, other steps may compute.
      if (!isPromise(value)) ended = performance.now()
      else
        value = await unlessLeftAlone(Promise.resolve(value), context.signal, this.#options.grace)
      if (value === LEFT_ALONE) throw leftAlone(name)
    } catch (error) {
      const failure = secrets.hideIn(failureOf(error))
      return { ok: false, failure, duration: performance.now() - started }
    } finally {
      printed.end()
    }
    return { ok: true, value, duration: (ended ?? performance.now()) - started }
  }

  async #items(
    { step, items = [], ...job }: Job,
    inputs: Readonly<Record<string, unknown>>,
    events: JobEvents,
    signal: AbortSignal,
    secrets: Secrets,
    call: (given: unknown, context: Context, events: JobEvents) => Promise<Called>,
  ): Promise<ItemResult[]> {
    const results: ItemResult[] = []
    freezeFiles(job.inputs, inputs)
    for (const { input, label, scratch } of items) {
      if (signal.aborted) break
      const log = (line: string): void => events.log(`[${label}] ${line}`)
      const own = { ...events, log }
      const context = this.#context({ ...job, step, scratch }, own, signal, secrets)
      const item = await readInput(input, this.#options)
      const called = await call({ ...inputs, [ITEM]: item }, context, own)
      results.push(called.ok ? await this.#keepItem(step, called.value, secrets) : called)
    }
    return results
  }

  async #keepItem(step: string, value: unknown, secrets: Secrets): Promise<ItemResult> {
    let bytes: Uint8Array
    try {
      bytes = encodeValue(value)
      secrets.checkBytes(step, 'the output of an item', bytes)
    } catch (error) {
      if (error instanceof UnencodableError) return { ok: false, failure: unstorable(step, error) }
      return { ok: false, failure: failureOf(error) }
    }
    const output: ItemOutput =
      bytes.length > MOST_INLINE
        ? { digest: await this.#options.artifacts.put(bytes) }
        : { bytes: Buffer.from(bytes).toString('base64') }
    return { ok: true, output }
  }

  #context(
    { params, outs, scratch }: Omit<Job, 'items'>,
    events: JobEvents,
    signal: AbortSignal,
    secrets: Secrets,
  ): Context {
    // Hidden before it is cut into lines: a key file is a secret of many.
    const log = (message: string): void => {
      for (const line of secrets.hide(message).split('\n')) unprinted(() => events.log(line))
    }
    return {
      params: JSON.parse(params) as unknown,
      dir: this.#options.dir,
      outs: Object.fromEntries(Object.entries(outs).map(([name, { staged }]) => [name, staged])),
      scratch: () => {
        mkdirSync(scratch, { recursive: true })
        return scratch
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
        if (Number.isFinite(value)) unprinted(() => events.metric(secrets.hide(name), value))
        else log(`metric ${name} is ${value}: not recorded`)
      },
    }
  }
}

type Context = StepContext<unknown, string>

type Called = (
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }
) & { readonly duration: number }

/** Files and lists of them, which no digest of what a function leaves of them could be compared with. */
function freezeFiles(inputs: Job['inputs'], given: Readonly<Record<string, unknown>>): void {
  for (const [name, { kind }] of Object.entries(inputs)) {
    if (kind !== 'value' && kind !== 'inline') freeze(given[name])
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
}

/** The name of an input that items share and one of them has changed, so that others may have seen that. */
function changedInput(
  { inputs }: Job,
  given: Readonly<Record<string, unknown>>,
): string | undefined {
  return Object.keys(inputs).find((name) => {
    const input = inputs[name]
    if (input?.kind !== 'value') return false
    try {
      return digestBytes(encodeValue(given[name])) !== input.digest
    } catch {
      return true
    }
  })
}

function inputChanged(step: string, name: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ITEM_INPUT',
    summary: `the function of step \`${step}\` changes its input \`${name}\``,
    details: 'which other items receive too',
    hint: 'let it change a copy: structuredClone(input)',
  })
}

function leftAlone(step: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_NOT_STOPPED',
    summary: `step \`${step}\` did not stop when it was told to`,
    details: 'it may still be running, but its results do not count any more',
    hint: "let it heed `context.signal`, or give it { executor: 'thread' }",
  })
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
