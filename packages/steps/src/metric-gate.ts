import { StepwellError, type StepContext } from '@stepwell/engine/author'
import type { Metrics } from './metrics.ts'
import { readParams } from './params.ts'
import { significant } from './significant.ts'

export interface MetricGateInputs {
  /** The metrics to judge, such as the output of `evaluateRegression`. */
  readonly metrics: Metrics
  /**
   * The champion's metrics on the same rows, such as `evaluate.pick('champion')`; without them, or with
   * `null`, there is no champion yet, and `better` lets pass.
   */
  readonly champion?: Metrics | null
}

/** At least one of `min`, `max` and `better`. */
export interface MetricGateParams {
  /** Name of the metric to judge. */
  readonly metric: string
  /**
   * Smallest value that passes.
   * @default no bound
   */
  readonly min?: number
  /**
   * Largest value that passes.
   * @default no bound
   */
  readonly max?: number
  /**
   * Which values are better, for a comparison with the champion: `higher` as of R2, `lower` as of an error.
   * @default no comparison
   */
  readonly better?: 'higher' | 'lower'
  /**
   * By how much the value must be better than the champion's: from 0 up, where 0 is as good.
   * @default 0
   */
  readonly margin?: number
}

/** Proof that a metric passed; hand it to `deployModel` so that nothing deploys without it. */
export interface GatePassed {
  readonly passed: true
  readonly metric: string
  readonly value: number
  readonly min?: number
  readonly max?: number
  /** What the champion has, where it was compared with one. */
  readonly champion?: number
}

/**
 * Lets a pipeline go on only when a metric is within bounds, which are themselves allowed, and, where
 * `better` says which way, at least as good as the champion's.
 *
 * @throws StepwellError STEPWELL_GATE_CLOSED when it is not, or is `NaN`; STEPWELL_METRIC_UNKNOWN when
 *   there is no such metric; STEPWELL_PARAM_INVALID, also without any bound.
 */
export function metricGate(
  { metrics, champion }: MetricGateInputs,
  context: StepContext<MetricGateParams>,
): GatePassed {
  const params = readParams('metricGate', context.params, [
    'metric',
    'min',
    'max',
    'better',
    'margin',
  ])
  const metric = params.text('metric')
  const min = params.has('min') ? params.number('min', {}) : undefined
  const max = params.has('max') ? params.number('max', {}) : undefined
  const better = params.has('better') ? params.oneOf('better', ['higher', 'lower']) : undefined
  const margin = params.number('margin', { min: 0 }, 0)
  if (better === undefined && params.has('margin'))
    params.refuse('margin', 'absent without "better"')
  if (min === undefined && max === undefined && better === undefined) {
    params.refuse('max', 'a number, unless "min" or "better" is there')
  }
  if (min !== undefined && max !== undefined && min > max) {
    params.refuse('min', `at most "max", which is ${max}`)
  }

  const value = valueOf(metrics, metric, 'metrics')
  // Asked this way round, since every comparison with NaN is false.
  const above = min === undefined || value >= min
  const below = max === undefined || value <= max
  if (!above || !below) throw closed(metric, value, min, max)
  const rival = champion === undefined || champion === null ? undefined : champion
  const best =
    better === undefined || rival === undefined
      ? undefined
      : valueOf(rival, metric, "the champion's metrics")
  if (best !== undefined) {
    const ahead = better === 'higher' ? value - best : best - value
    if (!(ahead >= margin)) throw behind(metric, value, best, margin)
  }
  context.log(`${metric} ${value} passes${best === undefined ? '' : `; the champion has ${best}`}`)
  if (better !== undefined && rival === undefined)
    context.log('there is no champion to compare with')
  return {
    passed: true,
    metric,
    value,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(best === undefined ? {} : { champion: best }),
  }
}

function valueOf(metrics: Metrics, metric: string, what: string): number {
  const value: unknown = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
  if (typeof value === 'number') return value
  throw new StepwellError({
    code: 'STEPWELL_METRIC_UNKNOWN',
    summary: `no metric ${JSON.stringify(metric)}, so the gate stays closed`,
    details: `${what} are ${Object.keys(metrics).toSorted().join(', ')}`,
    hint: "correct the name in the gate's params",
  })
}

function behind(metric: string, value: number, best: number, margin: number): StepwellError {
  const needed = margin === 0 ? 'as good as' : `better by ${margin} than`
  return new StepwellError({
    code: 'STEPWELL_GATE_CLOSED',
    summary: `${metric} ${significant(value)} is not ${needed} the champion's ${significant(best)}`,
    details: 'nothing after the gate runs',
    hint: "improve the model, or change the margin in the gate's params",
  })
}

function closed(
  metric: string,
  value: number,
  min: number | undefined,
  max: number | undefined,
): StepwellError {
  let problem = `below the required ${min}`
  if (max !== undefined && value > max) problem = `above the allowed ${max}`
  if (Number.isNaN(value)) problem = 'not a number, which never passes'
  return new StepwellError({
    code: 'STEPWELL_GATE_CLOSED',
    summary: `${metric} ${Number.isNaN(value) ? 'is' : `${value} is`} ${problem}`,
    details: 'nothing after the gate runs',
    hint: "improve the model, or change the bound in the gate's params",
  })
}
