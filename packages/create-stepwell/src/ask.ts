import { isCancel, select, text } from '@clack/prompts'
import { TEMPLATES } from './template.ts'

interface Given {
  readonly dir: string | undefined
  readonly template: string | undefined
}

/** Asks a person for what was not given; `undefined` when the person gives up. */
export async function ask({
  dir,
  template,
}: Given): Promise<{ readonly dir: string; readonly template: string } | undefined> {
  const where =
    dir ??
    (await text({ message: 'Where to?', placeholder: 'my-pipeline', defaultValue: 'my-pipeline' }))
  if (isCancel(where)) return undefined
  const which =
    template ??
    (await select({
      message: 'What does it begin with?',
      options: TEMPLATES.map(({ name, about }) => ({ value: name, label: name, hint: about })),
    }))
  if (isCancel(which)) return undefined
  return { dir: where, template: which }
}
