import type { StepContext } from '@stepwell/engine/author'
import { jsonText, memberOf, parseJson } from '@stepwell/base/json-text'
import { createFolderSync, removeLeftovers, replaceFileSync } from '@stepwell/base/atomic-file'
import { namesInSync, readIfPresent, writing } from '@stepwell/base/files'
import { projectPath, type ProjectPath } from '@stepwell/base/project-path'
import { join } from 'node:path'
import { reasonOf, type EffectStep } from './effect.ts'
import type { GatePassed } from './metric-gate.ts'
import type { Metrics } from './metrics.ts'
import { describeModel, requireModel, type Model } from './model.ts'
import { readParams } from './params.ts'
import { problemOfFiles, versionOf, type Version } from './version.ts'

export interface DeployModelInputs {
  readonly model: Model
  /** Kept with the model. */
  readonly metrics?: Metrics
  /** The gate that must have let the model pass; kept with it too. */
  readonly gate?: GatePassed
}

export interface DeployModelParams {
  /**
   * Folder for the versions, relative to the project directory and below it.
   * @default 'deployed'
   */
  readonly dir?: string
  /**
   * What the model is called in its manifest.
   * @default 'model'
   */
  readonly name?: string
}

export interface Deployment {
  /** 12 hex digits, a function of what is deployed. */
  readonly version: string
  /** Folder of the version, relative to the project directory, with forward slashes. */
  readonly path: string
}

/** What `<dir>/current.json` holds. */
export interface CurrentVersion {
  readonly version: string
  /** The version that was current before this one, for a way back. */
  readonly previous: string | null
}

/**
 * Deploys a model into the project: writes `<dir>/versions/<version>/` with `model.json`, `metrics.json` and
 * `manifest.json`, then points `<dir>/current.json` at it. Each of the two is atomic and durable, so the
 * pointer leads readers to a complete version at any moment. Versions are never removed. Running it again,
 * also after a kill at any moment, leads to the same state; a version whose files were damaged is repaired.
 *
 * A cached deployment is stale when `current.json` points elsewhere, or when the version's files are missing
 * or differ.
 *
 * @throws StepwellError STEPWELL_PATH_OUTSIDE; STEPWELL_WRITE_FAILED; STEPWELL_MODEL_INVALID;
 *   STEPWELL_PARAM_INVALID.
 */
export const deployModel: EffectStep<DeployModelInputs, DeployModelParams, Deployment> =
  Object.assign(deploy, { stale: staleDeployment })

function deploy(
  { model, metrics, gate }: DeployModelInputs,
  context: StepContext<DeployModelParams>,
): Deployment {
  const { dir, name } = placeOf(context)
  requireModel(model)
  const version = versionOf({ name, model, metrics: metrics ?? null, gate: gate ?? null })
  const folder = versionFolder(context.dir, dir, version.id)
  context.signal.throwIfAborted()

  writing(dir.relative, () => {
    const versions = join(dir.absolute, 'versions')
    for (const other of leftVersions(versions)) removeLeftovers(join(versions, other))
    publish(version, folder.absolute)
    context.log(`version ${version.id} is in place: ${describeModel(model)}`)

    const pointer = join(dir.absolute, 'current.json')
    removeLeftovers(pointer)
    const before = readPointer(pointer)
    if (before?.version === version.id) {
      context.log(`version ${version.id} was current already`)
      return
    }
    const previous = before?.version ?? null
    const current: CurrentVersion = { version: version.id, previous }
    replaceFileSync(pointer, Buffer.from(`${jsonText(current, 2)}\n`))
    context.log(`version ${version.id} is current; before: ${previous ?? 'none'}`)
  })
  return { version: version.id, path: folder.relative }
}

function staleDeployment(
  { version }: Deployment,
  context: Pick<StepContext<DeployModelParams>, 'params' | 'dir'>,
): string | undefined {
  return reasonOf(() => {
    const { dir } = placeOf(context)
    const folder = versionFolder(context.dir, dir, version)
    const current = readPointer(join(dir.absolute, 'current.json'))
    if (current === undefined) return `${dir.relative}/current.json does not point to a version`
    if (current.version !== version) {
      return `${dir.relative}/current.json points to version ${current.version}, not ${version}`
    }
    const problem = problemOfFiles(version, (name) => readIfPresent(join(folder.absolute, name)))
    return problem === undefined ? undefined : `${folder.relative}: ${problem}`
  })
}

function placeOf(context: Pick<StepContext<DeployModelParams>, 'params' | 'dir'>): {
  dir: ProjectPath
  name: string
} {
  const params = readParams('deployModel', context.params, ['dir', 'name'])
  const dir = projectPath(context.dir, params.text('dir', 'deployed'))
  return { dir, name: params.text('name', 'model') }
}

function versionFolder(project: string, dir: ProjectPath, id: string): ProjectPath {
  return projectPath(project, join(dir.relative, 'versions', id))
}

/** Puts the whole folder in place, or mends the one that is there file by file. */
function publish({ files }: Version, folder: string): void {
  if (namesInSync(folder).length === 0 && createFolderSync(folder, files)) return
  for (const [name, bytes] of files) {
    const path = join(folder, name)
    removeLeftovers(path)
    if (readIfPresent(path)?.equals(bytes) !== true) replaceFileSync(path, bytes)
  }
}

/** The versions of which a killed attempt has left temporary folders, by the folders' names. */
function leftVersions(versions: string): string[] {
  const names = namesInSync(versions).map(
    (name) => /^\.([0-9a-f]{12})\.[0-9a-f]+\.tmp$/.exec(name)?.[1],
  )
  return [...new Set(names.filter((name) => name !== undefined))]
}

function readPointer(path: string): CurrentVersion | undefined {
  const value = parseJson(readIfPresent(path)?.toString('utf8') ?? '')
  const version = memberOf(value, 'version')
  const previous = memberOf(value, 'previous')
  if (typeof version !== 'string') return undefined
  return { version, previous: typeof previous === 'string' ? previous : null }
}
