import { dvcError } from '../dvc-error.ts'
import { paramValues } from '../lock/param-values.ts'
import { joinPath, locationKey } from '../project/location.ts'
import type { Revision } from '../revision/revision.ts'
import type { DvcValue } from '../value/value.ts'
import { readEach, type RevisionValues } from './file-values.ts'
import { missing } from './metric-values.ts'

const DEFAULT_FILE = 'params.yaml'

export interface ParamOptions {
  /** Files, relative to the root, in place of those that the project names. */
  readonly targets?: readonly string[]
  /** Only what stages depend on. @default false */
  readonly depsOnly?: boolean
}

/** The params of a project: those of its stages, the files that `dvc.yaml` lists, and `params.yaml`. */
export async function paramsOf(
  revision: Revision,
  { targets = [], depsOnly = false }: ParamOptions = {},
): Promise<RevisionValues> {
  const { project, files } = revision
  const wanted = new Map<string, Set<string> | 'all'>()
  const want = (path: string, keys: 'all' | readonly string[]): void => {
    const before = wanted.get(path)
    if (keys === 'all' || keys.length === 0 || before === 'all') wanted.set(path, 'all')
    else wanted.set(path, new Set([...(before ?? []), ...keys]))
  }
  if (targets.length > 0) for (const path of targets) want(path, 'all')
  else {
    for (const { params } of project.stages) {
      for (const { location, keys } of params) want(locationKey(location), keys)
    }
  }
  if (targets.length === 0 && !depsOnly) {
    for (const { file, params } of project.files) {
      for (const path of params) want(joinPath(file, '..', path), 'all')
    }
    if (files.kind(DEFAULT_FILE) === 'file') want(DEFAULT_FILE, 'all')
  }
  return await readEach(wanted.keys(), (path) =>
    Promise.resolve(readParams(revision, path, wanted.get(path) ?? 'all')),
  )
}

function readParams({ files }: Revision, path: string, keys: Set<string> | 'all'): DvcValue {
  if (/^\w+:\/\//.test(path) || path.startsWith('/')) {
    throw dvcError(path, {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: 'params outside of the project are not compared',
      hint: 'expected a file of the project',
    })
  }
  const location = { kind: 'project', path } as const
  const { found } = paramValues({ path, location, keys: keys === 'all' ? 'all' : [...keys] }, files)
  if (found === undefined) throw missing(path)
  return found
}
