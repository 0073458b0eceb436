import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './errors.ts'
import { isMissing, namesInSync } from './files.ts'
import { syncDirectories, syncDirectorySync, syncFiles } from './flush.ts'

// A temporary entry is a hidden sibling of what it becomes: `.model.json.3f9a0c12.tmp`. A killed writer
// leaves one, which `removeLeftovers` of a later run removes. That may also hit a writer that is still
// alive; it finds its entry gone and starts again. Each run removes leftovers once, so a writer is hit
// at most once by each of those that run beside it.
const ATTEMPTS = 100
const SUFFIX = '.tmp'
// Names may have 255 bytes; the rest is for what a temporary name adds.
const LONGEST_STEM = 200

export interface AtomicOptions {
  /**
   * Whether the new bytes survive a power loss. Without it a reader may find an empty file after one, so only
   * what means nothing after a reboot, or is checked and made again, goes without.
   * @default true
   */
  readonly durable?: boolean
}

/**
 * Replaces a file in one step: a reader, or a crash at any moment, sees the old bytes or the new ones whole. Makes
 * its directory where it is missing.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array | string,
  { durable = true }: AtomicOptions = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(dirname(path), { recursive: true })
    const temporary = temporarySibling(path)
    try {
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(bytes)
        if (durable) await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
      if (durable) await syncDirectories([dirname(path)])
      return
    } catch (error) {
      await rm(temporary, { force: true })
      if (!isMissing(error) || attempt === ATTEMPTS) throw error
    }
  }
}

/** As `replaceFile`, before it returns. */
export function replaceFileSync(
  path: string,
  bytes: Uint8Array | string,
  { durable = true }: AtomicOptions = {},
): void {
  place(path, durable, (temporary) => write(temporary, bytes, durable))
}

/**
 * Makes a file that is not there yet, durably and in one step: of several who try, one does.
 * @returns false when there is something of that name, which stays as it is
 */
export function createFileSync(path: string, bytes: Uint8Array | string): boolean {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = temporarySibling(path)
    try {
      write(temporary, bytes, true)
      // Unlike a rename, a link never takes the place of anything.
      linkSync(temporary, path)
      syncDirectorySync(dirname(path))
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      if (!isMissing(error) || attempt === ATTEMPTS) throw error
    } finally {
      rmSync(temporary, { force: true })
    }
  }
}

/**
 * Makes a directory with these files, durably and in one step.
 * @param files name within the directory -> bytes
 * @returns false when there is one with something in it already, which stays as it is
 */
export function createFolderSync(path: string, files: ReadonlyMap<string, Uint8Array>): boolean {
  try {
    place(path, true, (temporary) => {
      mkdirSync(temporary)
      for (const [name, bytes] of files) write(join(temporary, name), bytes, true)
      syncDirectorySync(temporary)
    })
    return true
  } catch (error) {
    // Windows says EPERM to a rename onto a directory.
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(String(codeOf(error)))) throw error
    if (namesInSync(path).length === 0) throw error
    return false
  }
}

/**
 * Renames files that were written under temporary names to their final names, durably: all bytes are durable
 * before the first name is given, and all names are when it resolves. Many files are flushed at once.
 * @param staged path -> temporary sibling
 */
export async function placeFiles(staged: ReadonlyMap<string, string>): Promise<void> {
  await syncFiles([...staged.values()])
  for (const [path, temporary] of staged) await rename(temporary, path)
  await syncDirectories([...staged.keys()].map((path) => dirname(path)))
}

/** A name that no other writer uses, on the same file system. */
export function temporarySibling(path: string): string {
  return join(dirname(path), `${prefixOf(path)}${randomBytes(6).toString('hex')}${SUFFIX}`)
}

/** Whether a name is that of a file on its way. */
export function isTemporary(name: string): boolean {
  return name.endsWith(SUFFIX)
}

/** Removes what killed writers of this entry have left beside it. */
export function removeLeftovers(path: string): void {
  const folder = dirname(path)
  for (const name of namesInSync(folder)) {
    if (!name.startsWith(prefixOf(path)) || !isTemporary(name)) continue
    const doomed = temporarySibling(path)
    try {
      // Moved first, in one step: a live writer loses its folder whole or not at all, and never puts
      // a half removed one in place.
      renameSync(join(folder, name), doomed)
      rmSync(doomed, { recursive: true, force: true })
    } catch {
      // Another process was faster, or the next run will do it: leftovers are only a waste of space.
    }
  }
}

function place(path: string, durable: boolean, build: (temporary: string) => void): void {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = temporarySibling(path)
    try {
      build(temporary)
      renameSync(temporary, path)
      if (durable) syncDirectorySync(dirname(path))
      return
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true })
      if (!isMissing(error) || attempt === ATTEMPTS) throw error
    }
  }
}

function write(path: string, bytes: Uint8Array | string, durable: boolean): void {
  const file = openSync(path, 'wx')
  try {
    writeFileSync(file, bytes)
    if (durable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function prefixOf(path: string): string {
  const name = basename(path)
  const isLong = Buffer.byteLength(name) > LONGEST_STEM
  return `.${isLong ? createHash('sha256').update(name).digest('hex') : name}.`
}
