import { openEngine, type Engine, type EngineOptions, type RunRecord } from '@stepwell/engine'
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

/** Does something with the project's state, for which its pipeline need not load. */
export async function withProject<T>(
  { cwd, pipeline: file, lockTimeout }: ProjectOptions & { readonly lockTimeout?: number },
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { dir } = await findPipeline(cwd, file)
  const timeout = lockTimeout === undefined ? {} : { lockTimeout }
  await using engine = await openEngine({ dir, ...timeout })
  return await use(engine)
}

/** A project's recorded runs: all of them, or those of the pipeline that `--pipeline` names. */
export class Records {
  readonly engine: Engine
  readonly #pipeline: string | undefined

  constructor(engine: Engine, pipeline: string | undefined) {
    this.engine = engine
    this.#pipeline = pipeline
  }

  /** Those of runs that go on now, latest first. */
  async live(): Promise<RunRecord[]> {
    const records = await this.engine.unfinishedRuns()
    return records.filter(({ status, pipeline }) => status === 'running' && this.#fits(pipeline))
  }

  #fits(pipeline: string): boolean {
    return this.#pipeline === undefined || pipeline === this.#pipeline
  }

  /** Latest first. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RunRecord, void, undefined> {
    for (const id of await this.engine.runIds()) {
      const record = await this.engine.runRecord(id)
      if (this.#fits(record.pipeline)) yield record
    }
  }
}

/** Does something with the project's records, for which its pipeline need not load. */
export async function withRecords<T>(
  options: ProjectOptions,
  use: (records: Records) => Promise<T>,
): Promise<T> {
  const { cwd, pipeline: file } = options
  const { dir } = await findPipeline(cwd, file)
  const named = file === undefined ? undefined : (await loadPipeline(cwd, file)).pipeline.name
  await using engine = await openEngine({ dir })
  return await use(new Records(engine, named))
}

/** Writes what a command found out to standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** Every document that a command prints as JSON, with the version of its shape: see docs/json.md. */
type Schema =
  | 'stepwell.cache/1'
  | 'stepwell.clean/1'
  | 'stepwell.gc/1'
  | 'stepwell.pin/1'
  | 'stepwell.restored/1'
  | 'stepwell.verify/1'
  | 'stepwell.code/1'
  | 'stepwell.accepted/1'
  | 'stepwell.diff/1'
  | 'stepwell.explain/1'
  | 'stepwell.graph/1'
  | 'stepwell.log/1'
  | 'stepwell.metrics/1'
  | 'stepwell.metrics-diff/1'
  | 'stepwell.params-diff/1'
  | 'stepwell.model/1'
  | 'stepwell.model-export/1'
  | 'stepwell.model-move/1'
  | 'stepwell.models/1'
  | 'stepwell.plan/1'
  | 'stepwell.plots/1'
  | 'stepwell.run/1'
  | 'stepwell.runs/1'
  | 'stepwell.schedule/1'
  | 'stepwell.serving/1'
  | 'stepwell.status/1'
  | 'stepwell.variables/1'

/**
 * Prints a document as JSON. What it is comes first, so that a reader can tell before it parses. With an
 * indent of 0 it is one line.
 */
export function printJson(schema: Schema, document: object, indent = 2): void {
  print(JSON.stringify({ schema, ...document }, null, indent))
}
