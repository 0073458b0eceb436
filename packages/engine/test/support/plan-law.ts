import fc from 'fast-check'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  command,
  dir as dirHandle,
  file,
  glob,
  pinned,
  pipeline,
  service,
  step,
  type PlanRequest,
  type RunnablePipeline,
  type Step,
} from '../../src/index.ts'

/** How a step reads an earlier one: its value, a field of it, what it leaves, or only after it. */
type How = 'value' | 'field' | 'out' | 'path' | 'after'

/** A step of a generated pipeline. */
export interface StepSpec {
  readonly kind: 'value' | 'list' | 'map' | 'file' | 'command' | 'in place' | 'service'
  /** Which of the steps before it are read, counted back from it. */
  readonly reads: readonly { readonly back: number; readonly how: How }[]
  readonly source: 'none' | 'file' | 'dir' | 'glob' | 'missing'
  readonly param: number
  readonly code: 'a' | 'b' | 'throws'
  /** Its value is the same for many inputs where this is small. */
  readonly modulus: 1 | 2 | 1000
  readonly when: 'always' | 'never' | 'even'
  readonly cache: boolean
  readonly adopts: boolean
  readonly name: 'plain' | 'renamed'
}

const specs: fc.Arbitrary<StepSpec> = fc.record({
  kind: fc.oneof<fc.WeightedArbitrary<StepSpec['kind']>[]>(
    { weight: 6, arbitrary: fc.constantFrom('value', 'list', 'map', 'file') },
    { weight: 2, arbitrary: fc.constantFrom('command', 'in place') },
    { weight: 1, arbitrary: fc.constant('service') },
  ),
  reads: fc.array(
    fc.record({
      back: fc.integer({ min: 1, max: 4 }),
      how: fc.constantFrom<How>('value', 'value', 'field', 'out', 'path', 'after'),
    }),
    { maxLength: 2 },
  ),
  source: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<StepSpec['source']>('none', 'file', 'dir', 'glob') },
    { weight: 1, arbitrary: fc.constant<StepSpec['source']>('missing') },
  ),
  param: fc.nat(2),
  code: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<StepSpec['code']>('a', 'b') },
    { weight: 1, arbitrary: fc.constant<StepSpec['code']>('throws') },
  ),
  modulus: fc.constantFrom<StepSpec['modulus']>(1, 2, 1000),
  when: fc.oneof(
    { weight: 8, arbitrary: fc.constant<StepSpec['when']>('always') },
    { weight: 1, arbitrary: fc.constantFrom<StepSpec['when']>('never', 'even') },
  ),
  cache: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.boolean()),
  adopts: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
  name: fc.oneof(
    { weight: 5, arbitrary: fc.constant<StepSpec['name']>('plain') },
    fc.constant<StepSpec['name']>('renamed'),
  ),
})

/** Something that happens between two runs. */
export type Edit =
  | { readonly kind: 'step'; readonly nth: number; readonly spec: Partial<StepSpec> }
  | { readonly kind: 'source'; readonly nth: number; readonly text: string }
  | { readonly kind: 'out'; readonly nth: number; readonly text: string | undefined }

export interface Round {
  readonly edits: readonly Edit[]
  /** Of the steps, by their numbers. */
  readonly targets: readonly number[]
  readonly only: boolean
  readonly force: readonly number[] | 'all'
  /** Whether the plan itself is carried out. */
  readonly byPlan: boolean
}

export interface Program {
  readonly steps: readonly StepSpec[]
  readonly rounds: readonly Round[]
}

const edits: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      nth: fc.nat(6),
      spec: specs.chain((spec) =>
        fc
          .subarray(Object.keys(spec) as (keyof StepSpec)[], { minLength: 1, maxLength: 2 })
          .map((names) => Object.fromEntries(names.map((name) => [name, spec[name]]))),
      ),
    }),
  },
  fc.record({
    kind: fc.constant('source' as const),
    nth: fc.nat(2),
    text: fc.constantFrom('one\n', 'two\n', 'three\n'),
  }),
  fc.record({
    kind: fc.constant('out' as const),
    nth: fc.nat(6),
    text: fc.constantFrom(undefined, 'edited\n', 'adopt\n'),
  }),
)

const rounds: fc.Arbitrary<Round> = fc.record({
  edits: fc.array(edits, { maxLength: 2 }),
  targets: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 2 }),
  ),
  only: fc.boolean(),
  force: fc.oneof(
    { weight: 4, arbitrary: fc.constant<number[]>([]) },
    { weight: 2, arbitrary: fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constant<'all'>('all') },
  ),
  byPlan: fc.boolean(),
})

/** Pipelines, and what is done with them. */
export const programs: fc.Arbitrary<Program> = fc.record({
  steps: fc.array(specs, { minLength: 1, maxLength: 7 }),
  rounds: fc.array(rounds, { minLength: 2, maxLength: 7 }),
})

/** The steps after an edit of one of them. */
export function edited(steps: readonly StepSpec[], edit: Edit): readonly StepSpec[] {
  if (edit.kind !== 'step') return steps
  const nth = edit.nth % steps.length
  return steps.map((spec, index) => (index === nth ? { ...spec, ...edit.spec } : spec))
}

const nameOf = (steps: readonly StepSpec[], nth: number): string => {
  const index = nth % steps.length
  return steps[index]?.name === 'renamed' ? `renamed${index}` : `s${index}`
}

export const outOf = (nth: number): string => `out/${nth}.txt`

export const sourceOf = (nth: number): string => `in/${nth}.txt`

/** What a round asks for, for a pipeline of these steps. */
export function requestOf(
  steps: readonly StepSpec[],
  { targets, only, force }: Round,
  taking: (targets: readonly string[], only: boolean) => readonly string[],
): PlanRequest {
  const names = [...new Set(targets.map((nth) => nameOf(steps, nth)))]
  const isOnly = only && names.length > 0
  const part = taking(names, isOnly)
  const forced =
    force === 'all'
      ? force
      : [...new Set(force.map((nth) => nameOf(steps, nth)))].filter((name) => part.includes(name))
  return {
    ...(names.length > 0 && { targets: names }),
    ...(isOnly && { only: true }),
    ...(forced.length > 0 && { force: forced }),
  }
}

function numberOf(value: unknown): number {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  return Array.from(text).reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973, 7)
}

/** What is in an input, for a function to count with. */
function contentOf(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(contentOf)
  if (typeof input !== 'object' || input === null) return input
  if ('files' in input) return contentOf(input.files)
  if ('text' in input && typeof input.text === 'function') return (input.text as () => string)()
  return input
}

/** The steps of a pipeline in a directory. */
export function pipelineOf(specs_: readonly StepSpec[], dir: string): RunnablePipeline {
  const made: Step[] = []
  for (const [nth, spec] of specs_.entries()) made.push(stepOf(spec, nth, specs_, made, dir))
  return pipeline('law', Object.fromEntries(made.map((each, nth) => [nameOf(specs_, nth), each])))
}

function stepOf(
  spec: StepSpec,
  nth: number,
  all: readonly StepSpec[],
  made: readonly Step[],
  dir: string,
): Step {
  const { kind, param, code, modulus, when, cache, adopts, source } = spec
  const leaves = (at: number): boolean => ['file', 'in place'].includes(all[at]?.kind ?? '')
  const inputs: Record<string, never> = {}
  const after: Step[] = []
  let over: Step<readonly unknown[]> | undefined
  const add = (name: string, handle: unknown): void => {
    inputs[name] = handle as never
  }
  for (const { back, how } of spec.reads) {
    const at = nth - back
    const read = made[at] as Step<{ n: number }> | undefined
    const of = all[at]
    if (read === undefined || of === undefined) continue
    const isRecord = of.kind === 'value' || of.kind === 'file' || of.kind === 'service'
    if (how === 'field' && isRecord) add(`i${at}`, read.pick('n'))
    else if (how === 'out' && leaves(at)) add(`i${at}`, read.out('o' as never))
    else if (how === 'path' && leaves(at)) {
      add(`i${at}`, file(outOf(at)))
      after.push(read)
    } else if (how === 'after') after.push(read)
    else if (of.kind === 'list' && kind === 'map') over = read as never
    else add(`i${at}`, read)
  }
  if (source === 'file') add('source', file(sourceOf(nth % 3)))
  if (source === 'dir') add('source', dirHandle('in'))
  if (source === 'glob') add('source', glob('in/*.txt'))
  if (source === 'missing') add('source', file('nowhere.txt'))
  const shared = {
    inputs,
    params: { param },
    ...(when !== 'always' && { when: () => when === 'even' && param % 2 === 0 }),
  }
  const count = (given: object, params: { param: number }): number => {
    if (code === 'throws') throw new Error('no')
    const numbers = Object.values(given).map((input) => numberOf(contentOf(input)))
    const first = params.param + (code === 'a' ? 0 : 1)
    return numbers.reduce((sum, each) => sum + each, first) % modulus
  }
  const shell = [
    ...Object.keys(inputs)
      .filter((name) => name !== 'source' || source === 'file' || source === 'missing')
      .map((name) => `read line < {inputs.${name}}; text="$text $line"`),
    code === 'throws' ? 'exit 1' : `text="$text {params.param} ${code}"`,
    modulus === 1 ? 'text=same' : 'true',
  ].join('\n')
  const stepOptions = { ...shared, after, cache, code: pinned(`${code} ${modulus}`) }
  const adopt = (): string | undefined => {
    const path = join(dir, outOf(nth))
    return existsSync(path) && readFileSync(path, 'utf8') === 'adopt\n' ? 'it says so' : undefined
  }
  switch (kind) {
    case 'service':
      return service({
        ...shared,
        cmd: `echo up {params.param}\nexec sleep 100`,
        ready: { log: 'up' },
        value: { n: param % modulus },
      }) as Step
    case 'command':
      return command({ ...shared, after, cache, cmd: `${shell}\necho "$text"`, stdout: 'text' })
    case 'in place':
      return command({
        ...shared,
        after,
        cache,
        cmd: `${shell}\necho "$text" > {outs.o}`,
        outs: { o: file(outOf(nth)) },
        writes: 'in place',
        ...(adopts && { adopt }),
      })
    case 'file':
      return step({
        ...stepOptions,
        outs: { o: file(outOf(nth)) },
        ...(adopts && { adopt }),
        run: async (given: object, { params, outs }) => {
          const { writeFileSync } = await import('node:fs')
          const n = count(given, params)
          writeFileSync(outs.o, `${n}\n`)
          return { n, same: 1 }
        },
      }) as Step
    case 'list':
      return step({
        ...stepOptions,
        run: (given: object, { params }) => {
          const n = count(given, params)
          return [n, n + 1, 7]
        },
      })
    case 'map': {
      if (over === undefined) break
      const { when: _, ...options } = stepOptions as typeof stepOptions & { when?: unknown }
      return step.map({
        ...options,
        over,
        run: (given: object, { params }) => count(given, params),
      })
    }
    case 'value':
      break
  }
  return step({
    ...stepOptions,
    run: (given: object, { params }) => ({ n: count(given, params), same: 1 }),
  })
}
