import { Refusal } from './answer.ts'
import { judgeRows, type JudgedRows } from './judge-rows.ts'
import type { ReadyModel } from './live-model.ts'

export interface Predictions extends JudgedRows {
  readonly by: ReadyModel
  /** One for each row. */
  readonly values: readonly number[]
}

/**
 * The predictions for rows as they came in. Models of our own kinds give them at once: a promise would cost
 * each of their answers time.
 *
 * @throws Refusal INVALID_REQUEST; INVALID_INPUT; NOT_FINITE.
 */
export function predictRows(
  by: ReadyModel,
  given: readonly unknown[],
  maxRows: number,
): Predictions | Promise<Predictions> {
  if (given.length === 0) throw new Refusal(400, 'INVALID_REQUEST', 'there is no row to predict')
  if (given.length > maxRows) {
    throw new Refusal(413, 'BODY_TOO_LARGE', `at most ${maxRows} rows, there are ${given.length}`)
  }
  const judged = judgeRows(by.schema, given)
  const found = by.predictor.predict(judged.rows)
  const finish = (predicted: Float64Array): Predictions => {
    const values = [...predicted]
    requireFinite(values)
    return { ...judged, by, values }
  }
  return found instanceof Promise ? found.then(finish) : finish(found)
}

function requireFinite(values: readonly number[]): void {
  const row = values.findIndex((value) => !Number.isFinite(value))
  if (row === -1) return
  const message = `row ${row} is so far from the training rows that its prediction is not a number`
  throw new Refusal(422, 'NOT_FINITE', message)
}
