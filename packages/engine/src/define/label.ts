import { shortCommandText } from './command-line.ts'
import { definition, type Step } from './step.ts'

/** What a step does, in a few words: its description, else its command or the name of its function. */
export function actionOf(step: Step): string {
  const { description, work } = definition(step)
  if (description !== undefined) return description
  if ('command' in work) return shortCommandText(work.command)
  const { name } = work.run
  return name === '' || name === 'run' ? 'inline function' : name
}
