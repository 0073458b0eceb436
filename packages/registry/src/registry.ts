import { digestValue, StepwellError } from '@stepwell/engine/author'
import { join } from 'node:path'
import { whoAmI } from '@stepwell/base/user'
import {
  createFileSync,
  createFolderSync,
  removeLeftovers,
  replaceFileSync,
} from '@stepwell/base/atomic-file'
import { namesInSync, readIfPresent, writing } from '@stepwell/base/files'
import { jsonText, parseJson } from '@stepwell/base/json-text'
import { isModelName, isVersionId, requireModelName } from './name.ts'
import type { Reference } from './reference.ts'
import {
  filesOf,
  readVersion,
  REFERENCE,
  type Manifest,
  type ReadVersion,
  type Release,
} from './version.ts'

/** When and by whom a version was registered first. */
export interface Registration {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly who: string
  readonly by: string
}

/** Where the model of a version comes from, as the record of a run says. */
export interface Lineage {
  readonly run: string
  readonly pipeline: string
  readonly step: string
  /** It stands for the code, the params and the inputs of the step. */
  readonly key: string
  /** `succeeded`: it was executed in this run; `cached`: in an earlier one. */
  readonly status: string
  readonly inputs: readonly {
    readonly name: string
    readonly source: string
    readonly digest?: string
  }[]
}

/** A version as a registry has it. */
export interface RegisteredVersion {
  readonly model: string
  readonly id: string
  readonly manifest: Manifest
  readonly registration: Registration | undefined
  readonly lineage: Lineage | undefined
}

/**
 * Puts a version into a registry, or finds that it is there; one whose files were damaged is mended.
 * A version never changes and is never removed.
 *
 * @param dir the registry's folder, absolute
 * @param by what registers it, for the record
 * @returns its id
 * @throws StepwellError STEPWELL_MODEL_NAME; STEPWELL_WRITE_FAILED.
 */
export function registerVersion(dir: string, release: Release, by: string): string {
  const { id, files } = filesOf(release)
  const folder = versionFolder(dir, release.name, id)
  const registration: Registration = { at: Date.now(), who: whoAmI(), by }
  const all = new Map([...files, ['registration.json', bytesOf(registration)]])
  writing(folder, () => {
    for (const name of ['', ...all.keys()]) removeLeftovers(join(folder, name))
    if (namesInSync(folder).length === 0 && createFolderSync(folder, all)) return
    for (const [name, bytes] of files) {
      const path = join(folder, name)
      if (readIfPresent(path)?.equals(bytes) !== true) replaceFileSync(path, bytes)
    }
  })
  return id
}

/** Adds where a version comes from, unless that is known. */
export function addLineage(dir: string, model: string, id: string, lineage: Lineage): boolean {
  const path = join(versionFolder(dir, model, id), 'lineage.json')
  return writing(path, () => createFileSync(path, bytesOf(lineage)))
}

/** Whether it is known where a version comes from. */
export function hasLineage(dir: string, model: string, id: string): boolean {
  return namesInSync(versionFolder(dir, model, id)).includes('lineage.json')
}

/** The folder of a version: `<dir>/<model>/versions/<id>`. */
export function versionFolder(dir: string, model: string, id: string): string {
  return join(dir, requireModelName(model), 'versions', id)
}

/** The names of the models in a registry, sorted. */
export function modelNames(dir: string): string[] {
  return namesInSync(dir)
    .filter((name) => isModelName(name) && versionIds(dir, name).length > 0)
    .toSorted()
}

/** The ids of a model's versions, sorted. */
export function versionIds(dir: string, model: string): string[] {
  return namesInSync(join(dir, requireModelName(model), 'versions'))
    .filter(isVersionId)
    .toSorted()
}

/**
 * What a version says of itself, and what is known of it besides.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_REGISTRY_DAMAGED.
 */
export function describeVersion(dir: string, model: string, id: string): RegisteredVersion {
  const { manifest } = loadVersion(dir, model, id)
  const json = (name: string): unknown => {
    const bytes = readIfPresent(join(versionFolder(dir, model, id), name))
    return bytes === undefined ? undefined : parseJson(bytes.toString('utf8'))
  }
  const registration = json('registration.json') as Registration | undefined
  return { model, id, manifest, registration, lineage: json('lineage.json') as Lineage | undefined }
}

/**
 * The model of a version, once its files are known to be those that were registered.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_REGISTRY_DAMAGED.
 */
export function loadVersion(dir: string, model: string, id: string): ReadVersion {
  const problem = problemOfVersion(dir, model, id)
  if (typeof problem !== 'string') return problem
  throw new StepwellError({
    code: 'STEPWELL_REGISTRY_DAMAGED',
    summary: `version ${id} of ${model} is not as it was registered`,
    details: problem,
    hint: 'run the step that registers it again, or put the files back from a copy',
  })
}

/**
 * The rows that later ones are compared with, or `undefined` for a version without.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_REGISTRY_DAMAGED.
 */
export function readReference(dir: string, model: string, id: string): Reference | undefined {
  const bytes = loadVersion(dir, model, id).files.get(REFERENCE)
  if (bytes === undefined) return undefined
  return parseJson(Buffer.from(bytes).toString('utf8')) as Reference
}

/**
 * The version, or what is wrong with it.
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN
 */
export function problemOfVersion(dir: string, model: string, id: string): ReadVersion | string {
  const folder = versionFolder(dir, model, id)
  if (!isVersionId(id) || namesInSync(folder).length === 0) throw unknownVersion(dir, model, id)
  const found = readVersion(id, (name) => readIfPresent(join(folder, name)))
  return 'problem' in found ? found.problem : found
}

/** Whether a version is there undamaged, and has the model and the schema of this release. */
export function isVersionOf(dir: string, id: string, release: Release): boolean {
  if (!versionIds(dir, release.name).includes(id)) return false
  const found = problemOfVersion(dir, release.name, id)
  if (typeof found === 'string') return false
  const { modelDigest, schema } = found.manifest
  return modelDigest === digestValue(release.model) && jsonText(schema) === jsonText(release.schema)
}

/**
 * Copies a version, with what is known of it, to a folder.
 * @returns false when there is something in the folder, which stays as it is
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_REGISTRY_DAMAGED; STEPWELL_WRITE_FAILED.
 */
export function exportVersion(dir: string, model: string, id: string, to: string): boolean {
  loadVersion(dir, model, id)
  const from = versionFolder(dir, model, id)
  const names = namesInSync(from).filter((name) => !name.startsWith('.'))
  const files = names.map((name) => [name, readIfPresent(join(from, name))] as const)
  const present = files.filter((file): file is [string, Buffer] => file[1] !== undefined)
  return writing(to, () => createFolderSync(to, new Map(present)))
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(`${jsonText(value, 2)}\n`)
}

/** That a model is not there. */
export function unknownModel(dir: string, model: string): StepwellError {
  const names = modelNames(dir)
  return new StepwellError({
    code: 'STEPWELL_MODEL_UNKNOWN',
    summary: `there is no model ${model} in ${dir}`,
    details: names.length === 0 ? 'it has none at all' : `it has ${names.join(', ')}`,
    hint: 'correct the name or --dir, or run the pipeline that registers it',
  })
}

/** That a model, or a version of it, is not there. */
export function unknownVersion(dir: string, model: string, id: string): StepwellError {
  const ids = versionIds(dir, model)
  if (ids.length === 0) return unknownModel(dir, model)
  return new StepwellError({
    code: 'STEPWELL_MODEL_UNKNOWN',
    summary: `${model} has no version ${id}`,
    details: `it has ${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', ...' : ''}`,
    hint: '`stepwell model list` shows them',
  })
}
