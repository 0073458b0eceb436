import type { Content } from '../content/content.ts'
import { measure, type Measured, type Workspace } from '../content/measure.ts'
import { dvcError } from '../dvc-error.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import type { Location, Stage } from '../project/stage.ts'
import type { DvcMap } from '../value/value.ts'
import { lockEntryFor, type LockEntry } from './lock-entry.ts'
import { paramValues } from './param-values.ts'

export interface MeasuredStage {
  readonly entry: LockEntry
  /** Outs by their path: what is to be kept in the cache. */
  readonly outs: ReadonlyMap<string, Measured>
}

/**
 * What `dvc.lock` records of a stage that ended well, as all of it is now.
 * @param recorded what it records so far: hashes of DVC 2 stay for what has not changed
 * @throws StepwellError STEPWELL_DVC_DATA, STEPWELL_DVC_PARAMS for what is missing;
 *   STEPWELL_DVC_UNSUPPORTED for a URL, which cannot be looked at from here
 */
export async function measureStage(
  stage: Stage,
  workspace: Workspace,
  files: ProjectFiles,
  recorded?: LockEntry,
): Promise<MeasuredStage> {
  const deps = new Map<string, Content>()
  for (const { path, location } of stage.deps) {
    deps.set(path, bare(await present(stage, path, location, workspace, recorded?.deps.get(path))))
  }
  const outs = new Map<string, Measured>()
  for (const { path, location } of stage.outs) {
    outs.set(path, await present(stage, path, location, workspace, recorded?.outs.get(path)))
  }
  const contents = new Map([...outs].map(([path, measured]) => [path, bare(measured)]))
  return {
    entry: lockEntryFor(stage, { deps, params: paramsOf(stage, files), outs: contents }),
    outs,
  }
}

function paramsOf(stage: Stage, files: ProjectFiles): ReadonlyMap<string, DvcMap> {
  const values = new Map<string, DvcMap>()
  for (const params of stage.params) {
    const { found, missing } = paramValues(params, files)
    if (found === undefined || missing.length > 0) {
      throw dvcError(stage.place, {
        code: 'STEPWELL_DVC_PARAMS',
        summary:
          found === undefined
            ? `'${params.path}', a file of params of '${stage.address}', does not exist`
            : `params ${missing.join(', ')} of '${stage.address}' are missing from '${params.path}'`,
        hint: 'add them, or remove them from the stage',
      })
    }
    values.set(params.path, found)
  }
  return values
}

async function present(
  stage: Stage,
  path: string,
  location: Location,
  workspace: Workspace,
  recorded: Content | undefined,
): Promise<Measured> {
  if (location.kind === 'remote') {
    throw dvcError(stage.place, {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: `'${path}' of '${stage.address}' is at a URL, which is not looked at`,
      hint: 'expected a file or a directory',
    })
  }
  if (recorded !== undefined && recorded.hash === undefined && location.kind === 'project') {
    const legacy = await measure(workspace, location, 'md5-dos2unix')
    if (legacy !== undefined && legacy.md5 === recorded.md5) return legacy
  }
  const found = await measure(workspace, location)
  if (found !== undefined) return found
  throw dvcError(stage.place, {
    code: 'STEPWELL_DVC_DATA',
    summary: `'${path}' of '${stage.address}' does not exist`,
    hint: 'let its command write it, or correct the path',
  })
}

function bare(measured: Measured): Content {
  const { files: _files, ...content } = measured
  return content
}
