import { messageOf } from '@stepwell/base/errors'
import type { StepContext } from '@stepwell/engine/author'

/** A step function that leaves something in the project besides its output, and can tell when it is gone. */
export interface EffectStep<I, P, O, R = O> {
  /** @throws StepwellError as documented for the step. */
  (inputs: I, context: StepContext<P>): R
  /** Why the effect of this output is no longer in place, or `undefined` when it is. */
  readonly stale: (output: O, context: Pick<StepContext<P>, 'params' | 'dir'>) => string | undefined
}

/** The reason a check gives, where a check that cannot be made is a reason too. */
export function reasonOf(check: () => string | undefined): string | undefined {
  try {
    return check()
  } catch (error) {
    return messageOf(error)
  }
}
