import { openEngine, type Engine, type EngineOptions } from '@stepwell/engine'
import { findPipeline, loadPipeline, type LoadedPipeline } from '../load-pipeline.ts'

/** Options by which every command finds its project. */
export interface ProjectOptions {
  readonly cwd: string
  readonly pipeline?: string
}

/** Does something with the project's pipeline and an engine on it. */
export async function withPipeline<T>(
  { cwd, pipeline: file }: ProjectOptions,
  options: EngineOptions,
  use: (engine: Engine, loaded: LoadedPipeline) => Promise<T>,
): Promise<T> {
  const loaded = await loadPipeline(cwd, file)
  await using engine = await openEngine({ ...options, dir: loaded.dir })
  return await use(engine, loaded)
}

/** Does something with the project's records, for which its pipeline need not load. */
export async function withEngine<T>(
  { cwd, pipeline: file }: ProjectOptions,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { dir } = findPipeline(cwd, file)
  await using engine = await openEngine({ dir })
  return await use(engine)
}

/** Writes what a command found out to standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}
