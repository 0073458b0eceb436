import type { Pipeline } from '../define/pipeline.ts'
import { definition } from '../define/step.ts'
import { Secrets } from '../executor/secrets.ts'

/** A text without the values of the secrets that the steps of a pipeline declare, as they are in the environment now. */
export function hideSecrets({ steps }: Pick<Pipeline, 'steps'>, text: string): string {
  const values = [...steps.values()].flatMap((step) =>
    Object.values(definition(step).inputs).flatMap((input) => {
      const value = input.kind === 'secret' ? process.env[input.name] : undefined
      return value === undefined ? [] : [value]
    }),
  )
  return new Secrets(values).hide(text)
}
