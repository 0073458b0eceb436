import { definition, type Step } from './step.ts'

/** What a step does, in a few words: its description, else the name of its function. */
export function actionOf(step: Step): string {
  const { description, run } = definition(step)
  if (description !== undefined) return description
  return run.name === '' || run.name === 'run' ? 'inline function' : run.name
}
