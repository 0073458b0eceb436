import { matchFiles } from '@stepwell/engine'
import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { oneLine } from './one-line.ts'
import type { DataHandle } from './trigger.ts'

/** What some data was at one moment, without having been read: by size, inode and times of change. */
export interface DataLook {
  /** Equal for two looks between which nothing has changed. */
  readonly digest: string
  /** Signatures by path, sorted by path. */
  readonly files: ReadonlyMap<string, string>
}

/** @param dir the project directory, to which the handles are relative */
export async function lookAt(dir: string, data: readonly DataHandle[]): Promise<DataLook> {
  const paths = new Set<string>()
  for (const handle of data) for (const path of await pathsOf(dir, handle)) paths.add(path)
  const files = new Map<string, string>()
  for (const path of [...paths].toSorted()) {
    const signature = await signatureOf(resolve(dir, path))
    if (signature !== undefined) files.set(path, signature)
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([...files]))
    .digest('hex')
  return { digest, files }
}

const MOST_NAMED = 2

/** What has changed between two looks, in words: `2 new files: a.csv, b.csv`. */
export function describeChange(before: DataLook | undefined, after: DataLook): string {
  if (before === undefined) return `there is data: ${countOf([...after.files.keys()], 'file')}`
  const added = [...after.files.keys()].filter((path) => !before.files.has(path))
  const gone = [...before.files.keys()].filter((path) => !after.files.has(path))
  const changed = [...after.files].filter(
    ([path, signature]) => before.files.has(path) && before.files.get(path) !== signature,
  )
  const parts: [string[], string][] = [
    [added, 'new file'],
    [changed.map(([path]) => path), 'changed file'],
    [gone, 'removed file'],
  ]
  return parts
    .filter(([paths]) => paths.length > 0)
    .map(([paths, noun]) => countOf(paths, noun))
    .join('; ')
}

function countOf(paths: readonly string[], noun: string): string {
  const shown = paths.slice(0, MOST_NAMED).map(oneLine).join(', ')
  const more = paths.length > MOST_NAMED ? ', ...' : ''
  return `${paths.length} ${noun}${paths.length === 1 ? '' : 's'}: ${shown}${more}`
}

async function pathsOf(dir: string, handle: DataHandle): Promise<string[]> {
  if ('patterns' in handle) return await matchFiles(dir, handle.patterns, [])
  if (handle.kind === 'file') return [handle.path]
  const paths: string[] = []
  for (const entry of await entriesOf(resolve(dir, handle.path))) {
    const path = `${handle.path}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== '.stepwell') paths.push(...(await pathsOf(dir, { kind: 'dir', path })))
    } else paths.push(path)
  }
  return paths
}

async function entriesOf(path: string) {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch {
    // It is not there yet, or no longer.
    return []
  }
}

async function signatureOf(path: string): Promise<string | undefined> {
  try {
    const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [size, ino, mtimeNs, ctimeNs].join(' ')
  } catch {
    return undefined
  }
}
