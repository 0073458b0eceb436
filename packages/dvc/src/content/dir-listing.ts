import { parseJson } from '../format/json.ts'
import { byCodePoint } from '../value/order.ts'
import { isList, isMap } from '../value/value.ts'
import { md5OfText } from './md5.ts'

/** A file of a directory: its path in there, with slashes, and its MD5. */
export interface ListedFile {
  readonly path: string
  readonly md5: string
}

/** The list that stands for a directory in the cache of DVC. */
export function listingText(files: readonly ListedFile[]): string {
  const entries = files
    .toSorted((one, other) => byCodePoint(one.path, other.path))
    .map(({ path, md5 }) => `{"md5": ${pythonJson(md5)}, "relpath": ${pythonJson(path)}}`)
  return `[${entries.join(', ')}]`
}

/** The hash of a directory: the MD5 of its list, and `.dir`. */
export function dirHash(files: readonly ListedFile[]): string {
  return `${md5OfText(listingText(files))}.dir`
}

/** The files of a list, or `undefined` where it is damaged. */
export function readListing(name: string, text: string): readonly ListedFile[] | undefined {
  let value
  try {
    value = parseJson(name, text)
  } catch {
    return undefined
  }
  if (!isList(value)) return undefined
  const files: ListedFile[] = []
  for (const entry of value) {
    const path = isMap(entry) ? entry.get('relpath') : undefined
    const md5 = isMap(entry) ? entry.get('md5') : undefined
    if (typeof path !== 'string' || typeof md5 !== 'string' || !isPlain(path)) return undefined
    files.push({ path, md5 })
  }
  return files
}

// What is in a cache may come from anywhere, and must not lead out of the directory.
function isPlain(path: string): boolean {
  if (path === '' || path.startsWith('/') || path.includes('\0')) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/** A text as Python's `json` writes it: in ASCII. */
function pythonJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
