import { messageOf } from '@stepwell/base/errors'
import { readJson } from '@stepwell/base/read-json'
import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { describeModel, requireModel, type Model } from './model.ts'
import { readParams } from './params.ts'

export interface ReadModelInputs {
  /** A model as JSON: a file of the project, or what a command has left as an out. */
  readonly json: FileInput
}

/** None. */
export type ReadModelParams = Readonly<Record<string, never>>

/**
 * Reads a model from JSON, whatever program has written it.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID when it is not JSON or not a model; STEPWELL_INPUT_ENCODING;
 *   STEPWELL_PARAM_INVALID.
 */
export function readModel({ json }: ReadModelInputs, context: StepContext<ReadModelParams>): Model {
  readParams('readModel', context.params, [])
  const model = parse(json)
  try {
    requireModel(model)
  } catch (cause) {
    if (!(cause instanceof StepwellError)) throw cause
    throw invalid(json.path, cause.message, cause)
  }
  if (model.kind !== 'onnx' && !(Number.isSafeInteger(model.rows) && model.rows >= 0)) {
    throw invalid(json.path, 'its rows are not the number of rows that it was trained on')
  }
  context.log(`${json.path}: ${describeModel(model)}`)
  return model
}

function parse(json: FileInput): unknown {
  const text = json.text()
  try {
    return readJson(text)
  } catch (cause) {
    throw invalid(json.path, messageOf(cause), cause)
  }
}

function invalid(path: string, facts: string, cause?: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_MODEL_INVALID',
    summary: `${path} does not hold a model`,
    details: facts,
    hint: 'look at what wrote it; docs/models.md says what a model is',
    cause,
  })
}
