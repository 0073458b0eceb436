import type { InputField, ModelSchema } from '@stepwell/registry'
import { memberOf } from '@stepwell/base/json-text'
import { Refusal } from './answer.ts'

// The Open Inference Protocol, version 2: each input of the model is a tensor of its own, with one value
// for each row.

interface TensorMetadata {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
}

interface OutputTensor extends TensorMetadata {
  readonly data: readonly number[]
}

const NUMBERS = /^(FP(16|32|64)|U?INT(8|16|32|64))$/

/** What a model takes and gives, as the protocol says it. */
export function metadataOf({ inputs, output }: ModelSchema): {
  inputs: TensorMetadata[]
  outputs: TensorMetadata[]
} {
  const tensor = (name: string, type: string): TensorMetadata => {
    const datatype = { number: 'FP64', integer: 'INT64', text: 'BYTES' }[type] ?? 'FP64'
    return { name, datatype, shape: [-1] }
  }
  return {
    inputs: inputs.map(({ name, type }) => tensor(name, type)),
    outputs: [tensor(output.name, output.type)],
  }
}

/**
 * The rows that the tensors of a request stand for.
 * @param keep tensors that there may be beside those of the model, of any datatype
 * @throws Refusal INVALID_REQUEST
 */
export function rowsOf(
  { inputs, output }: ModelSchema,
  body: unknown,
  keep: readonly string[],
): object[] {
  const tensors = memberOf(body, 'inputs')
  if (!Array.isArray(tensors)) throw invalid('"inputs" must be a list of tensors')
  const outputs = memberOf(body, 'outputs')
  if (outputs !== undefined) {
    const isKnown = (wanted: unknown): boolean => memberOf(wanted, 'name') === output.name
    if (!Array.isArray(outputs) || !outputs.every(isKnown)) {
      throw invalid(`"outputs" may name ${JSON.stringify(output.name)} only`)
    }
  }
  const columns = new Map<string, readonly unknown[]>()
  for (const tensor of tensors as unknown[]) {
    const name = memberOf(tensor, 'name')
    if (typeof name !== 'string') throw invalid('each tensor must have a "name"')
    if (columns.has(name)) throw invalid(`there are two tensors ${JSON.stringify(name)}`)
    const input = inputs.find((known) => known.name === name)
    if (input === undefined && !keep.includes(name)) {
      throw invalid(`the model has no input ${JSON.stringify(name)}`)
    }
    columns.set(name, dataOf(name, tensor, input?.type))
  }
  const [first] = columns.values()
  const count = first?.length ?? 0
  for (const [name, data] of columns) {
    if (data.length === count) continue
    throw invalid(`tensor ${JSON.stringify(name)} has ${data.length} values, others have ${count}`)
  }
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries([...columns].map(([name, data]) => [name, data[row]])),
  )
}

/** Predictions as the tensor that the protocol answers with. */
export function tensorOf({ output }: ModelSchema, predictions: readonly number[]): OutputTensor {
  return { name: output.name, datatype: 'FP64', shape: [predictions.length], data: predictions }
}

function dataOf(
  name: string,
  tensor: unknown,
  type: InputField['type'] | undefined,
): readonly unknown[] {
  const what = `tensor ${JSON.stringify(name)}`
  const datatype = memberOf(tensor, 'datatype')
  const isText = type === 'text'
  const isFitting = isText ? datatype === 'BYTES' : NUMBERS.test(String(datatype))
  if (type !== undefined && !isFitting) {
    throw invalid(`${what} must have a datatype of ${isText ? 'text' : 'numbers'}`)
  }
  const shape = memberOf(tensor, 'shape')
  const [rows, ...others] = Array.isArray(shape) ? (shape as unknown[]) : []
  if (typeof rows !== 'number' || others.length > 1 || others.some((size) => size !== 1)) {
    throw invalid(`${what} must have the shape [rows] or [rows, 1]`)
  }
  const data = memberOf(tensor, 'data')
  const flat = Array.isArray(data) ? (data as unknown[]).flat(1) : undefined
  if (flat?.length === rows) return flat
  throw invalid(`${what} must have as "data" a list of ${rows} values, as its shape says`)
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'INVALID_REQUEST', message)
}
