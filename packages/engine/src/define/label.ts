import { shortCommandText } from './command-line.ts'
import { definition, type Step } from './step.ts'

/** What a step does, in a few words: its description, else its command or the name of its function. */
export function actionOf(step: Step): string {
  const { description, command, run } = definition(step)
  if (description !== undefined) return description
  if (command !== undefined) return shortCommandText(command)
  return run.name === '' || run.name === 'run' ? 'inline function' : run.name
}
