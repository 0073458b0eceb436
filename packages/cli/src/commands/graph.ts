import { outline, toDot, toMermaid } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { loadPipeline } from '../load-pipeline.ts'
import { print, printJson, type ProjectOptions } from './project.ts'

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
