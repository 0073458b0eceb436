import { existsSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { ask } from './ask.ts'
import { createProject, type CreatedProject } from './create-project.ts'
import { TEMPLATES, templateOf } from './template.ts'

export interface CreateEnvironment {
  /** How the command is called in messages, such as `npm create stepwell`. */
  readonly command: string
  /** The directory when none is named; `undefined`: one must be. */
  readonly here: string | undefined
  /** Whether a person is there to be asked. */
  readonly interactive: boolean
  readonly out: (line: string) => void
  readonly error: (line: string) => void
}

const OPTIONS = {
  template: { type: 'string', short: 't' },
  name: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * The command line behind `npm create stepwell` and `stepwell init`.
 * @returns the exit code: 0, 2 for a wrong command line, 130 when the person gave up.
 */
export async function runCreate(
  args: readonly string[],
  environment: CreateEnvironment,
): Promise<number> {
  const { command, here, interactive, out, error } = environment
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (cause) {
    error(`stepwell: ${cause instanceof Error ? cause.message : String(cause)}`)
    error(usage(command, here))
    return 2
  }
  const { values, positionals } = parsed
  if (values.help === true) {
    out(usage(command, here))
    return 0
  }
  if (positionals.length > 1) {
    error(`stepwell: one directory is expected, not ${positionals.length}`)
    return 2
  }
  const given = { dir: positionals[0] ?? here, template: values.template }
  const mayAsk = interactive && values.yes !== true && values.json !== true
  const answers = mayAsk ? await ask(given) : { dir: given.dir, template: given.template ?? 'ml' }
  if (answers === undefined) return 130
  const { dir, template } = answers
  if (dir === undefined) {
    error(`stepwell: name the directory to create: ${command} my-pipeline`)
    return 2
  }
  if (templateOf(template) === undefined) {
    error(
      `stepwell: there is no template ${template}; there are ${TEMPLATES.map(({ name }) => name).join(', ')}`,
    )
    return 2
  }
  if (here === undefined && existsSync(dir) && readdirSync(dir).some((name) => name !== '.git')) {
    error(
      `stepwell: ${dir} is not empty; to add a pipeline to an existing project, run \`npx stepwell init\` in it`,
    )
    return 2
  }
  const created = createProject({
    dir,
    template,
    ...(values.name !== undefined && { name: values.name }),
  })
  out(values.json === true ? JSON.stringify(created, null, 2) : report(created))
  return 0
}

function report({ dir, template, written, kept }: CreatedProject): string {
  const from = relative(process.cwd(), dir)
  const way = from.startsWith('..') ? dir : from
  const steps = [...(way === '' ? [] : [`cd ${way}`]), 'npm install', ...template.next]
  return [
    `wrote ${written.length} files to ${way === '' ? 'this directory' : way}: ${written.join(', ')}`,
    ...(kept.length > 0 ? [`kept what was there: ${kept.join(', ')}`] : []),
    '',
    'Next:',
    ...steps.map((step) => `  ${step}`),
  ].join('\n')
}

function usage(command: string, here: string | undefined): string {
  const width = Math.max(...TEMPLATES.map(({ name }) => name.length))
  return [
    `usage: ${command} ${here === undefined ? '<directory>' : '[directory]'} [--template NAME] [--name NAME] [--yes] [--json]`,
    '',
    'templates:',
    ...TEMPLATES.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    '',
    '--yes asks nothing: the template is ml unless it is named',
  ].join('\n')
}
