import { makeStep } from './make-step.ts'
import type { StepContext, StepFunction } from './context.ts'
import { StepwellError } from '@stepwell/base/errors'
import { amountsOf, type ExecutorKind } from './execution.ts'
import { INPUT_KINDS } from './input-kinds.ts'
import { definition, type Input, type Step } from './step.ts'

/** A named set of steps, each known by its name and closed under what the steps read. */
export interface Pipeline {
  readonly kind: 'pipeline'
  readonly name: string
  /** In the order of definition. */
  readonly steps: ReadonlyMap<string, Step>
  /** The stack at the `pipeline()` call. */
  readonly site: string
  /** When it was made, in milliseconds since the epoch: its modules had been loaded by then. */
  readonly madeAt: number
  readonly options: PipelineOptions
}

export interface PipelineOptions {
  /** How much there is of what steps name in `resources`. @default the cores, the memory, and nothing else */
  readonly limits?: Readonly<Record<string, number | string>>
  /** Where steps are executed that do not say it. @default 'inline' */
  readonly executor?: ExecutorKind
  /** Files that it was made from, absolute, where no module made it. @default the modules that did */
  readonly sources?: readonly string[]
}

/** A link of the linear form: a name, and a function of the previous link's output. */
export type Link<I = never, O = unknown> = readonly [
  name: string,
  run: (input: I, context: StepContext<object>) => O,
]

/** Steps by name; another pipeline, or a record of steps, is a group whose name comes before theirs. */
export interface StepGroup {
  readonly [name: string]: Step | Pipeline | StepGroup
}

/** Steps by name, or functions in a row. */
export type Steps = StepGroup | readonly Link[]

const NAME = /^[a-z][a-zA-Z0-9]*(?:-[a-z0-9]+)*$/
// What a group holds may be named after values.
const PART = /^[a-zA-Z0-9_]+(?:-[a-zA-Z0-9_]+)*$/
const MAX_NAME = 100
// Logs and the like are files named after steps: with what is added, the system admits 255.
const MAX_FULL_NAME = 200
const KINDS: ReadonlySet<string> = new Set(INPUT_KINDS)

/**
 * Puts steps together under names. `site` is the stack at the call that does.
 *
 * @throws StepwellError STEPWELL_STEP_NAME for a name that is not lower camel or kebab case, is owned
 *   by every object (`constructor`), or differs from another one by case alone;
 *   STEPWELL_STEP_TWICE for one step under two names; STEPWELL_STEP_UNLISTED for a step that is read
 *   but has no name; STEPWELL_PIPELINE_EMPTY for no steps at all.
 */
export function makePipeline(
  name: string,
  steps: Steps,
  site: string,
  options: PipelineOptions = {},
): Pipeline {
  checkName(name, 'pipeline')
  const named = new Map(isLinks(steps) ? chain(steps, site) : entries(steps, ''))
  checkNames(named)
  return closePipeline(name, named, site, options)
}

/** As `makePipeline`, for steps whose names come from elsewhere and may be any text. */
export function closePipeline(
  name: string,
  named: ReadonlyMap<string, Step>,
  site: string,
  options: PipelineOptions,
): Pipeline {
  if (named.size === 0) {
    throw new StepwellError({
      code: 'STEPWELL_PIPELINE_EMPTY',
      summary: `pipeline \`${name}\` has no steps`,
      hint: 'give it at least one: pipeline(name, { collect })',
    })
  }
  checkListed(named)
  amountsOf(options.limits ?? {}, '`limits` of pipeline()')
  return Object.freeze({ kind: 'pipeline', name, steps: named, site, madeAt: Date.now(), options })
}

/** The names of a pipeline's steps. */
export function namesOf({ steps }: Pipeline): ReadonlyMap<Step, string> {
  return new Map([...steps].map(([name, step]) => [step, name]))
}

/** The steps that a step reads, or comes after, each once, in the order of its inputs. */
export function upstreamOf(step: Step): Step[] {
  const { inputs, after } = definition(step)
  const found = [...Object.values(inputs).map(stepOf), ...after]
  return [...new Set(found.filter((upstream) => upstream !== undefined))]
}

/** The step behind an input, if there is one. */
export function stepOf(input: Input): Step | undefined {
  if (input.kind === 'step') return input
  return input.kind === 'pick' || input.kind === 'out' ? input.step : undefined
}

function isLinks(steps: Steps): steps is readonly Link[] {
  return Array.isArray(steps)
}

/** @param group the names of the groups around, each with a dot after it */
function entries(steps: StepGroup, group: string): [string, Step][] {
  const prototype: unknown = Object.getPrototypeOf(steps)
  // `{ __proto__: train }` names no step, it sets the prototype: without this the step would be lost.
  if (prototype !== Object.prototype && prototype !== null) {
    throw new StepwellError({
      code: 'STEPWELL_STEP_NAME',
      summary: 'the steps of a pipeline must be a plain object',
      details: 'it has a prototype of its own, as after a member named `__proto__`',
      hint: 'rename that step',
    })
  }
  return Object.entries(steps).flatMap(([name, member]): [string, Step][] => {
    checkName(name, group === '' ? 'step' : 'member of a group')
    const full = `${group}${name}`
    if (isStep(member)) return [[full, member]]
    if (isPipeline(member)) {
      return [...member.steps].map(([inner, step]) => [`${full}.${inner}`, step])
    }
    if (isGroup(member)) return entries(member, `${full}.`)
    throw new TypeError(`Expected \`${full}\` to be made by step(), got ${typeof member}`)
  })
}

/** What has a kind is a handle of another sort; an empty group would be overlooked. */
function isGroup(member: unknown): member is StepGroup {
  if (typeof member !== 'object' || member === null) return false
  if ('kind' in member && typeof member.kind === 'string') return false
  return Object.keys(member).length > 0
}

function isStep(member: unknown): member is Step {
  return member instanceof Object && 'kind' in member && member.kind === 'step'
}

function isPipeline(member: unknown): member is Pipeline {
  return member instanceof Object && 'kind' in member && member.kind === 'pipeline'
}

function chain(links: readonly Link[], site: string): [string, Step][] {
  const named: [string, Step][] = []
  let previous: Step | undefined
  for (const [name, run] of links) {
    if (typeof run !== 'function') {
      throw new TypeError(`Expected link \`${name}\` to be [name, function], got ${typeof run}`)
    }
    const call = run as StepFunction<unknown, object, unknown>
    const piped: StepFunction<{ input?: unknown }, object, unknown> = ({ input }, context) =>
      call(input, context)
    checkName(name, 'step')
    if (named.some(([other]) => other === name)) throw sameName(name, name)
    previous = makeStep(
      {
        ...(previous !== undefined && { inputs: { input: previous } }),
        run: call.stale === undefined ? piped : Object.assign(piped, { stale: call.stale }),
        ...(run.name !== '' && { description: run.name }),
      },
      site,
    )
    named.push([name, previous])
  }
  return named
}

function checkName(name: string, of: string): void {
  const refuse = (facts: string) =>
    new StepwellError({
      code: 'STEPWELL_STEP_NAME',
      summary: `${JSON.stringify(name)} cannot be the name of a ${of}`,
      details: facts,
      hint: 'use lower camel or kebab case, such as `trainModel` or `train-model`',
    })
  if (typeof name !== 'string') throw refuse('it is not a string')
  if (name in Object.prototype) throw refuse('every JavaScript object has a member of that name')
  const form = of === 'member of a group' ? PART : NAME
  if (!form.test(name)) throw refuse('it is neither lower camel nor kebab case')
  if (name.length > MAX_NAME) throw refuse(`it is longer than ${MAX_NAME} characters`)
}

function sameName(one: string, other: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_STEP_NAME',
    summary: `two steps are named \`${one}\` and \`${other}\``,
    details: 'which are the same, but for upper and lower case',
    hint: 'rename one of them',
  })
}

function longName(name: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_STEP_NAME',
    summary: `${JSON.stringify(name)} cannot be the name of a step`,
    details: `with those of its groups it is longer than ${MAX_FULL_NAME} characters`,
    hint: 'give it or its groups shorter names',
  })
}

function checkNames(named: ReadonlyMap<string, Step>): void {
  const names = new Map<Step, string>()
  const folded = new Map<string, string>()
  for (const [name, step] of named) {
    // Logs are files named after steps, and some file systems do not tell `trainA` from `traina`.
    const alike = folded.get(name.toLowerCase())
    if (alike !== undefined) {
      throw sameName(alike, name)
    }
    if (name.length > MAX_FULL_NAME) throw longName(name)
    folded.set(name.toLowerCase(), name)
    if (step?.kind !== 'step') {
      throw new TypeError(`Expected \`${name}\` to be made by step(), got ${typeof step}`)
    }
    const other = names.get(step)
    if (other !== undefined) {
      throw new StepwellError({
        code: 'STEPWELL_STEP_TWICE',
        summary: `one step is in the pipeline twice`,
        details: `as \`${other}\` and as \`${name}\``,
        hint: 'call step() once for each of them',
      })
    }
    names.set(step, name)
  }
}

function checkListed(named: ReadonlyMap<string, Step>): void {
  const listed = new Set(named.values())
  for (const [name, step] of named) {
    for (const [input, handle] of Object.entries(definition(step).inputs)) {
      if (!KINDS.has(handle?.kind)) {
        throw new TypeError(
          `Expected input \`${input}\` of step \`${name}\` to be a step, a pick() or out() of one, file(), dir(), glob(), url(), env() or secret()`,
        )
      }
      const upstream = stepOf(handle)
      if (upstream !== undefined && !listed.has(upstream)) {
        throw new StepwellError({
          code: 'STEPWELL_STEP_UNLISTED',
          summary: `step \`${name}\` reads a step that is not in the pipeline`,
          details: `its input \`${input}\``,
          hint: 'add that step to the record given to pipeline()',
        })
      }
    }
    if (definition(step).after.some((other) => !listed.has(other))) {
      throw new StepwellError({
        code: 'STEPWELL_STEP_UNLISTED',
        summary: `step \`${name}\` comes after a step that is not in the pipeline`,
        hint: 'add that step to the record given to pipeline()',
      })
    }
  }
}
