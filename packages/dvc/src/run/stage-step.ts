import {
  command,
  fileOrDir,
  pinned,
  step,
  StepwellError,
  url,
  type FileOrDirHandle,
  type Step,
  type UrlHandle,
} from '@stepwell/engine'
import { existsSync } from 'node:fs'
import { diskPath } from '../content/measure.ts'
import { dvcError } from '../dvc-error.ts'
import { paramValues } from '../lock/param-values.ts'
import { locationKey, prefixesOf } from '../project/location.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import { stageEnvironment, stageShell } from '../project/stage-shell.ts'
import { isCallback, type Stage, type StageDep, type StageParams } from '../project/stage.ts'
import { pythonText } from '../value/text.ts'
import { countedValue } from './counted-value.ts'

export interface StageSurroundings {
  readonly root: string
  readonly files: ProjectFiles
  /** Paths of all outs. */
  readonly made: ReadonlySet<string>
  /** The steps of the stages that it reads from. */
  readonly after: readonly Step[]
  /** Why its outs are what it would make, by `dvc.lock`. */
  readonly adopt: () => Promise<string | undefined>
  /** Why it need not be looked at although data is missing. */
  readonly passOver: () => Promise<string | undefined>
}

type Outs = Record<string, FileOrDirHandle>

/**
 * A stage as a step. Its command writes in place; what it reads and writes counts by content.
 *
 * @throws StepwellError STEPWELL_DVC_PARAMS, STEPWELL_DVC_UNSUPPORTED naming file, line and column
 */
export function stageStep(stage: Stage, around: StageSurroundings): Step {
  return stage.frozen ? frozenStep(stage, around) : commandStep(stage, outsOf(stage), around)
}

function commandStep(
  stage: Stage,
  outs: Outs,
  { root, files, made, after, adopt, passOver }: StageSurroundings,
): Step {
  return command({
    cmd: { lines: stage.commands },
    shell: stageShell(process.env['SHELL']),
    dir: stage.wdir,
    env: 'all',
    setEnv: stageEnvironment(stage, root, process.env),
    namedFiles: false,
    writes: 'in place',
    keeps: stage.outs.filter(({ persist }) => persist).map(({ location }) => locationKey(location)),
    inputs: inputsOf(stage, files, made),
    params: paramsOf(stage, files, made),
    outs,
    after,
    adopt,
    passOver,
    cache: !stage.alwaysChanged && !isCallback(stage),
    ...stage.options.execution,
    ...(stage.desc !== undefined && { description: stage.desc }),
  })
}

/** A frozen stage is never run, and its outputs are not checked. */
function frozenStep({ address, outs, desc }: Stage, { root, passOver }: StageSurroundings): Step {
  const missing = (): string | undefined =>
    outs
      .map(({ location }) => diskPath(root, location))
      .find((path) => path !== undefined && !existsSync(path))
  const check = (): void => {
    const path = missing()
    if (path === undefined) return
    throw new StepwellError({
      code: 'STEPWELL_DVC_DATA',
      summary: `stage '${address}' is frozen, and its output ${path} is missing`,
      hint: 'get it with dvc checkout or dvc pull, or unfreeze the stage',
    })
  }
  return step({
    description: desc ?? 'frozen',
    code: pinned(`frozen ${address}`),
    passOver,
    adopt: () => (missing() === undefined ? 'it is frozen' : undefined),
    run: Object.assign(check, { stale: () => missing() && 'an output is missing' }),
  })
}

function inputsOf(
  { deps, params, place, address }: Stage,
  files: ProjectFiles,
  made: ReadonlySet<string>,
): Record<string, FileOrDirHandle | UrlHandle> {
  const inputOf = ({ path, location }: StageDep): FileOrDirHandle | UrlHandle => {
    if (location.kind !== 'remote') return fileOrDir(location.path)
    if (['http', 'https'].includes(location.scheme)) return url(location.url)
    throw dvcError(place, {
      code: 'STEPWELL_DVC_UNSUPPORTED',
      summary: `'${path}', a dependency of '${address}', is at a kind of URL that is not supported`,
      hint: 'expected a path, or an address with http: or https:',
    })
  }
  // Params that are not known yet count by the file that they are in.
  const later = params.filter((each) => isMadeLater(each, files, made))
  const all = [...deps, ...later]
  return Object.fromEntries(all.map((dep) => [locationKey(dep.location), inputOf(dep)]))
}

function outsOf({ outs, place, address }: Stage): Outs {
  return Object.fromEntries(
    outs.map(({ path, location }) => {
      if (location.kind === 'project') return [location.path, fileOrDir(location.path)]
      throw dvcError(place, {
        code: 'STEPWELL_DVC_UNSUPPORTED',
        summary: `'${path}', an output of '${address}', is outside of the project`,
        hint: 'expected a path inside of it',
      })
    }),
  )
}

/** Whether a file of params is not there yet, or is, or is in, what another stage writes. */
export function isMadeLater(
  { location }: StageParams,
  files: ProjectFiles,
  made: ReadonlySet<string>,
): boolean {
  if (location.kind !== 'project') return false
  const { path } = location
  return (
    [path, ...prefixesOf(path)].some((each) => made.has(each)) || files.kind(path) === undefined
  )
}

function paramsOf(
  { params, place, address }: Stage,
  files: ProjectFiles,
  made: ReadonlySet<string>,
): Record<string, unknown> {
  const known = params.filter((each) => !isMadeLater(each, files, made))
  return Object.fromEntries(
    known.map((each) => {
      const { found, missing } = paramValues(each, files)
      if (found === undefined || missing.length > 0) {
        throw dvcError(place, {
          code: 'STEPWELL_DVC_PARAMS',
          summary:
            found === undefined
              ? `'${each.path}', a file of params of '${address}', does not exist`
              : `params ${missing.join(', ')} of '${address}' are missing from '${each.path}'`,
          hint: 'add them, or remove them from the stage',
        })
      }
      const values = [...found].map(
        ([key, value]) => [pythonText(key), countedValue(value)] as const,
      )
      return [locationKey(each.location), Object.fromEntries(values)]
    }),
  )
}
