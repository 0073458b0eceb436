import type { InputField, ModelSchema } from '@stepwell/registry'
import type { Model } from './model.ts'
import { readParams, type ParamReader } from './params.ts'
import { numbersOf, type Rows } from './table.ts'

/** What a feature may be, where that is known: a request with anything else is refused. */
export interface FeatureBounds {
  /** Smallest allowed. */
  readonly min?: number
  /** Largest allowed. */
  readonly max?: number
  /** The only numbers allowed. */
  readonly values?: readonly number[]
  /** Whole numbers only. */
  readonly integer?: boolean
}

/**
 * What a model takes and gives. A power model takes positive numbers only, whatever the bounds say.
 * @param training the rows it was trained on, for the range that it has seen
 */
export function schemaOf(
  model: Model,
  bounds: Readonly<Record<string, FeatureBounds>> = {},
  training: Rows = [],
): ModelSchema {
  const inputs = model.features.map((name): InputField => {
    const { integer, ...rest } = Object.hasOwn(bounds, name) ? (bounds[name] ?? {}) : {}
    const seen = training.length === 0 ? undefined : rangeOf(numbersOf(training, name))
    return {
      name,
      type: integer === true ? 'integer' : 'number',
      ...(model.kind === 'power' && { above: 0 }),
      ...rest,
      ...(seen !== undefined && { seen }),
    }
  })
  return { inputs, output: { name: model.target, type: 'number' } }
}

/**
 * The bounds of features, as they come from params, whatever their type says.
 * @throws StepwellError STEPWELL_PARAM_INVALID
 */
export function readBounds(
  step: string,
  params: ParamReader,
  given: unknown,
  features: readonly string[],
): Readonly<Record<string, FeatureBounds>> {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return params.refuse('bounds', 'an object of bounds by feature')
  }
  const entries = Object.entries(given).map(([name, value]): [string, FeatureBounds] => {
    if (!features.includes(name)) {
      params.refuse('bounds', `an object whose names are features: ${features.join(', ')}`)
    }
    const bounds = readParams(`${step}, bounds of ${name}`, value, [
      'min',
      'max',
      'values',
      'integer',
    ])
    const min = bounds.has('min') ? bounds.number('min', {}) : undefined
    const max = bounds.has('max') ? bounds.number('max', {}) : undefined
    if (min !== undefined && max !== undefined && min > max) {
      bounds.refuse('min', `at most "max", which is ${max}`)
    }
    const values = bounds.has('values') ? bounds.cells('values') : undefined
    const numbers = values?.filter((cell) => typeof cell === 'number')
    if (numbers?.length !== values?.length) bounds.refuse('values', 'a list of numbers')
    const integer: unknown = (value as FeatureBounds).integer
    if (integer !== undefined && typeof integer !== 'boolean') {
      bounds.refuse('integer', 'true or false')
    }
    return [
      name,
      {
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(numbers !== undefined && { values: numbers }),
        ...(integer === true && { integer }),
      },
    ]
  })
  return Object.fromEntries(entries)
}

function rangeOf(numbers: Float64Array): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity]
  for (const number of numbers) {
    min = Math.min(min, number)
    max = Math.max(max, number)
  }
  return { min, max }
}
