import { Option } from '../commander.ts'
import type { Cli } from '../cli.ts'
import { outline, toDot, toMermaid } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { loadPipeline } from '../load-pipeline.ts'
import { print, printJson, type ProjectOptions } from './project.ts'

/** Adds `stepwell graph`. */
export function register({ command, exit }: Cli): void {
  command('graph', 'print the graph of the pipeline')
    .alias('dag')
    .addOption(
      new Option('--format <format>', 'language').choices(['mermaid', 'dot']).default('mermaid'),
    )
    .option('--json', 'print the steps and what they read as JSON')
    .action(async (options: GraphOptions) => exit(await graph(options)))
}

export interface GraphOptions extends ProjectOptions {
  readonly format: 'mermaid' | 'dot'
  readonly json?: boolean
}

/** Prints the pipeline's graph in a language that other tools draw. */
export async function graph({
  cwd,
  pipeline: file,
  format,
  json,
}: GraphOptions): Promise<ExitCode> {
  const { pipeline } = await loadPipeline(cwd, file)
  if (json) printJson('stepwell.graph/1', { pipeline: pipeline.name, steps: outline(pipeline) })
  else print(format === 'dot' ? toDot(pipeline) : toMermaid(pipeline))
  return EXIT.ok
}
