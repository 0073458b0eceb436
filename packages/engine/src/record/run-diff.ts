import type { CodeParts } from '../identity/code.ts'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import {
  compareIngredients,
  type Change,
  type Ingredients,
  type Reason,
} from '../identity/reason.ts'
import { firstCauses, inputsBehind } from './first-cause.ts'
import type { RunRecord } from './run-record.ts'
import type { StepRecord } from './step-record.ts'

/** What two runs have in different ways. */
export interface RunDiff {
  /** Ids of the runs. */
  readonly from: string
  readonly to: string
  /** Whether every step is in both, with the same outputs. */
  readonly sameOutputs: boolean
  /** Those of the later run in its execution order, then those that only the earlier one has. */
  readonly steps: readonly StepDiff[]
}

export interface StepDiff {
  readonly name: string
  /** `added` and `removed`: only one of the runs has it. */
  readonly change: Change | 'same'
  readonly before?: StepSide
  readonly after?: StepSide
  /** What of it is made of something else. */
  readonly reasons: readonly Reason[]
  /** Whether what it was made of is recorded in both runs; else `reasons` may lack some. */
  readonly recorded: boolean
  /** The steps furthest upstream whose change led to that of its inputs. */
  readonly causes: readonly string[]
  /** Those that differ. */
  readonly outputs: readonly OutputDiff[]
  /** Those that differ. */
  readonly metrics: readonly MetricDiff[]
}

export interface StepSide {
  readonly status: StepRecord['status']
  /** In milliseconds. */
  readonly duration: number
  /** Not there when it never began. */
  readonly key?: StepKey
  /** Why it ran or not, as it was recorded in that run. */
  readonly reasons: readonly Reason[]
  readonly error?: string
}

export interface OutputDiff {
  /** The path of an out; empty for what the step returns. */
  readonly path: string
  readonly change: Change
  readonly before?: Digest
  readonly after?: Digest
}

export interface MetricDiff {
  readonly name: string
  readonly before?: number
  readonly after?: number
  /** After less before, where there are both. */
  readonly difference?: number
}

/** What is known of keys besides the records. */
export interface KnownKeys {
  readonly ingredientsOf: (key: StepKey) => Ingredients | undefined
  /** Code by its digest. */
  readonly codes: Readonly<Record<string, CodeParts>>
}

const GOOD = new Set<StepRecord['status']>(['succeeded', 'cached', 'ongoing'])

/** Compares two records: by what steps were made of, what they gave, and how they ended. */
export function compareRuns(from: RunRecord, to: RunRecord, known: KnownKeys): RunDiff {
  const [old, now] = [new Map(Object.entries(from.steps)), new Map(Object.entries(to.steps))]
  const names = [...new Set([...now.keys(), ...old.keys()])]
  const steps = names.map((name) => compareStep(name, old.get(name), now.get(name), known))
  const changed = new Map(
    steps.flatMap(({ name, change, reasons }) => (change === 'same' ? [] : [[name, reasons]])),
  )
  const behind = inputsBehind([from, to], (step) => changed.has(step))
  const causesOf = ({ name, reasons }: StepDiff): string[] => {
    const read = reasons.flatMap((reason) => behind(reason, name))
    return firstCauses(read, (step) => changed.get(step), behind).filter((step) => step !== name)
  }
  return {
    from: from.id,
    to: to.id,
    sameOutputs: steps.every(({ before, after, outputs }) => before && after && !outputs.length),
    steps: steps.map((step) => ({ ...step, causes: causesOf(step) })),
  }
}

function compareStep(
  name: string,
  old: StepRecord | undefined,
  now: StepRecord | undefined,
  known: KnownKeys,
): StepDiff {
  const outputs = compareMaps(outputsOf(old), outputsOf(now)).map(([path, before, after]) => ({
    path,
    change: changeOf(before, after),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }))
  const metrics = compareMaps(metricsOf(old), metricsOf(now)).map(([metric, before, after]) => ({
    name: metric,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && after !== undefined && { difference: after - before }),
  }))
  const sides = {
    ...(old !== undefined && { before: sideOf(old) }),
    ...(now !== undefined && { after: sideOf(now) }),
  }
  const base = { name, ...sides, outputs, metrics, causes: [] }
  if (old === undefined || now === undefined) {
    return { ...base, change: changeOf(old, now), reasons: [], recorded: true }
  }
  const { reasons, recorded } = compareMade(old, now, known)
  const ended = old.status === now.status || (GOOD.has(old.status) && GOOD.has(now.status))
  const isSame = ended && reasons.length + outputs.length + metrics.length === 0
  return { ...base, change: isSame && recorded ? 'same' : 'changed', reasons, recorded }
}

/** What a step was made of is kept once it has succeeded: of others there are digests of inputs at most. */
function compareMade(
  old: StepRecord,
  now: StepRecord,
  { ingredientsOf, codes }: KnownKeys,
): { readonly reasons: readonly Reason[]; readonly recorded: boolean } {
  // Also where it never began in either of them.
  if (old.key === now.key) return { reasons: [], recorded: true }
  const before = old.key && ingredientsOf(old.key)
  const after = now.key && ingredientsOf(now.key)
  if (before !== undefined && after !== undefined) {
    return { reasons: compareIngredients(before, after, codes), recorded: true }
  }
  const earlier = new Map(old.inputs.map((input) => [input.name, input]))
  const reasons = now.inputs.flatMap(({ name, source, digest }): Reason[] => {
    const was = earlier.get(name)?.digest
    const isChanged = was !== undefined && digest !== undefined && was !== digest
    return isChanged ? [{ kind: 'input', name, source, change: 'changed' }] : []
  })
  return { reasons, recorded: false }
}

function outputsOf(step: StepRecord | undefined): Map<string, Digest> {
  const outs = Object.values(step?.outs ?? {}).map(({ path, digest }) => [path, digest] as const)
  return new Map([...(step?.output ? [['', step.output.digest] as const] : []), ...outs])
}

function metricsOf(step: StepRecord | undefined): Map<string, number> {
  return new Map(Object.entries(step?.metrics ?? {}))
}

function sideOf({ status, duration, reasons, key, error }: StepRecord): StepSide {
  return {
    status,
    duration,
    reasons,
    ...(key !== undefined && { key }),
    ...(error !== undefined && { error: error.message }),
  }
}

function changeOf(before: unknown, after: unknown): Change {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}

/** What differs, in the order of the names there are now. */
function compareMaps<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): [name: string, before: T | undefined, after: T | undefined][] {
  const names = new Set([...after.keys(), ...before.keys()])
  return [...names].flatMap((name): [string, T | undefined, T | undefined][] => {
    const [a, b] = [before.get(name), after.get(name)]
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [[name, a, b]]
  })
}
