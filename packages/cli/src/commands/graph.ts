import { toDot, toMermaid } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { loadPipeline } from '../load-pipeline.ts'
import { print, type ProjectOptions } from './project.ts'

export interface GraphOptions extends ProjectOptions {
  readonly format: 'mermaid' | 'dot'
}

/** Prints the pipeline's graph in a language that other tools draw. */
export async function graph({ cwd, pipeline: file, format }: GraphOptions): Promise<ExitCode> {
  const { pipeline } = await loadPipeline(cwd, file)
  print(format === 'dot' ? toDot(pipeline) : toMermaid(pipeline))
  return EXIT.ok
}
