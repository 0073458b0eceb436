import { requireAliasName, requireModelName } from '@stepwell/registry'
import { projectPath, type ProjectPath } from '@stepwell/base/project-path'
import type { ParamReader } from './params.ts'

/** An alias of a model in a registry of the project. */
export interface AliasPlace {
  readonly dir: ProjectPath
  readonly name: string
  readonly alias: string
}

/**
 * Reads the params `name`, `dir` (`models`) and `alias` (`champion`).
 * @param project its directory, absolute
 * @throws StepwellError STEPWELL_MODEL_NAME; STEPWELL_PATH_OUTSIDE; STEPWELL_PARAM_INVALID.
 */
export function readAliasPlace(params: ParamReader, project: string): AliasPlace {
  return {
    dir: projectPath(project, params.text('dir', 'models')),
    name: requireModelName(params.text('name')),
    alias: requireAliasName(params.text('alias', 'champion')),
  }
}
