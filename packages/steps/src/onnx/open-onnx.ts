import { predictionsOf, type Class } from '../classifier.ts'
import type { OpenModel } from '../model.ts'
import { numbersOf, type Rows } from '../table.ts'
import { openNetwork } from './network.ts'
import type { OnnxModel } from './onnx-model.ts'
import { feederOf, outputOf, unfit } from './wiring.ts'

/**
 * Opens a model of this kind.
 * @throws StepwellError STEPWELL_ONNX_MISSING; STEPWELL_ONNX_INVALID; STEPWELL_ONNX_UNFIT. Its members also
 *   throw STEPWELL_ONNX_UNFIT, for a network that gives something else than its file says.
 */
export async function openOnnx({ onnx, features, output, classes }: OnnxModel): Promise<OpenModel> {
  const network = await openNetwork(Buffer.from(onnx, 'base64'))
  let feeder: ReturnType<typeof feederOf>
  try {
    feeder = feederOf(network, features)
    outputOf(network, classes, output)
  } catch (error) {
    await network.release()
    throw error
  }
  const underWay = new Set<Promise<unknown>>()
  let isClosed = false
  const run = async (rows: Rows): Promise<Float64Array> => {
    const columns = features.map((feature) => numbersOf(rows, feature))
    if (rows.length === 0) return new Float64Array()
    const found = await network.run(feeder(columns, rows.length), [output])
    return Float64Array.from(found[output] as ArrayLike<number>)
  }
  const values = async (rows: Rows): Promise<Float64Array> => {
    if (isClosed) throw new TypeError('this model is closed')
    const running = run(rows)
    underWay.add(running)
    try {
      return await running
    } finally {
      underWay.delete(running)
    }
  }
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await Promise.allSettled(underWay)
    await network.release()
  }
  if (classes === undefined) {
    const predict = async (rows: Rows): Promise<Float64Array> => {
      const predicted = await values(rows)
      return predicted.length === rows.length ? predicted : refuse(output, predicted, rows)
    }
    return { predict, close }
  }
  const probabilities = async (rows: Rows): Promise<Float64Array[]> =>
    columnsOf(await values(rows), rows, classes, output)
  return {
    classes,
    probabilities,
    predict: async (rows) => predictionsOf(classes, await probabilities(rows)),
    close,
  }
}

// Sums of a hundred single floats are that exact.
const TOLERANCE = 1e-3

/** Probabilities by class, of values by row: one for each class, or of two classes that of the second. */
function columnsOf(
  values: Float64Array,
  rows: Rows,
  classes: readonly Class[],
  output: string,
): Float64Array[] {
  const count = classes.length
  const isSecond = count === 2 && values.length === rows.length
  if (!isSecond && values.length !== rows.length * count) return refuse(output, values, rows)
  const columns = classes.map((_, place) =>
    Float64Array.from(rows, (_row, row) => {
      if (!isSecond) return values[row * count + place] ?? Number.NaN
      const second = values[row] ?? Number.NaN
      return place === 1 ? second : 1 - second
    }),
  )
  for (const row of rows.keys()) {
    const shares = columns.map((column) => column[row] ?? Number.NaN)
    const sum = shares.reduce((total, share) => total + share, 0)
    // What is not a number passes: a prediction may be undefined far from all rows.
    if (Math.abs(sum - 1) <= TOLERANCE && Math.min(...shares) >= -TOLERANCE) continue
    if (Number.isNaN(sum)) continue
    throw unfit(
      `the output ${JSON.stringify(output)} of the network gives no probabilities`,
      `of row ${row + 1} it gives ${shares.join(', ')}`,
      'let the network end in a softmax or a sigmoid, or name another output',
    )
  }
  return columns
}

function refuse(output: string, values: Float64Array, rows: Rows): never {
  throw unfit(
    `the output ${JSON.stringify(output)} of the network gives too many values or too few`,
    `of ${rows.length} rows it gives ${values.length}`,
    "correct the params 'classes' and 'output', or what the network gives",
  )
}
