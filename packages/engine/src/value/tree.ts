import { digestText, isDigest, type Digest } from '@stepwell/base/digest'
import { isRecordedPath } from './recorded-path.ts'

/** What is at one path of a tree. Directories are implied by what is in them, but for empty ones. */
export type TreeEntry =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly digest: Digest
      readonly size: number
      readonly mode: number
    }
  /** A symbolic link that stays inside the tree: what it leads to has an entry of its own. */
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'empty'; readonly path: string }

/** The content of a directory, or a list of files, by relative paths with forward slashes. */
export interface Tree {
  /** Sorted by path. */
  readonly entries: readonly TreeEntry[]
  /** One text per content. */
  readonly text: string
  /** Of the text. */
  readonly digest: Digest
  /** Of all files, in bytes. */
  readonly size: number
}

/** A path at which two trees differ. */
export interface TreeChange {
  readonly path: string
  readonly change: 'changed' | 'added' | 'removed'
}

const HEAD = 'stepwell tree 1'

export function makeTree(entries: readonly TreeEntry[]): Tree {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const text = `${[HEAD, ...sorted.map((entry) => JSON.stringify(rowOf(entry)))].join('\n')}\n`
  const size = sorted.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0)
  return { entries: sorted, text, digest: digestText(text), size }
}

/** @throws RangeError when it is not the text of a tree. */
export function parseTree(text: string): TreeEntry[] {
  const [head, ...lines] = text.split('\n')
  if (head !== HEAD || lines.pop() !== '') throw new RangeError('not a tree')
  return lines.map((line) => entryOf(rowIn(line)))
}

/**
 * As `parseTree`, of a directory that is to be written: all of it has a place inside, and no link of it leads out.
 * @throws RangeError when it is not such a text.
 */
export function parseDirectory(text: string): TreeEntry[] {
  const entries = parseTree(text)
  const paths = new Set<string>()
  for (const entry of entries) {
    const { kind, path } = entry
    const parts = path.split('/')
    const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
    if (!isPlain || !isRecordedPath(path) || paths.has(path)) throw misplaced(path)
    paths.add(path)
    if (kind === 'link') {
      if (!linksInside(path, entry.target)) throw misplaced(path)
    }
    if (kind === 'file' && !isMode(entry.mode)) throw misplaced(path)
  }
  // What is in a directory must not come through a file or a link.
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (paths.has(path.slice(0, end))) throw misplaced(path)
    }
  }
  return entries
}

/** Whether a symbolic link at a path of a tree stays inside of it by its text, whatever the tree is called. */
export function linksInside(path: string, target: string): boolean {
  // It is relative to the directory that the link is in, and may lead to the root itself.
  const above = path.split('/').slice(0, -1)
  return !target.startsWith('/') && isRecordedPath([...above, target, 'x'].join('/'))
}

function misplaced(path: string): RangeError {
  return new RangeError(`no directory has ${JSON.stringify(path)} like this`)
}

/** What was changed, then what was added, then what was removed. */
export function compareTrees(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
): TreeChange[] {
  const old = new Map(before.map((entry) => [entry.path, JSON.stringify(rowOf(entry))]))
  const added: string[] = []
  const changed: string[] = []
  for (const entry of after) {
    const was = old.get(entry.path)
    old.delete(entry.path)
    if (was === undefined) added.push(entry.path)
    else if (was !== JSON.stringify(rowOf(entry))) changed.push(entry.path)
  }
  const all = { changed, added, removed: [...old.keys()] }
  return (['changed', 'added', 'removed'] as const).flatMap((change) =>
    all[change].map((path) => ({ path, change })),
  )
}

/** Whether a mode that was read from a record says who may read, write and execute, and no more. */
export function isMode(value: unknown): value is number {
  return typeof value === 'number' && value === (value & 0o777)
}

/**
 * The part of a file's mode that counts: whether its owner may execute it. Who else may read it follows from the
 * umask of who made it.
 */
export function countedMode(mode: number): number {
  return (mode & 0o100) === 0 ? 0o644 : 0o755
}

type Row =
  | readonly ['file', string, Digest, number, number]
  | readonly ['link', string, string]
  | readonly ['empty', string]

function rowOf(entry: TreeEntry): Row {
  switch (entry.kind) {
    case 'file':
      return ['file', entry.path, entry.digest, entry.size, entry.mode]
    case 'link':
      return ['link', entry.path, entry.target]
    case 'empty':
      return ['empty', entry.path]
  }
}

/** @throws RangeError */
function rowIn(line: string): Row {
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch {
    throw new RangeError('not a tree')
  }
  if (!Array.isArray(row) || typeof row[1] !== 'string') throw new RangeError('not a tree')
  const [kind, path, more, size, mode] = row as unknown[]
  const isFile = kind === 'file' && isDigest(more) && isSize(size) && typeof mode === 'number'
  const isLink = kind === 'link' && typeof more === 'string' && !more.includes('\0')
  if (isFile || isLink || kind === 'empty') return row as unknown as Row
  throw new RangeError(`not a tree: ${String(path)}`)
}

/** Whether what was read from a record is a number of bytes. */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function entryOf(row: Row): TreeEntry {
  switch (row[0]) {
    case 'file':
      return { kind: 'file', path: row[1], digest: row[2], size: row[3], mode: row[4] }
    case 'link':
      return { kind: 'link', path: row[1], target: row[2] }
    case 'empty':
      return { kind: 'empty', path: row[1] }
  }
}
