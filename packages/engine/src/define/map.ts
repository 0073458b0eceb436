import { makeStepOf, step as plainStep } from './make-step.ts'
import {
  checkOptions,
  type RequiredParams,
  type StepOptions,
  type UntypedOptions,
  type Received,
} from './step-options.ts'
import { callSite } from './call-site.ts'
import type { FileInput, StepFunction } from './context.ts'
import type { DirHandle, GlobHandle } from './inputs.ts'
import { type Inputs, type Out, type Picked, type Step } from './step.ts'
import { ITEM } from './work.ts'

/** What a mapped step goes over: a list that another step gives, or files. */
export type Over =
  GlobHandle | DirHandle | Out<DirHandle> | Step<readonly unknown[]> | Picked<readonly unknown[]>

/** One of the items, as the function receives it. */
export type ItemOf<V> = V extends GlobHandle | DirHandle | Out<DirHandle>
  ? FileInput
  : V extends Picked<infer T>
    ? ElementOf<T>
    : V extends Step<infer T>
      ? ElementOf<T>
      : never

type ElementOf<T> = T extends readonly (infer E)[] ? E : never

export interface MapOptions<V extends Over, I extends Inputs, P extends object, O> extends Omit<
  StepOptions<I, P, O>,
  'run' | 'outs' | 'when'
> {
  /** The items: the list that a step gives, or the files that match, sorted by path. */
  readonly over: V
  /**
   * The work on one item, which it receives as `item` beside the other inputs. It is called again only for
   * items that are new or changed.
   */
  readonly run: StepFunction<Received<I> & { readonly item: ItemOf<V> }, P, O>
  /** What an item is called in logs and errors. @default the path of a file, else its place in the list */
  readonly key?: (item: ItemOf<V>) => string
  /** How many items are given to an executor at once, from 1 up. @default as many as seem good */
  readonly batch?: number
}

type MapStep = <
  V extends Over,
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no inputs.
  I extends Inputs = {},
  // oxlint-disable-next-line typescript/ban-types -- `{}` is right: no params.
  P extends object = {},
  O = unknown,
>(
  options: MapOptions<V, I, P, O> & RequiredParams<P>,
) => Step<Awaited<O>[]>

/**
 * Declares a step. `step.map` declares one that does the same with each item of a list, which is known
 * only when the run gets there; its output is the list of what the function returned, in the order of
 * the items.
 *
 * @throws TypeError on an unknown option or one of the wrong type.
 */
export const step: typeof plainStep & { readonly map: MapStep } = Object.assign(plainStep, {
  map: <T>({ over, key, batch, ...options }: UntypedMapOptions): Step<T[]> => {
    checkMapOptions({ over, key, batch, options })
    const { inputs = {}, run, code, ...rest } = options
    return makeStepOf<T[]>(
      { kind: 'map', run, pin: code?.text, batch, label: key },
      { ...rest, inputs: { ...inputs, [ITEM]: over } },
      callSite(step.map),
    )
  },
})

interface UntypedMapOptions extends UntypedOptions {
  readonly over: Over
  readonly key?: (item: never) => string
  readonly batch?: number
}

function checkMapOptions({
  over,
  key,
  batch,
  options,
}: {
  readonly over: unknown
  readonly key: unknown
  readonly batch: unknown
  readonly options: UntypedOptions
}): void {
  const fail = (problem: string): never => {
    throw new TypeError(problem)
  }
  checkOptions(options)
  for (const name of ['outs', 'when'] as const) {
    if (options[name] !== undefined) fail(`step.map() has no option \`${name}\``)
  }
  if (typeof over !== 'object' || over === null || !('kind' in over)) {
    fail('Expected `over` of step.map() to be a step that gives a list, or a glob() or dir()')
  }
  if (Object.hasOwn(options.inputs ?? {}, ITEM)) {
    fail(`step.map() gives each item as \`${ITEM}\`: name that input otherwise`)
  }
  if (key !== undefined && typeof key !== 'function') {
    fail(`Expected \`key\` of step.map() to be a function, got ${typeof key}`)
  }
  if (batch !== undefined && !(Number.isInteger(batch) && Number(batch) >= 1)) {
    fail(
      `Expected \`batch\` of step.map() to be an integer from 1 up, got ${JSON.stringify(batch)}`,
    )
  }
}
