/** What a step's function is given besides its inputs. */
export interface StepContext<P = unknown> {
  /** The step's params, as plain data. */
  readonly params: P
  /** The project directory, absolute. Never let it into an output: it differs between machines. */
  readonly dir: string
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal
  /** Writes a line to the step's log. */
  readonly log: (message: string) => void
  /** Records a number under a name in the run's record, such as a score. */
  readonly metric: (name: string, value: number) => void
}

/**
 * A step's work. A function with effects outside its output (a deployment, a log) also carries
 * `stale`, so that a cached result is not taken for an effect that is no longer there.
 */
export interface StepFunction<I, P, O> {
  (inputs: I, context: StepContext<P>): O | PromiseLike<O>
  /**
   * Asked before a cached output is used: why the effect behind it is no longer in place, or
   * `undefined` when it is. Must not change anything.
   */
  readonly stale?: (
    output: Awaited<O>,
    context: Pick<StepContext<P>, 'params' | 'dir'>,
  ) => string | undefined | Promise<string | undefined>
}

/** A step function of any type, as the engine holds it: it is only ever called with what it declared. */
export interface AnyStepFunction {
  (inputs: never, context: never): unknown
  readonly stale?: (
    output: never,
    context: never,
  ) => string | undefined | Promise<string | undefined>
}

/** A declared file as a step receives it: exactly the bytes that were digested for the step's key. */
export interface FileInput {
  /** As declared, relative to the project directory, with forward slashes. */
  readonly path: string
  /** @throws StepwellError STEPWELL_INPUT_CHANGED when the file changed since it was digested. */
  readonly bytes: () => Uint8Array
  /**
   * The content as UTF-8 text, without a byte order mark.
   * @throws StepwellError STEPWELL_INPUT_CHANGED as `bytes`; STEPWELL_INPUT_ENCODING when the bytes are not UTF-8.
   */
  readonly text: () => string
}
