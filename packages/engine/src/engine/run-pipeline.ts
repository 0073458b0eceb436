import { callSite } from '../define/call-site.ts'
import type { StepContext } from '../define/context.ts'
import { openEngine, type EngineOptions, type RunRequest } from './engine.ts'
import { StepwellError } from '@stepwell/base/errors'
import {
  closePipeline,
  makePipeline,
  type Link,
  type Pipeline,
  type PipelineOptions,
  type StepGroup,
  type Steps,
} from '../define/pipeline.ts'
import type { RunRecord } from '../record/run-record.ts'
import { type Step } from '../define/step.ts'

/** A pipeline that can run itself, on an engine opened for that one run. `T` is its last output. */
export interface RunnablePipeline<T = unknown> extends Pipeline {
  /** Runs it. Resolves also when a step failed: look at `status`. */
  run(options?: EngineOptions & RunRequest): Promise<RunRecord & { readonly value: T | undefined }>
}

/** What the last one of some functions returns. */
type LastOutput<L extends readonly unknown[]> = L extends readonly [
  ...unknown[],
  readonly [string, (...args: never[]) => infer O],
]
  ? Awaited<O>
  : unknown

/** Functions in a row fit together: each one takes what the one before it returns. */
type Chained<L extends readonly unknown[]> = L extends readonly [infer A, infer B, ...infer Rest]
  ? A extends readonly [string, (...args: never[]) => infer O]
    ? B extends readonly [string, (...args: infer P) => unknown]
      ? [Awaited<O>] extends [P extends readonly [infer I, ...unknown[]] ? I : unknown]
        ? readonly [A, ...Chained<readonly [B, ...Rest]>]
        : readonly [
            A,
            readonly [string, (input: Awaited<O>, context: StepContext<object>) => unknown],
          ]
      : never
    : never
  : L

/**
 * Makes a pipeline for a front end whose steps have names of their own, such as `train@uk`: any text that is
 * not a member of every object.
 *
 * @throws StepwellError STEPWELL_STEP_NAME, STEPWELL_STEP_UNLISTED, STEPWELL_PIPELINE_EMPTY.
 */
export function pipelineOf(
  name: string,
  steps: ReadonlyMap<string, Step>,
  options: PipelineOptions = {},
): Pipeline {
  for (const step of steps.keys()) {
    if (!(step in Object.prototype) && step !== '') continue
    throw new StepwellError({
      code: 'STEPWELL_STEP_NAME',
      summary: `${JSON.stringify(step)} cannot be the name of a step`,
      details: 'every JavaScript object has a member of that name',
      hint: 'rename it',
    })
  }
  return closePipeline(name, new Map(steps), callSite(pipelineOf), options)
}

/**
 * Names steps and makes a pipeline of them, from a record of steps, or from functions in a row of
 * which each takes what the one before it returned:
 *
 * ```ts
 * pipeline('wine', { collect, clean, train })
 * pipeline('wine', [['collect', collect], ['clean', clean], ['train', train]])
 * ```
 *
 * What `run()` of it resolves to has the output of the last step as its `value`.
 *
 * @throws StepwellError STEPWELL_STEP_NAME, STEPWELL_STEP_TWICE, STEPWELL_STEP_UNLISTED,
 *   STEPWELL_PIPELINE_EMPTY.
 */
export function pipeline(
  name: string,
  steps: StepGroup,
  options?: PipelineOptions,
): RunnablePipeline
export function pipeline<const L extends readonly Link[]>(
  name: string,
  links: L & Chained<L>,
  options?: PipelineOptions,
): RunnablePipeline<LastOutput<L>>
export function pipeline(
  name: string,
  steps: Steps,
  pipelineOptions: PipelineOptions = {},
): RunnablePipeline {
  const made: RunnablePipeline = {
    ...makePipeline(name, steps, callSite(pipeline), pipelineOptions),
    async run(options = {}) {
      const { request, others } = divide(options)
      await using engine = await openEngine(others)
      const run = engine.run(made, request)
      const record = await run.result
      const [lastName = '', last] = [...made.steps].at(-1) ?? []
      const known = last !== undefined && record.steps[lastName]?.output !== undefined
      return { ...record, value: known ? await run.value(last) : undefined }
    },
  }
  return Object.freeze(made)
}

// The compiler refuses this where an option of a run is missing: all others are the engine's.
const OF_A_RUN: Readonly<Record<keyof RunRequest, true>> = {
  targets: true,
  only: true,
  force: true,
  plan: true,
  keepEdits: true,
  onFailure: true,
  because: true,
  signal: true,
}

function divide(options: EngineOptions & RunRequest): {
  readonly request: RunRequest
  readonly others: EngineOptions
} {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const isOfRun = ([name]: [string, unknown]): boolean => Object.hasOwn(OF_A_RUN, name)
  return {
    request: Object.fromEntries(given.filter(isOfRun)),
    others: Object.fromEntries(given.filter((option) => !isOfRun(option))),
  }
}
