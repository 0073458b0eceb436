import type { AnyCondition, Excuse } from './context.ts'
import { StepwellError } from '@stepwell/base/errors'
import { type Execution } from './execution.ts'
import type {
  DirHandle,
  EnvHandle,
  FileHandle,
  FileOrDirHandle,
  GlobHandle,
  SecretHandle,
  UrlHandle,
} from './inputs.ts'
import type { Work } from './work.ts'

/** What a step was declared with. */
export interface StepDefinition {
  readonly inputs: Inputs
  readonly params: object
  readonly outs: Outs
  readonly work: Work
  readonly description: string | undefined
  readonly version: string | undefined
  /** What its code depends on besides; functions among it are found by the analysis. */
  readonly dependsOn: readonly Handle[]
  readonly cache: boolean
  readonly execution: Execution
  /** Whether it is to run at all, asked once its inputs are known. */
  readonly when: AnyCondition | undefined
  /** Steps that are to end before it begins, although it reads nothing of them. */
  readonly after: readonly Step[]
  /** Why its outs that are in the project already are what it would make. */
  readonly adopt: Excuse | undefined
  /** Why it is passed over, whatever it would read and leave. */
  readonly passOver: Excuse | undefined
  /** The stack at the `step()` call: where the step was made, for its code digest. */
  readonly site: string
}

/** Files and directories that a step leaves in the project, by the names under which `run` finds them. */
export type Outs = Readonly<Record<string, OutHandle>>

export type OutHandle = FileHandle | DirHandle | FileOrDirHandle

// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no outs.
export type NoOuts = {}

/**
 * A unit of work, and the handle by which other steps read its output: `T` is the type of its return
 * value, `F` are its outs. It shows nothing else, so that the code of one step cannot depend on the
 * params of another.
 */
export class Step<out T = unknown, out F extends Outs = NoOuts> {
  readonly kind = 'step'
  /** Never set: carries the type of the output to the consumers. */
  declare readonly type?: () => T
  /** Never set: carries the outs to the consumers. */
  declare readonly outs?: () => F
  readonly #definition: StepDefinition

  /** Use `step()`. */
  constructor(stepDefinition: StepDefinition) {
    this.#definition = stepDefinition
    Object.freeze(this)
  }

  static definition(of: Step): StepDefinition {
    if (!(#definition in of)) throw otherCopy()
    return of.#definition
  }

  /** A handle to one field of the output: its consumer reruns only when that field changes. */
  pick<K extends keyof T & string>(field: K): Picked<T[K]> {
    return { kind: 'pick', step: this, field }
  }

  /**
   * A handle to one of the outs: its consumer reruns only when that file or directory changes.
   * @throws TypeError when the step has no such out.
   */
  out<K extends keyof F & string>(name: K): Out<F[K]> {
    if (Object.hasOwn(this.#definition.outs, name)) return { kind: 'out', step: this, name }
    const names = Object.keys(this.#definition.outs).join(', ')
    throw new TypeError(`Expected the name of an out, which are ${names || 'none'}, got ${name}`)
  }
}

/** What a step was declared with; for the engine alone. */
export function definition(of: Step): StepDefinition {
  return Step.definition(of)
}

/** Whether a step stays up while others read it. */
export function isService(of: Step | undefined): boolean {
  return of !== undefined && definition(of).work.kind === 'service'
}

/** One field of a step's output, with a digest of its own. */
export interface Picked<T = unknown> {
  readonly kind: 'pick'
  readonly step: Step
  readonly field: string
  /** Never set: carries the type of the field to the consumer. */
  readonly type?: () => T
}

/** One of the outs of a step. */
export interface Out<H extends OutHandle = OutHandle> {
  readonly kind: 'out'
  readonly step: Step
  readonly name: string
  /** Never set: carries what it is to the consumer. */
  readonly type?: () => H
}

/** Whatever a step can read. */
export type Input =
  | FileHandle
  | DirHandle
  | FileOrDirHandle
  | GlobHandle
  | UrlHandle
  | EnvHandle
  | SecretHandle
  | Step
  | Picked
  | Out

/** An input from outside of the pipeline. */
export type Handle = FileHandle | DirHandle | FileOrDirHandle | GlobHandle | EnvHandle

export type Inputs = Readonly<Record<string, Input>>

/** A private member is one of this very class: that of another copy of the package is not ours. */
function otherCopy(): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ENGINE_COPIES',
    summary: 'a step was made by another copy of @stepwell/engine than the one that runs it',
    hint: 'install one version of it: `npm ls @stepwell/engine` lists the copies',
  })
}
