import { pathToFileURL } from 'node:url'
import { StepwellError } from '@stepwell/base/errors'
import type { Pipeline } from '../../define/pipeline.ts'

/**
 * The pipeline of a name that one of some modules exports, under any name.
 * @throws StepwellError STEPWELL_NOT_EXPORTED, and what a module throws while it is loaded.
 */
export async function findExported(name: string, modules: readonly string[]): Promise<Pipeline> {
  for (const module of modules) {
    const exported = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>
    const found = Object.values(exported).find((value) => isPipeline(value) && value.name === name)
    if (found !== undefined) return found as Pipeline
  }
  const [maker] = modules
  throw new StepwellError({
    code: 'STEPWELL_NOT_EXPORTED',
    summary: `pipeline \`${name}\` is not exported, so that no worker finds it`,
    details: maker === undefined ? 'no module of the project made it' : `${maker} makes it`,
    hint: "export it from the module that calls pipeline(), or leave its steps { executor: 'inline' }",
  })
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'pipeline'
}
