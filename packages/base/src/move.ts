import { chmod, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporarySibling } from './atomic-file.ts'
import { codeOf } from './errors.ts'

/** Renames a file or directory; copies it where that is to another file system. */
export async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  try {
    await renameWithin(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    const temporary = temporarySibling(to)
    try {
      await cp(from, temporary, {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      })
      await rename(temporary, to)
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true })
      throw cause
    }
    await remove(from)
  }
}

/** A read-only directory cannot be given another parent: it is made writable for as long as that takes. */
async function renameWithin(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    const stats = await lstat(from)
    if (!stats.isDirectory() || (stats.mode & 0o200) !== 0) throw error
    await chmod(from, stats.mode | 0o200)
    let place = from
    try {
      await rename(from, to)
      place = to
    } finally {
      await chmod(place, stats.mode)
    }
  }
}

/**
 * Removes what is at a path, if anything is; also what is in directories that were made read-only, as
 * package managers do.
 */
export async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(codeOf(error) ?? '')) throw error
    await makeWritable(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function makeWritable(dir: string): Promise<void> {
  await chmod(dir, 0o700)
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(dir, entry.name))
  }
}
