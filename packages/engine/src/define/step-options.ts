import type {
  DirHandle,
  EnvHandle,
  FileHandle,
  FileOrDirHandle,
  GlobHandle,
  SecretHandle,
  UrlHandle,
} from './inputs.ts'
import {
  type Outs,
  type NoOuts,
  Step,
  type Handle,
  type Inputs,
  type Picked,
  type Out,
} from './step.ts'
import { DEPENDENCY_KINDS } from './input-kinds.ts'
import type { Pinned } from './pinned.ts'
import type { ExecutionOptions } from './execution.ts'
import type {
  AnyCondition,
  AnyStepFunction,
  Condition,
  StepFunction,
  Excuse,
  DirInput,
  FileInput,
} from './context.ts'

/** What the code of a step may depend on without reading it as an input. */
export type Dependency = Handle | ((...args: never[]) => unknown)

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

/** Options whose types have been checked, or need no check. */
export interface UntypedOptions extends Omit<
  StepOptions<Inputs, object, unknown, Outs>,
  'run' | 'when'
> {
  readonly run: AnyStepFunction
  readonly when?: AnyCondition
}

/** Params may be left out only where the function can do without. */
// oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
export type RequiredParams<P> = {} extends P ? unknown : { readonly params: P }

/** Names of the options of `step()`. */
export const STEP_OPTIONS: ReadonlySet<string> = new Set(
  (
    'inputs params outs run description version code dependsOn cache when after adopt passOver ' +
    'executor resources mutex retry timeout'
  ).split(' '),
)

const HANDLES = new Set<unknown>(DEPENDENCY_KINDS)

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
