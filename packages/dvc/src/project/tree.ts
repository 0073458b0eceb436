import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface TreeEntry {
  readonly name: string
  readonly isDir: boolean
}

/** Files by paths relative to a root: those of a directory, or of a commit. */
export interface Tree {
  readonly isCommit: boolean
  readonly kind: (path: string) => 'file' | 'dir' | 'other' | undefined
  /** Of a file that is there. */
  readonly bytes: (path: string) => Uint8Array
  /** What is in a directory that is there; the root is empty text. */
  readonly list: (dir: string) => readonly TreeEntry[]
}

/** What is in a directory now. */
export function diskTree(root: string): Tree {
  return {
    isCommit: false,
    kind: (path) => {
      const stat = statSync(join(root, path), { throwIfNoEntry: false })
      if (stat === undefined) return undefined
      if (stat.isFile()) return 'file'
      return stat.isDirectory() ? 'dir' : 'other'
    },
    bytes: (path) => readFileSync(join(root, path)),
    list: (dir) =>
      readdirSync(join(root, dir), { withFileTypes: true }).map((entry) => {
        return { name: entry.name, isDir: entry.isDirectory() }
      }),
  }
}
