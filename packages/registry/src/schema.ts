import { memberOf } from '@stepwell/base/json-text'

/** One value that a model takes. What is outside of its bounds is refused; what is not in `seen` is not. */
export interface InputField {
  readonly name: string
  readonly type: 'number' | 'integer' | 'text'
  /** Smallest allowed. */
  readonly min?: number
  /** Largest allowed. */
  readonly max?: number
  /** Must be larger than this. */
  readonly above?: number
  /** The only ones allowed. */
  readonly values?: readonly (string | number)[]
  /** The range of the training rows: beyond it the model guesses. */
  readonly seen?: { readonly min: number; readonly max: number }
}

/** What a model takes and gives, so that a request can be judged before the model sees it. */
export interface ModelSchema {
  /** In the order in which a person expects them. */
  readonly inputs: readonly InputField[]
  readonly output: { readonly name: string; readonly type: 'number' }
}

/** A schema as read from somewhere, or `undefined` for another value. */
export function readSchema(value: unknown): ModelSchema | undefined {
  const inputs = memberOf(value, 'inputs')
  const output = memberOf(value, 'output')
  if (!Array.isArray(inputs) || !inputs.every(isField)) return undefined
  if (typeof memberOf(output, 'name') !== 'string') return undefined
  return value as ModelSchema
}

function isField(value: unknown): boolean {
  const type = memberOf(value, 'type')
  return (
    typeof memberOf(value, 'name') === 'string' &&
    (type === 'number' || type === 'integer' || type === 'text')
  )
}
