import { digestValue } from '@stepwell/engine/author'
import { jsonText, memberOf, parseJson, throughJson } from '@stepwell/base/json-text'
import { createHash } from 'node:crypto'
import type { GatePassed } from './metric-gate.ts'
import type { Metrics } from './metrics.ts'
import type { Model } from './model.ts'

/** What is deployed as one version. */
export interface Release {
  readonly name: string
  readonly model: Model
  readonly metrics: Metrics | null
  readonly gate: GatePassed | null
}

/** A release as files, under an identifier that is a function of them. */
export interface Version {
  /** 12 hex digits. */
  readonly id: string
  /** Name within the version's folder -> bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

const FORMAT = 1
const MANIFEST = 'manifest.json'

/** The files of a release: `model.json`, `metrics.json` when it has metrics, and `manifest.json`. */
export function versionOf(release: Release): Version {
  const { name, model, metrics, gate } = release
  const id = shortDigest({ record: 'stepwell-release', format: FORMAT, ...release })
  const files = new Map([['model.json', fileBytes(model)]])
  if (metrics !== null) files.set('metrics.json', fileBytes(metrics))
  const contents = [...files].map(([file, bytes]) => ({
    file,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }))
  const { kind, features, target } = model
  const manifest = { format: FORMAT, name, version: id, kind, features, target, gate, contents }
  files.set(MANIFEST, fileBytes(manifest))
  return { id, files }
}

/** What is wrong with the files of a version, or `undefined` when they are the ones it was made of. */
export function problemOfFiles(
  id: string,
  read: (name: string) => Uint8Array | undefined,
): string | undefined {
  const manifest = parse(read(MANIFEST))
  const model = parse(read('model.json'))
  if (manifest === undefined) return `${MANIFEST} is missing or damaged`
  if (model === undefined) return 'model.json is missing or damaged'
  const contents = memberOf(manifest, 'contents')
  const hasMetrics =
    Array.isArray(contents) && contents.some((item) => memberOf(item, 'file') === 'metrics.json')
  const metrics = hasMetrics ? parse(read('metrics.json')) : null
  if (metrics === undefined) return 'metrics.json is missing or damaged'
  const name = memberOf(manifest, 'name')
  const gate = memberOf(manifest, 'gate') ?? null
  const release = { name, model, metrics, gate } as Release
  const version = versionOf(release)
  if (version.id !== id) return 'the files are not those of this version'
  for (const [file, bytes] of version.files) {
    if (!Buffer.from(bytes).equals(read(file) ?? Buffer.alloc(0))) return `${file} is damaged`
  }
  return undefined
}

/** The object that the bytes spell as JSON, or `undefined` when they spell none. */
function parse(bytes: Uint8Array | undefined): object | undefined {
  const value = bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'))
  return typeof value === 'object' && value !== null ? value : undefined
}

/** 12 hex digits of the digest of a value, as it comes back from JSON. */
export function shortDigest(value: unknown): string {
  const digest = digestValue(throughJson(value))
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12)
}

function fileBytes(value: unknown): Uint8Array {
  return Buffer.from(`${jsonText(value, 2)}\n`)
}
