import type { FileInput, StepContext } from '@stepwell/engine/author'
import { showCell } from '../cell.ts'
import { requireClasses, type Class } from '../classifier.ts'
import { describeModel } from '../model.ts'
import { readParams, type ParamReader } from '../params.ts'
import { openNetwork, type Network } from './network.ts'
import type { OnnxModel } from './onnx-model.ts'
import { openOnnx } from './open-onnx.ts'
import { feederOf, labelOf, outputOf, unfit } from './wiring.ts'

export interface ImportOnnxInputs {
  /** The file: of the project, or what a command has left as an out. */
  readonly onnx: FileInput
}

export interface ImportOnnxParams {
  /** In the order in which the network takes them; where it has an input for each, by their names. */
  readonly features: readonly string[]
  /** The column that is predicted. */
  readonly target: string
  /**
   * Of a classifier, what it tells apart, in the order of the probabilities that the network gives:
   * `classes_` of a scikit-learn model.
   * @default none: the network predicts a number
   */
  readonly classes?: readonly Class[]
  /**
   * The output to read.
   * @default the one that fits
   */
  readonly output?: string
}

// Probabilities that are as good as equal.
const TIE = 1e-6

/**
 * Makes a model of an ONNX file, and tries it on one row. Inputs of the network are floats, with any
 * number of rows. It gives one number for each row, or the probabilities of the classes (of two classes
 * that of the second may do).
 *
 * @throws StepwellError STEPWELL_ONNX_MISSING without the package onnxruntime-web; STEPWELL_ONNX_INVALID;
 *   STEPWELL_ONNX_UNFIT when the network does not go with the params; STEPWELL_CLASSES;
 *   STEPWELL_PARAM_INVALID.
 */
export async function importOnnx(
  { onnx }: ImportOnnxInputs,
  context: StepContext<ImportOnnxParams>,
): Promise<OnnxModel> {
  const params = readParams('importOnnx', context.params, [
    'features',
    'target',
    'classes',
    'output',
  ])
  const features = params.names('features')
  const target = params.text('target')
  const classes = params.has('classes') ? readClasses(params, target) : undefined
  const bytes = onnx.bytes()
  const network = await openNetwork(bytes)
  try {
    const wanted = params.has('output') ? params.text('output') : undefined
    const output = outputOf(network, classes, wanted)
    const base = { kind: 'onnx', features, target, output } as const
    const model: OnnxModel = {
      ...base,
      ...(classes !== undefined && { classes }),
      onnx: Buffer.from(bytes).toString('base64'),
    }
    await tryOut(network, model)
    context.log(`${onnx.path}: ${bytes.length} bytes; ${describeModel(model)}`)
    return model
  } finally {
    await network.release()
  }
}

/** A row of zeros shows whether it gives what it says, and its classes in this order. */
async function tryOut(network: Network, model: OnnxModel): Promise<void> {
  const opened = await openOnnx(model)
  try {
    const row = Object.fromEntries(model.features.map((feature) => [feature, 0]))
    await opened.predict([row])
    const { classes } = model
    const label = labelOf(network)
    if (classes === undefined || label === undefined) return
    const columns = model.features.map(() => new Float64Array(1))
    const found = await network.run(feederOf(network, model.features)(columns, 1), [label])
    const name = String(found[label]?.[0])
    const shares = (await opened.probabilities?.([row]))?.map((column) => column[0] ?? 0) ?? []
    const share = shares[classes.findIndex((known) => String(known) === name)]
    if (share !== undefined && share >= Math.max(...shares) - TIE) return
    throw unfit(
      "the param 'classes' is not what the network tells apart, or not in its order",
      `it is ${classes.map(showCell).join(', ')} with ${shares.join(', ')} for a row of zeros, which the network calls ${name}`,
      'give the classes in the order of the probabilities: classes_ of a scikit-learn model',
    )
  } finally {
    await opened.close()
  }
}

function readClasses(params: ParamReader, target: string): readonly Class[] {
  const cells = params.cells('classes')
  const classes = cells.filter((cell) => cell !== null)
  if (new Set(classes).size < cells.length) {
    params.refuse('classes', 'a list of distinct texts and numbers')
  }
  requireClasses(classes, target)
  return classes
}
