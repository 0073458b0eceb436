import { channel } from 'node:diagnostics_channel'
import type { StepContext } from '../../src/index.ts'

type Context = StepContext<object>

/** A call of a step. A listener may replace `work`. */
export interface HookCall {
  readonly name: string
  work: (inputs: never, context: Context) => unknown
}

export const HOOKS = 'stepwell test hooks'

/**
 * A step function that a test can look at and steer: it says that it is called, and does what the test has
 * put in its place, else its own work. The engine sees none of this in its code.
 */
export function hook<I, O>(
  name: string,
  own: (inputs: I, context: Context) => O,
): (inputs: I, context: Context) => O {
  return (inputs, context) => {
    const call: HookCall = { name, work: own }
    channel(HOOKS).publish(call)
    return (call.work as typeof own)(inputs, context)
  }
}
