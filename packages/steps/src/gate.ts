import { StepwellError, type StepContext } from '@stepwell/engine/author'
import type { Metrics } from './metrics.ts'
import { readParams } from './params.ts'

export interface GateInputs {
  /** The metrics to judge, such as the output of `evaluateRegression`. */
  readonly metrics: Metrics
}

/** At least one of `min` and `max`. */
export interface GateParams {
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
}

/** Proof that a metric passed; hand it to `deployModel` so that nothing deploys without it. */
export interface GatePassed {
  readonly passed: true
  readonly metric: string
  readonly value: number
  readonly min?: number
  readonly max?: number
}

/**
 * Lets a pipeline go on only when a metric is within bounds, which are themselves allowed.
 *
 * @throws StepwellError STEPWELL_GATE_CLOSED when it is not, or is `NaN`; STEPWELL_METRIC_UNKNOWN when
 *   there is no such metric; STEPWELL_PARAM_INVALID, also without any bound.
 */
export function gate({ metrics }: GateInputs, context: StepContext<GateParams>): GatePassed {
  const params = readParams('gate', context.params, ['metric', 'min', 'max'])
  const metric = params.text('metric')
  const min = params.has('min') ? params.number('min', {}) : undefined
  const max = params.has('max') ? params.number('max', {}) : undefined
  if (min === undefined && max === undefined) params.refuse('max', 'a number, unless "min" is')
  if (min !== undefined && max !== undefined && min > max) {
    params.refuse('min', `at most "max", which is ${max}`)
  }

  const value: unknown = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
  if (typeof value !== 'number') {
    throw new StepwellError({
      code: 'STEPWELL_METRIC_UNKNOWN',
      what: `no metric ${JSON.stringify(metric)}, so the gate stays closed`,
      facts: `metrics are ${Object.keys(metrics).toSorted().join(', ')}`,
      todo: "correct the name in the gate's params",
    })
  }
  // Asked this way round, since every comparison with NaN is false.
  const above = min === undefined || value >= min
  const below = max === undefined || value <= max
  if (!above || !below) throw closed(metric, value, min, max)
  context.log(`${metric} ${value} passes`)
  return {
    passed: true,
    metric,
    value,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  }
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
    what: `${metric} ${Number.isNaN(value) ? 'is' : `${value} is`} ${problem}`,
    facts: 'nothing after the gate runs',
    todo: "improve the model, or change the bound in the gate's params",
  })
}
