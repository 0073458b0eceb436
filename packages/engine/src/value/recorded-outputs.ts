import { isDigest } from '@stepwell/base/digest'
import type { Artifact, OutArtifact, Outputs } from './artifact.ts'
import { isRecordedPath } from './recorded-path.ts'
import { isMode, isSize } from './tree.ts'

/** Whether what was read from a record is what a step leaves behind. */
export function isOutputs(value: unknown): value is Outputs {
  if (!isRecord(value)) return false
  const { value: output, picks, outs, items } = value
  return (
    isArtifact(output) && isPicks(picks) && isOuts(outs) && (items === undefined || isDigest(items))
  )
}

export function isArtifact(value: unknown): value is Artifact {
  if (!isRecord(value)) return false
  const { kind, digest, size, about } = value
  return kind === 'value' && isDigest(digest) && isSize(size) && typeof about === 'string'
}

export function isPicks(value: unknown): value is Outputs['picks'] {
  return isRecord(value) && Object.values(value).every(isArtifact)
}

export function isOuts(value: unknown): value is Outputs['outs'] {
  return isRecord(value) && Object.values(value).every(isOut)
}

function isOut(value: unknown): value is OutArtifact {
  if (!isRecord(value)) return false
  const { kind, path, digest, size, mode, files, attributes } = value
  if (!isRecordedPath(path) || !isDigest(digest) || !isSize(size)) return false
  if (kind === 'file') return isMode(mode)
  return kind === 'dir' && isSize(files) && (attributes === undefined || isDigest(attributes))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
