import type { Cli } from '../cli.ts'
import { linesText, type CodeReport, type ReportedCode, type ReportedFile } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { plural } from '../ui/text.ts'
import { print, printJson, withPipeline, type ProjectOptions } from './project.ts'

/** Adds `stepwell code`. */
export function register({ command, exit }: Cli): void {
  command('code', 'show what the code of a step reaches: declarations, packages, variables')
    .argument('<step>', 'name of a step')
    .option('--all', 'also list what happens while modules are loaded')
    .option('--json', 'print JSON')
    .action(async (step: string, options: CodeOptions) => exit(await code(step, options)))
}

export interface CodeOptions extends ProjectOptions {
  readonly json?: boolean
  /** List what happens while modules are loaded too. */
  readonly all?: boolean
}

/** Shows what the analysis found behind a step. */
export async function code(step: string, options: CodeOptions): Promise<ExitCode> {
  return await withPipeline(options, {}, async (engine, { pipeline }) => {
    const report = await engine.code(pipeline, step)
    if (options.json) printJson('stepwell.code/1', report)
    else print(render(report, options.all === true))
    return EXIT.ok
  })
}

function render({ step, pinned, own, loading, doubts }: CodeReport, all: boolean): string {
  if (pinned !== undefined) return `${step}: code not tracked: pinned at ${pinned}`
  const lines = [`${step}: ${summary(own)}`, ...details(own)]
  const more = all || isEmpty(loading) ? '' : '; --all lists it'
  lines.push(`while modules are loaded, for every step: ${summary(loading)}${more}`)
  if (all) lines.push(...details(loading))
  if (doubts.length > 0) lines.push('not cached, because of')
  for (const { what, place, todo } of doubts) lines.push(`  ${what} at ${place}; ${todo}`)
  return lines.join('\n')
}

function details({ files, packages, env }: ReportedCode): string[] {
  const names = files.flatMap(({ parts }) => parts.map(({ name }) => name.length))
  const width = Math.max(0, ...names)
  const lines = files.flatMap((file) => partLines(file, width))
  for (const [name, version] of Object.entries(packages)) lines.push(`  package ${name} ${version}`)
  for (const name of env) lines.push(`  environment variable ${name}`)
  return lines
}

/** `scale  lib/clean.ts:12-20` */
function partLines({ file, parts }: ReportedFile, width: number): string[] {
  return parts.map(({ name, lines }) => `  ${name.padEnd(width)}  ${file}${linesText(lines)}`)
}

function summary({ files, packages, env }: ReportedCode): string {
  const parts = files.reduce((sum, file) => sum + file.parts.length, 0)
  const counts = [
    parts > 0 && `${plural(parts, 'part')} in ${plural(files.length, 'file')}`,
    count(Object.keys(packages).length, 'package'),
    count(env.length, 'environment variable'),
  ]
  return counts.filter((each) => each !== false).join(', ') || 'nothing'
}

function count(n: number, noun: string): string | false {
  return n > 0 && plural(n, noun)
}

function isEmpty({ files, packages, env }: ReportedCode): boolean {
  return files.length + Object.keys(packages).length + env.length === 0
}
