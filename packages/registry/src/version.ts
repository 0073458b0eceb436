import { digestValue, type Digest } from '@stepwell/engine/author'
import { createHash } from 'node:crypto'
import { jsonText, memberOf, parseJson, throughJson } from '@stepwell/base/json-text'
import { referenceText, type Reference } from './reference.ts'
import { readSchema, type ModelSchema } from './schema.ts'

/** What is registered as one version. */
export interface Release {
  readonly name: string
  /** Plain data that `load` makes a predictor of. */
  readonly model: object
  readonly schema: ModelSchema
  /** As the steps found them; a number that JSON cannot hold is `null`. */
  readonly metrics?: object | undefined
  /** The gate that let it pass. */
  readonly gate?: object | undefined
  /** Digests of data that the model comes from, by what they are called. */
  readonly data?: Readonly<Record<string, string>> | undefined
  /** Rows that it was trained on, for others to be compared with. */
  readonly reference?: Reference | undefined
}

/** What a version says of itself; its id is a digest of this, so none of it can ever change. */
export interface Manifest {
  readonly format: 1
  readonly name: string
  readonly schema: ModelSchema
  /** Digest of the model as a step's output: by it the run and the step that made it are found. */
  readonly modelDigest: Digest
  readonly metrics: Readonly<Record<string, number | null>> | null
  readonly gate: object | null
  readonly data: Readonly<Record<string, string>>
  /** The files that belong to the version. */
  readonly contents: readonly { readonly file: string; readonly sha256: string }[]
}

export interface VersionFiles {
  /** 16 hex digits. */
  readonly id: string
  readonly files: ReadonlyMap<string, Uint8Array>
}

const MANIFEST = 'manifest.json'
const MODEL = 'model.json'
export const REFERENCE = 'reference.json'

/** A release as files, under an identifier that is a function of them. */
export function filesOf(release: Release): VersionFiles {
  const { name, model, schema, metrics, gate, data, reference } = release
  const contents = new Map([[MODEL, fileBytes(model)]])
  if (reference !== undefined) contents.set(REFERENCE, Buffer.from(referenceText(reference)))
  const manifest = {
    format: 1,
    name,
    schema,
    modelDigest: digestValue(model),
    metrics: metrics ?? null,
    gate: gate ?? null,
    data: data ?? {},
    contents: [...contents].map(([file, bytes]) => ({ file, sha256: sha256(bytes) })),
  }
  const text = fileBytes(throughJson(manifest))
  return { id: sha256(text).slice(0, 16), files: new Map([...contents, [MANIFEST, text]]) }
}

export interface ReadVersion {
  readonly manifest: Manifest
  readonly model: object
  /** The files that the manifest speaks for, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** The version that these files are, or what is wrong with them. */
export function readVersion(
  id: string,
  read: (name: string) => Uint8Array | undefined,
): ReadVersion | { readonly problem: string } {
  const text = read(MANIFEST)
  if (text === undefined) return { problem: `${MANIFEST} is missing` }
  if (sha256(text).slice(0, 16) !== id)
    return { problem: `${MANIFEST} is not that of this version` }
  const manifest = parse(text)
  const contents = memberOf(manifest, 'contents')
  if (!Array.isArray(contents) || readSchema(memberOf(manifest, 'schema')) === undefined) {
    return { problem: `${MANIFEST} is of a later format` }
  }
  const files = new Map<string, Uint8Array>()
  for (const { file, sha256: expected } of contents as Manifest['contents']) {
    const bytes = read(file)
    if (bytes === undefined) return { problem: `${file} is missing` }
    if (sha256(bytes) !== expected) return { problem: `${file} is damaged` }
    files.set(file, bytes)
  }
  const model = parse(files.get(MODEL))
  if (typeof model !== 'object' || model === null) return { problem: `${MODEL} is missing` }
  return { manifest: manifest as Manifest, model, files }
}

function parse(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function fileBytes(value: unknown): Uint8Array {
  return Buffer.from(`${jsonText(value, 2)}\n`)
}
