/** What a step's function is given besides its inputs. `O` are the names of its outs. */
export interface StepContext<P = unknown, O extends string = never> {
  /** The step's params, as plain data. */
  readonly params: P
  /** The project directory, absolute. Never let it into an output: it differs between machines. */
  readonly dir: string
  /**
   * Where to write the declared outs, by name: absolute paths aside from the project, from which they
   * are put into place once the step has succeeded. A directory is there already, and empty.
   */
  readonly outs: Readonly<Record<O, string>>
  /**
   * A directory for work in progress, absolute; made when first asked for. What a failed or killed step
   * left in it is there again when the step is run with the same key, and only then; it goes when the
   * step succeeds.
   */
  readonly scratch: () => string
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
export interface StepFunction<I, P, O, F extends string = never> {
  (inputs: I, context: StepContext<P, F>): O | PromiseLike<O>
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

/** Whether a step is to run, given its inputs. Must not change anything. */
export type Condition<I, P> = (
  inputs: I,
  context: Pick<StepContext<P>, 'params' | 'dir'>,
) => boolean | PromiseLike<boolean>

/** A condition of any type, as the engine holds it. */
export type AnyCondition = (inputs: never, context: never) => unknown

/** A declared file as a step receives it: exactly the bytes that were digested for the step's key. */
export interface FileInput {
  /** As declared, relative to the project directory, with forward slashes. */
  readonly path: string
  /**
   * Absolute, for streams and other programs. Never let it into an output. A step fails when a file
   * that it was given is another one when it ends.
   */
  readonly location: string
  /** @throws StepwellError STEPWELL_INPUT_CHANGED when the file changed since it was digested. */
  readonly bytes: () => Uint8Array
  /**
   * The content as UTF-8 text, without a byte order mark.
   * @throws StepwellError STEPWELL_INPUT_CHANGED as `bytes`; STEPWELL_INPUT_ENCODING when the bytes are not UTF-8.
   */
  readonly text: () => string
}

/** A declared directory as a step receives it. */
export interface DirInput {
  /** As declared, relative to the project directory, with forward slashes. */
  readonly path: string
  /** Absolute; see `FileInput`. */
  readonly location: string
  /** All files in it, sorted by path. */
  readonly files: readonly FileInput[]
}

/** Tells why a step need not run, if it need not. Must not change what a step declares. */
export type Excuse = () => string | undefined | Promise<string | undefined>
