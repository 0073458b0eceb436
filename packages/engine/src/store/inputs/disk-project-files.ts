import type { FileDigests, FileState, ProjectFiles } from './project-files.ts'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { GlobHandle } from '../../define/inputs.ts'
import { makeTree, type Tree, type TreeEntry } from '../../value/tree.ts'
import { readTree } from '../objects/tree-reader.ts'
import { sightOf, type Sight, type Sighting } from './sighting.ts'
import type { TreeLinks } from './tree-links.ts'
import { findFiles } from './match-files.ts'
import { isMissing } from '@stepwell/base/files'

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

  async tree(path: string, links: TreeLinks = 'input'): Promise<Tree> {
    return await readTree(this.#dir, path, { digests: this.#digests, links })
  }

  async glob(
    { patterns, optional, followLinks }: GlobHandle,
    without: readonly string[],
  ): Promise<Tree> {
    const entries: TreeEntry[] = []
    const unreached = (error: Error): void => {
      // What is optional need not be there; what is there and cannot be read is another matter.
      if (!optional || !isMissing(error.cause)) throw error
    }
    const options = { without, unreached, ...(followLinks === false && { followLinks }) }
    for (const path of (await findFiles(this.#dir, patterns, options)).files) {
      entries.push({ kind: 'file', path, ...(await this.#digests.state(path)) })
    }
    return makeTree(entries)
  }

  async sight(sight: Sight, outs: readonly string[]): Promise<Sighting> {
    return await sightOf(this.#dir, sight, outs)
  }
}
