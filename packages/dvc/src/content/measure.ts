import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dvcError } from '../dvc-error.ts'
import type { IgnoreRules } from '../project/ignore-rules.ts'
import type { Location } from '../project/stage.ts'
import type { Content } from './content.ts'
import { dirHash, type ListedFile } from './dir-listing.ts'
import { md5OfFile, type HashName } from './md5.ts'

/** Looks at what is in a project now. */
export interface Workspace {
  readonly root: string
  readonly ignore: IgnoreRules
  /** The MD5 of a file: one who measures often may have kept it. */
  readonly md5: (path: string, size: number, name: HashName) => Promise<string>
}

export interface Measured extends Content {
  readonly md5: string
  readonly size: number
  /** The files of a directory. */
  readonly files?: readonly ListedFile[]
}

export function workspaceOf(root: string, ignore: IgnoreRules): Workspace {
  return { root, ignore, md5: md5OfFile }
}

/** The path of a location for the file system. */
export function diskPath(root: string, location: Location): string | undefined {
  if (location.kind === 'remote') return undefined
  return location.kind === 'outside' ? location.path : join(root, location.path)
}

/**
 * The content at a place, or `undefined` where there is nothing. Links to files count as the files;
 * links to directories inside of a directory are passed over, as DVC does.
 * @throws StepwellError STEPWELL_DVC_DATA for what is neither file nor directory, and for a
 *   `.dvcignore` inside of a directory that is tracked
 */
export async function measure(
  workspace: Workspace,
  location: Location,
  name: HashName = 'md5',
): Promise<Measured | undefined> {
  const path = diskPath(workspace.root, location)
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
  if (path === undefined || stat === undefined) return undefined
  const hash = name === 'md5' ? { hash: 'md5' } : {}
  if (stat.isFile()) {
    const md5 = await workspace.md5(path, stat.size, name)
    const isexec = (stat.mode & 0o111) !== 0
    return { ...hash, md5, size: stat.size, ...(isexec ? { isexec } : {}), other: new Map() }
  }
  if (!stat.isDirectory()) refuse(path, 'it is neither a file nor a directory')
  const walk = new DirectoryWalk(workspace, location, path, name)
  await walk.into('')
  const { files, size } = walk
  return { ...hash, md5: dirHash(files), size, nfiles: files.length, files, other: new Map() }
}

class DirectoryWalk {
  readonly files: ListedFile[] = []
  size = 0
  readonly #workspace: Workspace
  readonly #location: Location
  readonly #path: string
  readonly #name: HashName

  constructor(workspace: Workspace, location: Location, path: string, name: HashName) {
    this.#workspace = workspace
    this.#location = location
    this.#path = path
    this.#name = name
  }

  async into(dir: string): Promise<void> {
    for (const entry of readdirSync(join(this.#path, dir), { withFileTypes: true })) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`
      const disk = join(this.#path, path)
      if (entry.isDirectory()) {
        if (!this.#ignores(path, true)) await this.into(path)
        continue
      }
      if (this.#ignores(path, false)) continue
      if (entry.name === '.dvcignore') refuse(disk, 'there is no .dvcignore inside of tracked data')
      const stat = statSync(disk, { throwIfNoEntry: false })
      if (stat === undefined) refuse(disk, 'it is a link that leads nowhere')
      if (stat.isDirectory()) continue
      if (!stat.isFile()) refuse(disk, 'it is neither a file nor a directory')
      this.size += stat.size
      this.files.push({ path, md5: await this.#workspace.md5(disk, stat.size, this.#name) })
    }
  }

  #ignores(path: string, isDir: boolean): boolean {
    if (this.#location.kind !== 'project') return false
    const dir = this.#location.path
    return this.#workspace.ignore.ignores(dir === '.' ? path : `${dir}/${path}`, isDir)
  }
}

function refuse(path: string, what: string): never {
  throw dvcError(path, {
    code: 'STEPWELL_DVC_DATA',
    summary: what,
    hint: 'expected files and directories',
  })
}
