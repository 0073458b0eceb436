import { problemOfClasses, type Class } from '../classifier.ts'

interface OnnxBase {
  readonly kind: 'onnx'
  /** In the order in which the network takes them; where it has an input for each, by their names. */
  readonly features: readonly string[]
  readonly target: string
  /** The bytes of the ONNX file, as base64. */
  readonly onnx: string
  /** The output of the network that is read. */
  readonly output: string
}

/** A network that predicts a number. */
export interface OnnxRegressor extends OnnxBase {
  readonly classes?: never
}

/** A network that gives the probabilities of classes. */
export interface OnnxClassifier extends OnnxBase {
  /** In the order of the probabilities. */
  readonly classes: readonly Class[]
}

/** A model that was trained elsewhere, as plain data: it survives JSON. */
export type OnnxModel = OnnxRegressor | OnnxClassifier

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** What keeps an object of this kind from being a model, as far as can be told without opening it. */
export function problemOfOnnx(model: Partial<Record<string, unknown>>): string | undefined {
  const { onnx, output, classes } = model
  if (typeof output !== 'string') return 'its output is not a name'
  if (typeof onnx !== 'string' || onnx.length % 4 !== 0 || !BASE64.test(onnx)) {
    return 'its onnx is not base64'
  }
  return classes === undefined ? undefined : problemOfClasses(classes)
}
