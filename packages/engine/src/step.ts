import type {
  AnyCondition,
  AnyStepFunction,
  Condition,
  DirInput,
  FileInput,
  StepFunction,
} from './context.ts'
import type { Command } from './command-line.ts'
import { StepwellError } from './errors.ts'
import { executionOf, type Execution, type ExecutionOptions } from './execution.ts'
import type {
  DirHandle,
  EnvHandle,
  FileHandle,
  FileOrDirHandle,
  GlobHandle,
  SecretHandle,
  UrlHandle,
} from './input.ts'
import type { Mapping } from './mapping.ts'
import type { Pinned } from './pinned.ts'
import type { Serving } from './serving.ts'

/** What a step was declared with. */
export interface StepDefinition {
  readonly inputs: Inputs
  readonly params: object
  readonly outs: Outs
  readonly run: AnyStepFunction
  readonly description: string | undefined
  readonly version: string | undefined
  /** What stands for its code, in place of what an analysis would find. */
  readonly pin: string | undefined
  /** What it runs in place of `run`. */
  readonly command: Command | undefined
  /** How its command stays up for those that read it, if it does. */
  readonly service: Serving | undefined
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
  /** How it goes over the items of its input `item`, if it does. */
  readonly map: Mapping | undefined
  /** The stack at the `step()` call: where the step was made, for its code digest. */
  readonly site: string
}

/** Files and directories that a step leaves in the project, by the names under which `run` finds them. */
export type Outs = Readonly<Record<string, OutHandle>>

export type OutHandle = FileHandle | DirHandle | FileOrDirHandle

// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no outs.
type NoOuts = {}

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

/** What the code of a step may depend on without reading it as an input. */
export type Dependency = Handle | ((...args: never[]) => unknown)

export type Inputs = Readonly<Record<string, Input>>

/** What `run` receives for each declared input. */
export type Received<I> = {
  readonly [K in keyof I]: I[K] extends FileHandle | UrlHandle | Out<FileHandle>
    ? FileInput
    : I[K] extends DirHandle | Out<DirHandle>
      ? DirInput
      : I[K] extends FileOrDirHandle | Out<FileOrDirHandle>
        ? FileInput | DirInput
        : I[K] extends GlobHandle
          ? readonly FileInput[]
          : I[K] extends EnvHandle | SecretHandle
            ? string
            : I[K] extends Picked<infer T>
              ? T
              : I[K] extends Step<infer T>
                ? T
                : never
}

export interface StepOptions<
  I extends Inputs,
  P extends object,
  O,
  F extends Outs = NoOuts,
> extends ExecutionOptions {
  /** All that the step reads, by the names under which `run` receives it. @default {} */
  readonly inputs?: I
  /** Plain JSON data that tunes the step; part of its key. @default {} */
  readonly params?: P
  /**
   * Files and directories that the step leaves in the project. `run` writes each one where
   * `context.outs` says; they are put into place together with the step's success. @default {}
   */
  readonly outs?: F
  /** The work. What it returns is the step's output; it may be async. */
  readonly run: StepFunction<Received<I>, P, O, keyof F & string>
  /** What the step does, for people. @default the name of the function */
  readonly description?: string
  /**
   * Part of the key: change it to make the step rerun. A step whose code cannot be identified, such
   * as one made in a loop, is cached only when it has a version, which then must differ wherever the
   * code's captured values do.
   */
  readonly version?: string
  /**
   * What stands for the step's code, where the analysis of it is not wanted: `pinned('v2')`.
   * @default what the analysis finds
   */
  readonly code?: Pinned
  /**
   * What else the code depends on and the analysis cannot see: files, variables and functions. It
   * counts for the key; `run` is not given it. @default []
   */
  readonly dependsOn?: readonly Dependency[]
  /** `false`: the step runs every time. @default true */
  readonly cache?: boolean
  /**
   * Whether the step is to run, given its inputs: `false` skips it, and what needs it. Not in the key:
   * it decides whether, never what. @default always
   */
  readonly when?: Condition<Received<I>, P>
  /**
   * Steps that are to end before this one begins, although it reads nothing of them: for files that pass
   * between them unseen. Not in the key. @default none
   */
  readonly after?: readonly Step[]
  /**
   * Asked when nothing is known of the step as it is now: why its outs that are in the project are what it
   * would make, so that it need not run; `undefined` when they are not. It returns nothing then. @default never
   */
  readonly adopt?: Excuse
  /**
   * Asked when all before the step has ended, and before what it reads is looked at: why it is passed over,
   * although that or its outs may be missing; `undefined` when it is not. It counts as cached, gives nothing,
   * and nothing of it is kept. Not asked of a step that is forced. @default never
   */
  readonly passOver?: Excuse
}

/** Tells why a step need not run, if it need not. Must not change what a step declares. */
export type Excuse = () => string | undefined | Promise<string | undefined>

/** Options whose types have been checked, or need no check. */
export interface UntypedOptions extends Omit<
  StepOptions<Inputs, object, unknown, Outs>,
  'run' | 'when'
> {
  readonly run: AnyStepFunction
  readonly when?: AnyCondition
  readonly command?: Command
  readonly service?: Serving
}

/** Params may be left out only where the function can do without. */
// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
export type RequiredParams<P> = {} extends P ? unknown : { readonly params: P }

const STACK_DEPTH = 30
/** Names of the options of `step()`. */
export const STEP_OPTIONS: ReadonlySet<string> = new Set(
  (
    'inputs params outs run description version code dependsOn cache when after adopt passOver ' +
    'executor resources mutex retry timeout'
  ).split(' '),
)
const HANDLES = new Set<unknown>(['file', 'dir', 'any', 'glob', 'env'] satisfies Handle['kind'][])

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

/** The stack above `callee`, deep enough to reach the module's top level through a few helpers. */
export function callSite(callee: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = STACK_DEPTH
  Error.captureStackTrace(holder, callee)
  const stack = holder.stack ?? ''
  Error.stackTraceLimit = limit
  return stack
}

/** A private member is one of this very class: that of another copy of the package is not ours. */
function otherCopy(): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ENGINE_COPIES',
    what: 'a step was made by another copy of @stepwell/engine than the one that runs it',
    todo: 'install one version of it: `npm ls @stepwell/engine` lists the copies',
  })
}

/** @throws TypeError on an unknown option, or one of the wrong type. */
export function checkOptions(
  options: object,
  of = 'step()',
  names: ReadonlySet<string> = STEP_OPTIONS,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected the options of ${of} to be an object, got ${String(options)}`)
  }
  const unknown = Object.keys(options).find((key) => !names.has(key))
  if (unknown !== undefined) {
    throw new TypeError(`${of} has no option \`${unknown}\`; it has ${[...names].join(', ')}`)
  }
  const { run, inputs, params, outs, version, description, code, dependsOn, cache, when } =
    options as Partial<Record<string, unknown>>
  if (names.has('run') && typeof run !== 'function') {
    throw new TypeError(`Expected \`run\` of ${of} to be a function, got ${typeof run}`)
  }
  for (const [name, part] of Object.entries({ inputs, params, outs })) {
    if (part !== undefined && (typeof part !== 'object' || part === null || Array.isArray(part))) {
      throw new TypeError(
        `Expected \`${name}\` of ${of} to be an object, got ${Array.isArray(part) ? 'an array' : typeof part}`,
      )
    }
  }
  for (const [name, out] of Object.entries(outs ?? {})) {
    const { kind } = (out ?? {}) as { readonly kind?: unknown }
    if (kind !== 'file' && kind !== 'dir' && kind !== 'any') {
      throw new TypeError(`Expected out \`${name}\` of ${of} to be made by file() or dir()`)
    }
  }
  for (const [name, text] of Object.entries({ version, description })) {
    if (text !== undefined && typeof text !== 'string') {
      throw new TypeError(`Expected \`${name}\` of ${of} to be a string, got ${typeof text}`)
    }
  }
  if (code !== undefined && kindOf(code) !== 'pinned') {
    throw new TypeError(`Expected \`code\` of ${of} to be made by pinned(), got ${typeof code}`)
  }
  checkDependsOn(dependsOn, of, code !== undefined || !names.has('code'))
  if (cache !== undefined && typeof cache !== 'boolean') {
    throw new TypeError(`Expected \`cache\` of ${of} to be a boolean, got ${typeof cache}`)
  }
  const { after, adopt, passOver } = options as Partial<Record<string, unknown>>
  if (
    after !== undefined &&
    !(Array.isArray(after) && after.every((each) => kindOf(each) === 'step'))
  ) {
    throw new TypeError(`Expected \`after\` of ${of} to be a list of steps`)
  }
  for (const [name, excuse] of Object.entries({ adopt, passOver })) {
    if (excuse !== undefined && typeof excuse !== 'function') {
      throw new TypeError(`Expected \`${name}\` of ${of} to be a function, got ${typeof excuse}`)
    }
  }
  if (when !== undefined && typeof when !== 'function') {
    throw new TypeError(`Expected \`when\` of ${of} to be a function, got ${typeof when}`)
  }
}

function checkDependsOn(dependsOn: unknown, of: string, isPinned: boolean): void {
  if (dependsOn === undefined) return
  if (!Array.isArray(dependsOn)) {
    throw new TypeError(`Expected \`dependsOn\` of ${of} to be an array, got ${typeof dependsOn}`)
  }
  for (const [index, each] of (dependsOn as readonly unknown[]).entries()) {
    const place = `\`dependsOn[${index}]\` of ${of}`
    if (typeof each === 'function') {
      if (!isPinned) continue
      // It would be overlooked: what is pinned is not analysed.
      throw new TypeError(`Expected ${place} to be a file() or env(), since its code is pinned`)
    }
    if (HANDLES.has(kindOf(each))) continue
    const todo = ['step', 'pick'].includes(String(kindOf(each))) ? '; steps go into `inputs`' : ''
    throw new TypeError(`Expected ${place} to be a file(), an env() or a function${todo}`)
  }
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
}
