import { loadModel, requireModel, type Model, type OpenModel } from './model.ts'
import { openOnnx } from './onnx/open-onnx.ts'

export type { Model, OpenModel }

/**
 * Makes a model of any kind ready to predict. Close it when it is no longer needed.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID when it is not a model; of the kind `onnx`
 *   STEPWELL_ONNX_MISSING without the package onnxruntime-web, STEPWELL_ONNX_INVALID and STEPWELL_ONNX_UNFIT.
 */
export async function openModel(model: Model): Promise<OpenModel> {
  requireModel(model)
  if (model.kind === 'onnx') return await openOnnx(model)
  return { ...loadModel(model), close: async () => {} }
}

/** Opens a model for some work, and closes it after it. @throws as `openModel` */
export async function withModel<T>(
  model: Model,
  work: (opened: OpenModel) => Promise<T>,
): Promise<T> {
  const opened = await openModel(model)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}
