import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, cp, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from './errors.ts'

/**
 * Writes a file so that a reader, or a crash at any moment, sees the old bytes or the new ones whole:
 * temporary sibling, fsync, rename, fsync of the directory.
 */
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = temporarySibling(path)
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** A name that nobody else uses, on the same file system. */
export function temporarySibling(path: string): string {
  return `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`
}

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

/** A directory that nobody may write cannot change its parent: it can for as long as that takes. */
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

// From here on one flush of the whole file system is quicker than one of each file.
const FEW = 32

/** Makes what was written to files durable. They are all in one file system. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  const [first] = paths
  if (first === undefined) return
  if (paths.length > FEW && (await syncFileSystem(dirname(first)))) return
  for (const path of paths) await sync(path)
}

/** Makes renames in directories durable, where the platform can (Windows cannot open one). */
export async function syncDirectories(paths: Iterable<string>): Promise<void> {
  if (process.platform === 'win32') return
  const all = [...new Set(paths)]
  const [first] = all
  if (first !== undefined && all.length > FEW && (await syncFileSystem(first))) return
  for (const path of all) await sync(path)
}

async function syncDirectory(path: string): Promise<void> {
  await syncDirectories([path])
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Node has no `syncfs`; where there is GNU's `sync` it is asked. Returns whether it did its work. */
async function syncFileSystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return await new Promise((done) => {
    const child = spawn('sync', ['-f', path], { stdio: 'ignore' })
    child.on('error', () => done(false))
    child.on('close', (code) => done(code === 0))
  })
}
