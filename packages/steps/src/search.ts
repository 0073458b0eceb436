import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { trainClassifier, type TrainClassifierParams } from './classification.ts'
import { CLASSIFIER_KINDS, classesOf, placesOf } from './classifier.ts'
import { foldsOf } from './folds.ts'
import type { Metrics } from './metrics.ts'
import { scoresOf } from './model-evaluation.ts'
import type { Model, ModelKind } from './model.ts'
import { withModel } from './open-model.ts'
import { readParams } from './params.ts'
import { createRandom, shuffledIndices } from './random.ts'
import { deviation, mean } from './summary.ts'
import { cellsOf, requireColumns, requireRows, type Rows } from './table.ts'
import { trainRegression, type TrainRegressionParams } from './training.ts'

/** What to train: the params of `trainRegression` or `trainClassifier`. */
export type Candidate = TrainRegressionParams | TrainClassifierParams

/** A kind and its params; a list of values stands for one candidate with each. */
export type CandidateGrid = Readonly<
  { kind: ModelKind } & Record<string, string | number | readonly (string | number)[]>
>

export interface PlanTrialsParams {
  /** Columns that predict; a grid may have its own. */
  readonly features: readonly string[]
  /** Column to predict. */
  readonly target: string
  /** At least one. Lists are combined; `features` is not such a list. */
  readonly candidates: readonly CandidateGrid[]
  /**
   * Whole number from 2 up.
   * @default 5
   */
  readonly folds?: number
  /** Whole number: which rows go into which fold, and which candidates are drawn. */
  readonly seed: number
  /**
   * The number of candidates to try, drawn at random, instead of all.
   * @default all
   */
  readonly draw?: number
}

/** One candidate on one fold. Says nothing of the other candidates, so that it stays cached with others. */
export interface Trial {
  readonly candidate: Candidate
  /** From 0. */
  readonly fold: number
  readonly folds: number
  readonly seed: number
}

export interface TrialScore {
  readonly candidate: Candidate
  readonly fold: number
  /** Of the rows of the fold, which the model has not seen; as in `Evaluation`. */
  readonly metrics: Metrics
}

export interface ScoreTrialInputs {
  readonly item: Trial
  /** All rows to learn from. Keep those for the last test apart. */
  readonly rows: Rows
}

export interface PickBestInputs {
  readonly scores: readonly TrialScore[]
}

export interface PickBestParams {
  /** Name of the metric that decides. */
  readonly metric: string
  /** Which values are better: `higher` as of R2, `lower` as of an error. */
  readonly better: 'higher' | 'lower'
}

export interface CandidateScore {
  readonly candidate: Candidate
  /** Of the deciding metric over the folds; the deviation has n as divisor. */
  readonly mean: number
  readonly deviation: number
  /** The deciding metric of each fold. */
  readonly folds: readonly number[]
  /** The mean of each metric. */
  readonly metrics: Metrics
}

export interface Best {
  readonly candidate: Candidate
  readonly metric: string
  readonly better: 'higher' | 'lower'
  /** Of the best candidate, as `candidates` has them. */
  readonly metrics: Metrics
  /** In the order in which they were declared. */
  readonly candidates: readonly CandidateScore[]
}

export interface TrainCandidateInputs {
  /** Such as `best.pick('candidate')`: so the model stays cached when the scores of others change. */
  readonly candidate: Candidate
  /** The rows to train on: all of those that were searched on. */
  readonly rows: Rows
}

// A list of params longer than this is likely a mistake; each trial is a cache entry.
const MAX_TRIALS = 10_000

/**
 * Lists what a search tries: each candidate on each fold. Hand the list to `step.map` with `scoreTrial`.
 * With one candidate it is a cross-validation.
 *
 * @throws StepwellError STEPWELL_PARAM_INVALID, also for more than 10,000 trials.
 */
export function planTrials(_: object, context: StepContext<PlanTrialsParams>): Trial[] {
  const known = ['features', 'target', 'candidates', 'folds', 'seed', 'draw']
  const params = readParams('planTrials', context.params, known)
  const features = params.names('features')
  const target = params.text('target')
  const folds = params.number('folds', { min: 2, integer: true }, 5)
  const seed = params.number('seed', { integer: true })
  const grids: unknown = context.params.candidates
  if (!Array.isArray(grids) || grids.length === 0 || !grids.every(isGrid)) {
    return params.refuse('candidates', 'a list of objects with a kind, with at least one')
  }
  let candidates = distinct(grids.flatMap((grid) => expand({ features, target, ...grid })))
  if (params.has('draw')) {
    const draw = params.number('draw', { min: 1, max: candidates.length, integer: true })
    const drawn = new Set(shuffledIndices(candidates.length, createRandom(seed)).subarray(0, draw))
    candidates = candidates.filter((_candidate, place) => drawn.has(place))
  }
  if (candidates.length * folds > MAX_TRIALS) {
    params.refuse('candidates', `at most ${MAX_TRIALS} trials, not ${candidates.length * folds}`)
  }
  context.log(`${candidates.length} candidates on ${folds} folds`)
  return candidates.flatMap((candidate) =>
    Array.from({ length: folds }, (_fold, fold) => ({ candidate, fold, folds, seed })),
  )
}

/**
 * Trains a candidate on all folds but one and scores it there; the `run` of a `step.map` over what
 * `planTrials` gives. Folds of a classifier have their share of each class.
 *
 * @throws StepwellError as `trainRegression` or `trainClassifier`.
 */
export async function scoreTrial(
  { item, rows }: ScoreTrialInputs,
  context: StepContext,
): Promise<TrialScore> {
  const { candidate, fold, folds, seed } = item
  requireRows(rows, 'the table to search on')
  requireColumns(rows, [candidate.target])
  const strata = isClassifying(candidate)
    ? placesOf(rows, candidate.target, classesOf(cellsOf(rows, candidate.target)))
    : undefined
  const places = foldsOf(rows.length, folds, seed, strata)
  const train = rows.filter((_, row) => places[row] !== fold)
  const test = rows.filter((_, row) => places[row] === fold)
  const model = trainCandidate({ candidate, rows: train }, context)
  return await withModel(model, async (opened) => {
    const { metrics } = await scoresOf(model, opened, test)
    return { candidate, fold, metrics }
  })
}

/**
 * Picks the candidate whose mean over the folds is best by a metric; of equal ones the one declared
 * first. A mean that is not a number is never best.
 *
 * @throws StepwellError STEPWELL_METRIC_UNKNOWN; STEPWELL_SEARCH_UNDECIDED when no candidate has a
 *   number for it; STEPWELL_PARAM_INVALID.
 */
export function pickBest({ scores }: PickBestInputs, context: StepContext<PickBestParams>): Best {
  const params = readParams('pickBest', context.params, ['metric', 'better'])
  const metric = params.text('metric')
  const better = params.oneOf('better', ['higher', 'lower'])
  const byCandidate = new Map<string, TrialScore[]>()
  for (const score of scores) {
    const name = identityOf(score.candidate)
    byCandidate.set(name, [...(byCandidate.get(name) ?? []), score])
  }
  const candidates = [...byCandidate.values()].map((group) => summaryOf(group, metric))
  const sign = better === 'higher' ? 1 : -1
  let best: CandidateScore | undefined
  for (const candidate of candidates) {
    if (Number.isNaN(candidate.mean)) continue
    if (best === undefined || sign * candidate.mean > sign * best.mean) best = candidate
  }
  if (best === undefined) throw undecided(metric, candidates.length)
  context.metric(metric, best.mean)
  context.log(
    `${describeCandidate(best.candidate)}: ${metric} ${best.mean} is best of ${candidates.length}`,
  )
  return { candidate: best.candidate, metric, better, metrics: best.metrics, candidates }
}

/**
 * Trains a candidate, such as the best one, on all rows.
 * @throws StepwellError as `trainRegression` or `trainClassifier`.
 */
export function trainCandidate(
  { candidate, rows }: TrainCandidateInputs,
  context: StepContext,
): Model {
  return isClassifying(candidate)
    ? trainClassifier({ rows }, { ...context, params: candidate })
    : trainRegression({ rows }, { ...context, params: candidate })
}

/** A candidate in a few words: its kind and own params. */
export function describeCandidate(candidate: Candidate): string {
  const params = Object.entries(candidate)
    .filter(([name]) => !['kind', 'features', 'target'].includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [candidate.kind, ...params.map(([name, value]) => `${name} ${String(value)}`)].join(', ')
}

function isClassifying(candidate: Candidate): candidate is TrainClassifierParams {
  return CLASSIFIER_KINDS.some((kind) => kind === candidate.kind)
}

function isGrid(value: unknown): value is CandidateGrid {
  return typeof value === 'object' && value !== null && 'kind' in value
}

/** Each combination of the lists, the last one changing fastest. */
function expand(grid: Readonly<Record<string, unknown>>): Candidate[] {
  let points: Record<string, unknown>[] = [{}]
  for (const [name, value] of Object.entries(grid)) {
    const values: unknown[] = Array.isArray(value) && name !== 'features' ? value : [value]
    points = points.flatMap((point) => values.map((one) => ({ ...point, [name]: one })))
  }
  return points as unknown as Candidate[]
}

function distinct(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((one) => [identityOf(one), one])).values()]
}

/** The same for the same params, in whatever order they come. */
function identityOf(candidate: Candidate): string {
  return JSON.stringify(Object.entries(candidate).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function summaryOf(group: readonly TrialScore[], metric: string): CandidateScore {
  const sorted = group.toSorted((a, b) => a.fold - b.fold)
  const [first] = sorted
  if (first === undefined) throw new Error('a candidate without a score')
  const names = Object.keys(first.metrics).toSorted()
  if (!names.includes(metric)) {
    throw new StepwellError({
      code: 'STEPWELL_METRIC_UNKNOWN',
      summary: `no metric ${JSON.stringify(metric)}, so no candidate is picked`,
      details: `metrics are ${names.join(', ')}`,
      hint: "correct the name in pickBest's params",
    })
  }
  const of = (name: string): Float64Array =>
    Float64Array.from(sorted, ({ metrics }) => metrics[name] ?? Number.NaN)
  const folds = of(metric)
  const center = mean(folds)
  return {
    candidate: first.candidate,
    mean: center,
    deviation: deviation(folds, center),
    folds: [...folds],
    metrics: Object.fromEntries(names.map((name) => [name, mean(of(name))])),
  }
}

function undecided(metric: string, count: number): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SEARCH_UNDECIDED',
    summary: `no candidate has a number for ${metric}`,
    details: `${count} were tried`,
    hint: 'decide by another metric, or use fewer folds, so that it is defined in each',
  })
}
