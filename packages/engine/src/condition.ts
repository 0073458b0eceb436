import { messageOf, StepwellError } from './errors.ts'
import { Secrets } from './executor/secrets.ts'
import { readInputs, type InputPlace } from './executor/job-inputs.ts'
import { paramsOf, type Identity } from './identify.ts'
import type { OrderedStep } from './order.ts'
import { definition } from './step.ts'
import { failureOf, type Failure } from './step-record.ts'

/** Whether a step is to run at all, given its inputs; a failure when that cannot be told. */
export async function askCondition(
  { name, step }: OrderedStep,
  { jobInputs, trees }: Pick<Identity, 'jobInputs' | 'trees'>,
  { artifacts, dir }: InputPlace,
): Promise<boolean | Failure> {
  const { when } = definition(step)
  if (when === undefined) return true
  const inputs = await readInputs(jobInputs, { artifacts, dir, trees })
  const params: unknown = JSON.parse(paramsOf(name, step))
  try {
    const holds = await when(inputs as never, { params, dir } as never)
    if (typeof holds === 'boolean') return holds
    throw new TypeError(`it gave ${typeof holds}, not true or false`)
  } catch (error) {
    const failure = failureOf(
      new StepwellError({
        code: 'STEPWELL_CONDITION',
        what: `the condition \`when\` of step \`${name}\` could not be asked`,
        facts: messageOf(error),
        todo: 'correct it',
        cause: error,
      }),
    )
    return Secrets.among(jobInputs).hideIn(failure)
  }
}
