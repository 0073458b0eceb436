import { type Outs, type NoOuts, Step, type Inputs } from './step.ts'
import type { Mapping } from './mapping.ts'
import { executionOf } from './execution.ts'
import { callSite } from './call-site.ts'
import {
  type StepOptions,
  type UntypedOptions,
  type RequiredParams,
  checkOptions,
} from './step-options.ts'

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
  options: UntypedOptions,
  site: string,
  map?: Mapping,
): Step<T, F> {
  const { inputs = {}, params = {}, outs = {}, run, description, version, cache = true } = options
  const pin = options.code?.text
  const dependsOn = (options.dependsOn ?? []).filter((each) => typeof each !== 'function')
  return new Step<T, F>({
    inputs,
    params,
    outs,
    run,
    description,
    version,
    pin,
    command: options.command,
    service: options.service,
    dependsOn: [...dependsOn],
    cache,
    execution: executionOf(options, options.command === undefined ? 'step()' : 'command()'),
    when: options.when,
    after: [...(options.after ?? [])],
    adopt: options.adopt,
    passOver: options.passOver,
    map,
    site,
  })
}
