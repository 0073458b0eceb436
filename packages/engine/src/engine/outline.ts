import type { InputRecord } from '../define/input-record.ts'
import { declaredInputs } from '../decide/inputs/input.ts'
import { actionOf } from '../define/label.ts'
import { orderSteps } from '../define/order.ts'
import type { Pipeline } from '../define/pipeline.ts'

/** A step as declared. */
export interface OutlinedStep {
  readonly name: string
  readonly action: string
  /** Names of the steps it reads. */
  readonly upstream: readonly string[]
  readonly inputs: readonly InputRecord[]
}

/** The steps of a pipeline in execution order, and what each of them reads, as plain data. */
export function outline(pipeline: Pipeline): OutlinedStep[] {
  const names = new Map([...pipeline.steps].map(([name, step]) => [step, name]))
  return orderSteps(pipeline).map(({ name, step, upstream }) => ({
    name,
    action: actionOf(step),
    upstream,
    inputs: declaredInputs(step, (read) => names.get(read) ?? ''),
  }))
}
