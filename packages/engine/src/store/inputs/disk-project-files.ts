import type { FileDigests, FileState, ProjectFiles } from './project-files.ts'
import { realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { escapePath, glob } from 'tinyglobby'
import { makeTree, type Tree, type TreeEntry } from '../../value/tree.ts'
import { readTree } from '../objects/tree-reader.ts'

// No sources: what Stepwell keeps, and what is installed.
const IGNORED = ['**/.stepwell/**', '**/node_modules/**']

/** The files of a project directory, by their content. */
export class DiskProjectFiles implements ProjectFiles {
  readonly #dir: string
  readonly #digests: FileDigests

  constructor(dir: string, digests: FileDigests) {
    this.#dir = dir
    this.#digests = digests
  }

  async state(path: string): Promise<FileState> {
    return await this.#digests.state(path)
  }

  isFile(path: string): boolean {
    try {
      return statSync(resolve(this.#dir, path)).isFile()
    } catch {
      // What is asked may be no path at all.
      return false
    }
  }

  async tree(path: string): Promise<Tree> {
    return await readTree(this.#dir, path, { digests: this.#digests, outward: 'follow' })
  }

  async glob(patterns: readonly string[], without: readonly string[]): Promise<Tree> {
    const entries: TreeEntry[] = []
    for (const path of await matchFiles(this.#dir, patterns, without)) {
      entries.push({ kind: 'file', path, ...(await this.#digests.state(path)) })
    }
    return makeTree(entries)
  }
}

/** The files of a directory that match patterns, each once, by their paths relative to it. */
export async function matchFiles(
  dir: string,
  patterns: readonly string[],
  without: readonly string[],
): Promise<string[]> {
  const left = without.map((path) => escapePath(path))
  const paths = await glob([...patterns], {
    cwd: dir,
    ignore: [...IGNORED, ...left, ...left.map((path) => `${path}/**`)],
    expandDirectories: false,
  })
  // A link may lead to what is left out by its own path.
  const places = new Set(without.map((path) => realOf(join(dir, path))))
  return [...new Set(paths)].filter((path) => {
    const real = realOf(join(dir, path))
    // A link that leads nowhere matches, but is no file.
    return real !== undefined && !isIn(places, real)
  })
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

/** Whether a path is one of some places, or inside of one. */
function isIn(places: ReadonlySet<string | undefined>, path: string): boolean {
  if (places.size === 0) return false
  for (let at = path; ; at = dirname(at)) {
    if (places.has(at)) return true
    if (at === dirname(at)) return false
  }
}
