import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '@stepwell/base/errors'
import { decodePlan, encodePlan, StepwellError, type Plan } from '@stepwell/engine'

/** @throws StepwellError STEPWELL_PLAN_FILE. */
export function readPlan(path: string): Plan {
  return decodePlan(atFile(path, 'read', (file) => readFileSync(file, 'utf8')))
}

/** @throws StepwellError STEPWELL_PLAN_FILE. */
export function writePlan(path: string, plan: Plan): void {
  atFile(path, 'written', (file) => writeFileSync(file, encodePlan(plan)))
}

function atFile<T>(path: string, verb: string, use: (file: string) => T): T {
  try {
    return use(resolve(path))
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_PLAN_FILE',
      summary: `the plan file ${path} cannot be ${verb}`,
      details: messageOf(cause),
      hint: 'check the path, which is relative to the working directory, and its permissions',
      cause,
    })
  }
}
