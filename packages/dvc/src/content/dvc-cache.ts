import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { placeFiles, temporarySibling } from '@stepwell/base/atomic-file'
import { dvcError } from '../dvc-error.ts'
import type { Content } from './content.ts'
import { listingText, readListing, type ListedFile } from './dir-listing.ts'
import { md5OfFile, md5OfText, type HashName } from './md5.ts'
import type { Measured } from './measure.ts'

const READ_ONLY = 0o444

/** The cache of DVC: `.dvc/cache/files/md5/ab/cdef...`, and that of DVC 2 above it. */
export class DvcCache {
  readonly #dir: string

  /** @param cacheDir as in `.dvc/config`: relative to `.dvc` */
  constructor(root: string, cacheDir: string) {
    this.#dir = resolve(root, '.dvc', cacheDir)
  }

  /** Where the bytes of a hash are kept. */
  path(md5: string, legacy: boolean): string {
    const dir = legacy ? this.#dir : join(this.#dir, 'files', 'md5')
    return join(dir, md5.slice(0, 2), md5.slice(2))
  }

  /** Whether all of a content is there and undamaged. */
  async has(content: Content): Promise<boolean> {
    const { md5 } = content
    if (md5 === undefined) return false
    const legacy = content.hash === undefined
    if (!(await this.#holds(md5, legacy))) return false
    if (!md5.endsWith('.dir')) return true
    const files = this.listing(content)
    if (files === undefined) return false
    for (const file of files) if (!(await this.#holds(file.md5, legacy))) return false
    return true
  }

  /** The files of a directory, or `undefined` where the cache lacks its list or it is damaged. */
  listing(content: Content): readonly ListedFile[] | undefined {
    const { md5, hash } = content
    if (md5 === undefined) return undefined
    const path = this.path(md5, hash === undefined)
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
    const text = readFileSync(path, 'utf8')
    return `${md5OfText(text)}.dir` === md5 ? readListing(path, text) : undefined
  }

  /**
   * Makes a copy of a content at a path where there is nothing yet.
   * @throws StepwellError STEPWELL_DVC_CACHE where the cache lacks some of it, or it is damaged
   */
  async checkout(content: Content, target: string): Promise<void> {
    const { md5 } = content
    if (md5 === undefined || !(await this.has(content))) {
      throw dvcError(target, {
        code: 'STEPWELL_DVC_CACHE',
        summary: `the cache of DVC lacks ${md5 ?? 'what is recorded'}`,
        hint: 'run the stage, or get the data with dvc pull',
      })
    }
    const legacy = content.hash === undefined
    mkdirSync(dirname(target), { recursive: true })
    if (!md5.endsWith('.dir')) {
      return await this.#copyOut(md5, legacy, target, content.isexec === true)
    }
    mkdirSync(target)
    try {
      for (const file of this.listing(content) ?? []) {
        const path = join(target, file.path)
        mkdirSync(dirname(path), { recursive: true })
        await this.#copyOut(file.md5, legacy, path, false)
      }
    } catch (error) {
      rmSync(target, { recursive: true, force: true })
      throw error
    }
  }

  /**
   * Keeps what was measured at a path. The bytes may have changed since: they are measured again.
   * @throws StepwellError STEPWELL_DVC_DATA where they are others by now
   */
  async keep(measured: Measured, source: string): Promise<void> {
    const legacy = measured.hash === undefined
    const { md5, files } = measured
    await this.#place(legacy, files ?? [{ md5, path: '' }], (path, file) =>
      copyIn(join(source, file.path), path, file.md5, legacy),
    )
    if (files === undefined) return
    // The list comes last: where it is, its files are.
    const list = listingText(files)
    await this.#place(legacy, [{ md5 }], (path) => Promise.resolve(writeFileSync(path, list)))
  }

  // As DVC, a file that is read-only was checked when it became so.
  async #holds(md5: string, legacy: boolean): Promise<boolean> {
    const path = this.path(md5, legacy)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isFile() !== true) return false
    if ((stat.mode & 0o777) === READ_ONLY) return true
    const found = await md5OfFile(path, stat.size, hashName(legacy))
    return found === md5.replace(/\.dir$/, '')
  }

  // What DVC takes on trust for being read-only is looked at before it becomes an output of ours.
  async #copyOut(md5: string, legacy: boolean, target: string, isexec: boolean): Promise<void> {
    const source = this.path(md5, legacy)
    copyFileSync(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    const found = await md5OfFile(target, statSync(target).size, hashName(legacy))
    if (found !== md5) {
      rmSync(target, { force: true })
      throw dvcError(source, {
        code: 'STEPWELL_DVC_CACHE',
        summary: 'the object is damaged',
        hint: 'remove it, then run the stage or get the data with dvc pull',
      })
    }
    chmodSync(target, (isexec ? 0o777 : 0o666) & ~process.umask())
  }

  // DVC trusts an object that is read-only without a look at its bytes: they are durable before it has its name.
  async #place<T extends { readonly md5: string }>(
    legacy: boolean,
    objects: readonly T[],
    write: (path: string, object: T) => Promise<void>,
  ): Promise<void> {
    const staged = new Map<string, string>()
    try {
      for (const object of objects) {
        const path = this.path(object.md5, legacy)
        if (staged.has(path) || (await this.#holds(object.md5, legacy))) continue
        mkdirSync(dirname(path), { recursive: true })
        const temporary = temporarySibling(path)
        staged.set(path, temporary)
        await write(temporary, object)
        chmodSync(temporary, READ_ONLY)
      }
      await placeFiles(staged)
    } finally {
      for (const temporary of staged.values()) rmSync(temporary, { force: true })
    }
  }
}

async function copyIn(source: string, path: string, md5: string, legacy: boolean): Promise<void> {
  copyFileSync(source, path, constants.COPYFILE_FICLONE)
  const { size } = statSync(path)
  if ((await md5OfFile(path, size, hashName(legacy))) === md5) return
  throw dvcError(source, {
    code: 'STEPWELL_DVC_DATA',
    summary: 'the file changed while it was read',
    hint: 'run again',
  })
}

function hashName(legacy: boolean): HashName {
  return legacy ? 'md5-dos2unix' : 'md5'
}
