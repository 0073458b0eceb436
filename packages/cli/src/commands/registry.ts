import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { requireModelName, resolveVersion, versionIds } from '@stepwell/registry'
import { findPipeline } from '../load-pipeline.ts'
import type { ProjectOptions } from './project.ts'

export interface ModelOptions extends ProjectOptions {
  /** The registry's folder. */
  readonly dir?: string
  readonly json?: boolean
}

/** The registry's folder: `models` in the project, which here need not have a pipeline. */
export async function registryOf({ cwd, pipeline, dir }: ModelOptions): Promise<string> {
  if (dir !== undefined) return resolve(cwd, dir)
  return join(await projectOf(cwd, pipeline), 'models')
}

async function projectOf(cwd: string, pipeline: string | undefined): Promise<string> {
  try {
    return (await findPipeline(cwd, pipeline)).dir
  } catch (error) {
    // A machine that serves has the registry, and often nothing else.
    if (pipeline === undefined && existsSync(join(cwd, 'models'))) return resolve(cwd)
    throw error
  }
}

/**
 * Whether there is such a model at all.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_MODEL_NAME.
 */
export function requireModel(dir: string, model: string): void {
  const [id = '0'.repeat(16)] = versionIds(dir, requireModelName(model))
  resolveVersion(dir, { model, which: id }, id)
}
