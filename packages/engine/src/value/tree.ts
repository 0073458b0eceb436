import { digestText, type Digest } from '@stepwell/base/digest'

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
  return lines.map((line) => entryOf(JSON.parse(line) as Row))
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
