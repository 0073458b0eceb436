import { type Outs, type NoOuts, Step, type Inputs } from './step.ts'
import { executionOf } from './execution.ts'
import { callSite } from './call-site.ts'
import {
  type StepOptions,
  type UntypedOptions,
  type RequiredParams,
  checkOptions,
} from './step-options.ts'
import type { Work } from './work.ts'

/**
 * Declares a step.
 *
 * @throws TypeError on an unknown option or one of the wrong type.
 */
// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no inputs, no params.
export function step<
  I extends Inputs = {},
  P extends object = {},
  O = unknown,
  F extends Outs = {},
>(options: StepOptions<I, P, O, F> & RequiredParams<P>): Step<Awaited<O>, F> {
  checkOptions(options)
  return makeStep<Awaited<O>, F>(options, callSite(step))
}

/** As `step`, for a caller that knows the call site. */
export function makeStep<T, F extends Outs = NoOuts>(
  { run, code, ...options }: UntypedOptions,
  site: string,
): Step<T, F> {
  return makeStepOf<T, F>({ kind: 'function', run, pin: code?.text }, options, site)
}

/** A step of any kind of work. */
export function makeStepOf<T, F extends Outs = NoOuts>(
  work: Work,
  options: Omit<UntypedOptions, 'run' | 'code'>,
  site: string,
): Step<T, F> {
  const { inputs = {}, params = {}, outs = {}, description, version, cache = true } = options
  const dependsOn = (options.dependsOn ?? []).filter((each) => typeof each !== 'function')
  return new Step<T, F>({
    inputs,
    params,
    outs,
    work,
    description,
    version,
    dependsOn: [...dependsOn],
    cache,
    execution: executionOf(options, 'command' in work ? 'command()' : 'step()'),
    when: options.when,
    after: [...(options.after ?? [])],
    adopt: options.adopt,
    passOver: options.passOver,
    site,
  })
}
