import { digestText } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { canonicalJson } from '@stepwell/base/json'
import { LossyJsonError, readJson } from '@stepwell/base/read-json'
import type { Plan } from './plan.ts'

const SCHEMA = 'stepwell.plan-file/2'

/** A plan as the text of a file, to be run later as it is. */
export function encodePlan(plan: Plan): string {
  // Canonical, since `JSON.stringify` takes -0 for 0, and a param may be either.
  const json = canonicalJson(plan)
  return `{"schema":"${SCHEMA}","digest":"${digestText(json)}","plan":${json}}\n`
}

/**
 * The plan in the text of a file. It carries the digest of the plan: a text that was edited or damaged is not
 * run.
 *
 * @throws StepwellError STEPWELL_PLAN_FILE.
 */
export function decodePlan(text: string): Plan {
  let file: { readonly schema?: unknown; readonly digest?: unknown; readonly plan?: unknown }
  try {
    file = readJson(text) ?? {}
  } catch (cause) {
    throw unusable(cause instanceof LossyJsonError ? cause.message : 'it is not JSON', cause)
  }
  const { schema, digest, plan } = file
  if (schema !== SCHEMA) {
    throw unusable(
      typeof schema === 'string'
        ? `its schema is ${JSON.stringify(schema)}, and ${SCHEMA} is expected`
        : 'it has no schema',
    )
  }
  if (typeof plan !== 'object' || plan === null || digestOf(plan) !== digest) {
    throw unusable('it is not as it was written')
  }
  return plan as Plan
}

function digestOf(plan: object): string | undefined {
  try {
    return digestText(canonicalJson(plan))
  } catch {
    // Nested too deep: not written by us.
    return undefined
  }
}

function unusable(facts: string, cause?: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_PLAN_FILE',
    summary: 'this is not a plan that can be run',
    details: facts,
    hint: 'write one with: stepwell plan -o <file>',
    cause,
  })
}
