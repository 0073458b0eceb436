import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { messageOf } from '@stepwell/base/errors'
import { readIfPresent } from '@stepwell/base/files'
import { dvcError } from '../dvc-error.ts'
import { parseYaml } from '../format/yaml.ts'
import { writeYaml } from '../format/yaml-writer.ts'
import { isMap, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'
import { lockValueOf, type LockEntry } from './lock-entry.ts'
import { cutLock, joinLock } from './lock-text.ts'
import { lockValues } from './read-lock.ts'

/**
 * The text of a `dvc.lock` with these entries, as DVC writes it. Entries of other stages, and everything else
 * in the file, stay unchanged.
 * @param text the present file; empty if it does not exist
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_LOCK where the file is damaged
 */
export function lockText(
  file: string,
  text: string,
  entries: ReadonlyMap<string, LockEntry>,
): string {
  const values = new Map([...entries].map(([name, entry]) => [name, lockValueOf(entry)]))
  if (text.trim() !== '') lockValues(file, text)
  const cut = cutLock(file, text)
  return cut === undefined ? rewritten(file, text, values) : joinLock(cut, values)
}

/**
 * Writes entries into a `dvc.lock`, in one step: a reader sees the old file or the new one.
 * @returns whether it is another one now
 * @throws StepwellError STEPWELL_DVC_YAML, STEPWELL_DVC_LOCK where the file is damaged
 */
export function writeLock(
  root: string,
  file: string,
  entries: ReadonlyMap<string, LockEntry>,
): boolean {
  const path = join(root, file)
  const before = read(file, path)
  const text = lockText(file, before, entries)
  if (text === before) return false
  try {
    // A lock stands beside its dvc.yaml: where that directory has gone, it is not made again.
    statSync(dirname(path))
    replaceFileSync(path, text)
    return true
  } catch (error) {
    return refuse(file, 'written', error)
  }
}

// A file in braces, or indented otherwise, is laid out anew, as DVC does.
function rewritten(file: string, text: string, values: ReadonlyMap<string, DvcMap>): string {
  const root = parseYaml(file, text).root?.value ?? null
  const before = isMap(root) ? root : new Map<DvcKey, DvcValue>([['schema', '2.0']])
  const stages = before.get('stages') ?? null
  const merged = new Map<DvcKey, DvcValue>([...(isMap(stages) ? stages : []), ...values])
  return writeYaml(new Map<DvcKey, DvcValue>([...before, ['stages', merged]]))
}

function read(file: string, path: string): string {
  try {
    return readIfPresent(path)?.toString('utf8') ?? ''
  } catch (error) {
    return refuse(file, 'read', error)
  }
}

function refuse(file: string, done: 'read' | 'written', error: unknown): never {
  throw dvcError(file, {
    code: 'STEPWELL_DVC_LOCK',
    summary: `it cannot be ${done}: ${messageOf(error)}`,
    hint: 'check that it is a file, its permissions and the room on the disk',
    cause: error,
  })
}
