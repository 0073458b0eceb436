import { makeStep } from './make-step.ts'
import { checkOptions, type RequiredParams, type StepOptions } from './step-options.ts'
import { callSite } from './call-site.ts'
import type { StepContext } from './context.ts'
import { StepwellError } from '@stepwell/base/errors'
import { type Picked, type Step } from './step.ts'

/** Whether what a gate is given may pass: `true`, or why not. */
export type GateCheck<T, P> = (
  value: T,
  context: StepContext<P>,
) => boolean | string | PromiseLike<boolean | string>

export interface GateOptions<T, P extends object> extends Pick<
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no inputs.
  StepOptions<{}, P, T>,
  'params' | 'description' | 'version' | 'code' | 'dependsOn' | 'cache' | 'retry' | 'timeout'
> {
  /** What is to pass: the output of a step, or a field of it. It is the output of the gate. */
  readonly of: Step<T> | Picked<T>
  /** Whether it may: `true`, or `false`, or a text that says why not. */
  readonly check: GateCheck<T, P>
}

/**
 * Declares a step that lets a value pass only when a check on it holds; else it fails, and what reads it is
 * skipped. Its output is the value itself.
 *
 * @throws TypeError on an unknown option or one of the wrong type.
 */
// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
export function gate<T, P extends object = {}>({
  of,
  check,
  ...options
}: GateOptions<T, P> & RequiredParams<P>): Step<T> {
  if (typeof check !== 'function') {
    throw new TypeError(`Expected \`check\` of gate() to be a function, got ${typeof check}`)
  }
  const run = async (inputs: { readonly of: T }, context: StepContext<P>): Promise<T> => {
    const verdict = await check(inputs.of, context)
    if (verdict === true) return inputs.of
    throw new StepwellError({
      code: 'STEPWELL_GATE_CLOSED',
      summary: typeof verdict === 'string' ? verdict : 'the check of the gate does not hold',
      hint: 'the steps after it are not run: improve its input, or change the check',
    })
  }
  const all = {
    ...(options as Omit<typeof options, keyof RequiredParams<P>>),
    description: options.description ?? (check.name === 'check' ? 'gate' : check.name),
    inputs: { of },
    run,
  }
  checkOptions(all)
  return makeStep<T>(all, callSite(gate))
}
