import { paramsOf } from '../define/params.ts'
import { failureOf, type Failure } from '@stepwell/base/failure'
import { messageOf, StepwellError } from '@stepwell/base/errors'
import { Printed } from '../executor/printed.ts'
import { Secrets } from '../executor/secrets.ts'
import { readInputs } from '../executor/inline/job-inputs.ts'
import { type Identity } from './resolve-inputs.ts'
import type { OrderedStep } from '../define/order.ts'
import { definition } from '../define/step.ts'
import { Interruption, type World } from './world.ts'

/** Whether a step is to run at all, given its inputs; a failure when that cannot be told. */
export async function askCondition(
  { name, step }: OrderedStep,
  { jobInputs, trees }: Pick<Identity, 'jobInputs' | 'trees'>,
  { artifacts, dir, ask }: Pick<World, 'artifacts' | 'dir' | 'ask'>,
): Promise<boolean | Failure> {
  const { when } = definition(step)
  if (when === undefined) return true
  const inputs = await readInputs(jobInputs, { artifacts, dir, trees })
  const params: unknown = JSON.parse(paramsOf(name, step))
  const secrets = Secrets.among(jobInputs)
  // It is asked before the step has a log.
  const printed = new Printed(secrets, (line) => process.stderr.write(`${name}: ${line}\n`))
  try {
    const asked = printed.by(() => when(inputs as never, { params, dir } as never))
    const holds = await ask(Promise.resolve(asked))
    if (typeof holds === 'boolean') return holds
    throw new TypeError(`it gave ${typeof holds}, not true or false`)
  } catch (error) {
    if (error instanceof Interruption) throw error
    const failure = failureOf(
      new StepwellError({
        code: 'STEPWELL_CONDITION',
        summary: `the condition \`when\` of step \`${name}\` could not be asked`,
        details: messageOf(error),
        hint: 'correct it',
        cause: error,
      }),
    )
    return secrets.hideIn(failure)
  } finally {
    printed.end()
  }
}
