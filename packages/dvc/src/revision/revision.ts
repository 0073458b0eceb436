import { readFileSync } from 'node:fs'
import { isWithin } from '@stepwell/base/paths'
import type { Content } from '../content/content.ts'
import type { DvcCache } from '../content/dvc-cache.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import { lockFileOf, readLock } from '../lock/read-lock.ts'
import type { DvcProject } from '../project/load-project.ts'
import { joinPath } from '../project/location.ts'
import { decodeText, ProjectFiles } from '../project/project-files.ts'
import type { Location } from '../project/stage.ts'
import type { Tree } from '../project/tree.ts'

/** A project at some time: now, in a commit, or after a run. Paths are relative to its root. */
export interface Revision {
  readonly name: string
  readonly project: DvcProject
  readonly files: ProjectFiles
  /** Whether only the outs of a run are there: what is missing is then not known, rather than not there. */
  readonly isPartial: boolean
  /** The path itself where it is a file, those below it where it is a directory. */
  readonly find: (path: string) => readonly string[]
  /** `undefined` where there is no such file. */
  readonly bytes: (path: string) => Promise<Uint8Array | undefined>
}

/** The text of a file, or `undefined` if it does not exist. */
export async function textAt(revision: Revision, path: string): Promise<string | undefined> {
  const bytes = await revision.bytes(path)
  return bytes === undefined ? undefined : decodeText(path, bytes)
}

/** A project whose files are those of a tree and, where they are not there, those of DVC's cache. */
export function revisionOf(
  name: string,
  project: DvcProject,
  files: ProjectFiles,
  cache: DvcCache | undefined,
): Revision {
  const recorded: ReadonlyMap<string, Content> =
    cache === undefined ? new Map() : recordedFiles(project, files, cache)
  return {
    name,
    project,
    files,
    isPartial: cache === undefined,
    find: (path) => {
      if (files.tree.kind(path) === 'file' || recorded.has(path)) return [path]
      const found = filesBelow(files.tree, path)
      for (const each of recorded.keys()) if (isWithin({ path: each, dir: path })) found.add(each)
      return [...found].toSorted()
    },
    bytes: async (path) => {
      if (files.tree.kind(path) === 'file') return files.tree.bytes(path)
      const content = recorded.get(path)
      if (cache === undefined || content?.md5 === undefined) return undefined
      if (!(await cache.has(content))) return undefined
      return readFileSync(cache.path(content.md5, content.hash === undefined))
    },
  }
}

function filesBelow(tree: Tree, path: string): Set<string> {
  const found = new Set<string>()
  const walk = (dir: string): void => {
    for (const { name, isDir } of tree.list(dir)) {
      const below = dir === '' ? name : `${dir}/${name}`
      if (isDir && name !== '.git' && name !== '.dvc' && name !== '.stepwell') walk(below)
      else if (!isDir) found.add(below)
    }
  }
  if (tree.kind(path) === 'dir') walk(path === '.' ? '' : path)
  return found
}

/** Which file has which content by the `dvc.lock` and `*.dvc` files: outs of directories by their lists. */
function recordedFiles(
  { stages, sources }: DvcProject,
  files: ProjectFiles,
  cache: DvcCache,
): ReadonlyMap<string, Content> {
  const found = new Map<string, Content>()
  const add = (location: Location, content: Content | undefined): void => {
    if (content?.md5 === undefined || location.kind !== 'project') return
    if (!content.md5.endsWith('.dir')) {
      found.set(location.path, content)
      return
    }
    const { hash } = content
    for (const { path, md5 } of cache.listing(content) ?? []) {
      const each = { md5, ...(hash !== undefined && { hash }), other: new Map() }
      found.set(joinPath(location.path, path), each)
    }
  }
  const locks = new Map<string, ReadonlyMap<string, LockEntry>>()
  for (const { file, name, outs } of stages) {
    const lock = locks.get(file) ?? readLock(lockFileOf(file), files)
    locks.set(file, lock)
    const entry = lock.get(name)
    for (const { location, path } of outs) add(location, entry?.outs.get(path))
  }
  for (const { outs } of sources) for (const out of outs) add(out.location, out.content)
  return found
}
