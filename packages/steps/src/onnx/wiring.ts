import { StepwellError } from '@stepwell/engine/author'
import type { Class } from '../classifier.ts'
import type { Feed, Network, Port } from './network.ts'

type Columns = readonly Float64Array[]

/**
 * Tells how a network is fed: by one input of all features, or by one for each that has its name.
 *
 * @returns what makes feeds of the columns of the features
 * @throws StepwellError STEPWELL_ONNX_UNFIT
 */
export function feederOf(
  { inputs }: Pick<Network, 'inputs'>,
  features: readonly string[],
): (columns: Columns, rows: number) => Record<string, Feed> {
  const [first] = inputs
  const count = features.length
  if (first !== undefined && inputs.length === 1) {
    requireInput(first, count)
    return (columns, rows) => ({ [first.name]: feedOf(first, columns, rows) })
  }
  const unnamed = inputs.filter(({ name }) => !features.includes(name))
  if (inputs.length !== count || unnamed.length > 0) {
    throw unfit(
      'the inputs of the network are not the features',
      `inputs are ${told(inputs)}; features are ${features.join(', ')}`,
      'name the features as the inputs are, or give the network one input of all features',
    )
  }
  for (const input of inputs) requireInput(input, 1)
  return (columns, rows) =>
    Object.fromEntries(
      inputs.map((input) => {
        const column = columns[features.indexOf(input.name)] ?? new Float64Array()
        return [input.name, feedOf(input, [column], rows)]
      }),
    )
}

/**
 * The output of a network to read: numbers, or the probabilities of classes.
 *
 * @param wanted its name, where it was given
 * @throws StepwellError STEPWELL_ONNX_UNFIT when none fits, or several do
 */
export function outputOf(
  { outputs }: Pick<Network, 'outputs'>,
  classes: readonly Class[] | undefined,
  wanted?: string,
): string {
  const among = wanted === undefined ? outputs : outputs.filter(({ name }) => name === wanted)
  const [first, second] = among.filter((output) => isReadable(output, classes))
  if (first !== undefined && second === undefined) return first.name
  const sought =
    classes === undefined ? 'one number for each row' : `${classes.length} probabilities`
  const facts = `outputs are ${told(outputs)}`
  if (second !== undefined) {
    const what = `several outputs of the network may be ${sought}`
    throw unfit(what, facts, "say which one in the param 'output'")
  }
  const named = `the output ${JSON.stringify(wanted)} of the network`
  throw unfit(
    wanted === undefined
      ? `no output of the network gives ${sought}`
      : `${named} ${among.length === 0 ? 'does not exist' : `does not give ${sought}`}`,
    facts,
    among.some(({ type }) => type === undefined)
      ? "convert it without the map of classes: to_onnx(..., options={'zipmap': False})"
      : `correct the params${classes === undefined ? ', or give the classes' : ''}, or what the network gives`,
  )
}

/** The output that names the class of each row, if there is one. */
export function labelOf({ outputs }: Pick<Network, 'outputs'>): string | undefined {
  const isLabel = ({ type, shape }: Port): boolean =>
    shape.length === 1 && (type === 'string' || type === 'int64')
  return outputs.find(isLabel)?.name
}

export function unfit(what: string, facts: string, todo: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ONNX_UNFIT',
    summary: what,
    details: facts,
    hint: todo,
  })
}

function requireInput(input: Port, width: number): void {
  const { name, type, shape } = input
  const what = `the input ${JSON.stringify(name)} of the network cannot be given the features`
  if (type !== 'float32' && type !== 'float64') {
    throw unfit(what, `it is ${told([input])}`, 'convert it with inputs of floats')
  }
  const [rows, columns] = shape
  const fits = shape.length === 2 ? (columns ?? width) === width : shape.length === 0 || width === 1
  if (!fits || shape.length > 2) {
    const facts = `it is ${told([input])}; it would get [rows, ${width}]`
    throw unfit(what, facts, "correct the param 'features', or what the network takes")
  }
  if (rows !== undefined) {
    const facts = `it takes exactly ${rows} ${rows === 1 ? 'row' : 'rows'} at a time`
    throw unfit(what, facts, 'export it with a first axis of any size (dynamic axes)')
  }
}

function feedOf({ type, shape }: Port, columns: Columns, rows: number): Feed {
  const width = columns.length
  const size = rows * width
  const data = type === 'float64' ? new Float64Array(size) : new Float32Array(size)
  for (const [place, column] of columns.entries()) {
    for (let row = 0; row < rows; row++) data[row * width + place] = column[row] ?? Number.NaN
  }
  return { data, dims: shape.length === 1 ? [rows] : [rows, width] }
}

function isReadable({ type, shape }: Port, classes: readonly Class[] | undefined): boolean {
  if (type !== 'float32' && type !== 'float64') return false
  if (shape.length > 2) return false
  if (shape.length === 0) return true
  const width = shape.length === 1 ? 1 : shape[1]
  if (width === undefined || width === (classes?.length ?? 1)) return true
  return width === 1 && classes?.length === 2
}

function told(ports: readonly Port[]): string {
  const one = ({ name, type, shape }: Port): string => {
    const sizes = shape.map((size) => size ?? 'any').join(', ')
    return `${JSON.stringify(name)} (${type === undefined ? 'no tensor' : `${type} [${sizes}]`})`
  }
  return ports.map(one).join(', ')
}
