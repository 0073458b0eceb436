/**
 * Runs the pipelines of many small projects, one after the other, in a process of its own: what a
 * person does with `stepwell run` after each edit, without the cost of a process for each of them.
 * Reads `Assignment[]` as JSON from the file named by its argument, writes `Outcome[]` beside it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openEngine, type Pipeline, type RunRecord, type Step } from '../../src/index.ts'

export interface Assignment {
  readonly dir: string
  /** The module to import; its default export is a pipeline or several. */
  readonly entry: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Outcome {
  /** By step, or by `pipeline/step` where there are several pipelines. */
  readonly statuses: Readonly<Record<string, string>>
  readonly reasons: Readonly<Record<string, readonly string[]>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
  readonly error?: string
}

const [list = ''] = process.argv.slice(2)
const outcomes: Outcome[] = []
for (const assignment of JSON.parse(readFileSync(list, 'utf8')) as Assignment[]) {
  outcomes.push(await carryOut(assignment))
}
writeFileSync(`${list}.outcomes`, JSON.stringify(outcomes))

async function carryOut({ dir, entry, env }: Assignment): Promise<Outcome> {
  const statuses: Record<string, string> = {}
  const reasons: Record<string, string[]> = {}
  const outputs: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  process.chdir(dir)
  try {
    const module = (await import(pathToFileURL(join(dir, entry)).href)) as {
      default: Pipeline | Pipeline[]
    }
    const several = Array.isArray(module.default)
    await using engine = await openEngine({ dir })
    for (const pipeline of [module.default].flat()) {
      const run = engine.run(pipeline)
      const record: RunRecord = await run.result
      warnings.push(...record.warnings)
      for (const step of Object.values(record.steps)) {
        const name = several ? `${pipeline.name}/${step.name}` : step.name
        statuses[name] = step.status
        reasons[name] = step.reasons.map(({ kind }) => kind)
        if (step.error !== undefined) outputs[name] = step.error.message
        else outputs[name] = await run.value(pipeline.steps.get(step.name) as Step)
      }
    }
    return { statuses, reasons, outputs, warnings }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { statuses, reasons, outputs, warnings, error: text }
  }
}
