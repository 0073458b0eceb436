import { StepwellError } from './errors.ts'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

// A temporary entry is a hidden sibling of what it becomes: `.model.json.3f9a0c12.tmp`. A killed writer
// leaves one, which `removeLeftovers` of a later run removes. That may also hit a writer that is still
// alive; it finds its entry gone and starts again. Each run removes leftovers once, so a writer is hit
// at most once by each of those that run beside it.
const ATTEMPTS = 100

/** Replaces a file, durably and in one step: a reader sees the old bytes or the new ones. */
export function writeFileAtomic(path: string, bytes: Uint8Array): void {
  placeAtomic(path, (temporary) => writeDurably(temporary, bytes))
}

/**
 * Makes a file that is not there yet, durably and in one step: of several who try, one does.
 * @returns false when there is something of that name, which stays as it is
 */
export function writeFileOnce(path: string, bytes: Uint8Array): boolean {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = temporarySibling(path)
    try {
      writeDurably(temporary, bytes)
      // Unlike a rename, a link never takes the place of anything.
      linkSync(temporary, path)
      syncFolder(dirname(path))
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
 * Puts a folder with these files in place in one step.
 * @param files name within the folder -> bytes
 * @returns false when there is a folder with something in it already, which stays as it is
 */
export function writeFolderAtomic(path: string, files: ReadonlyMap<string, Uint8Array>): boolean {
  try {
    placeAtomic(path, (temporary) => {
      mkdirSync(temporary)
      for (const [name, bytes] of files) writeDurably(join(temporary, name), bytes)
      syncFolder(temporary)
    })
    return true
  } catch (error) {
    // Windows says EPERM to a rename onto a folder.
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(String(codeOf(error)))) throw error
    if (namesIn(path).length === 0) throw error
    return false
  }
}

/** Removes what killed writers of this entry have left beside it. */
export function removeLeftovers(path: string): void {
  const folder = dirname(path)
  for (const name of namesIn(folder)) {
    if (!name.startsWith(temporaryPrefix(path)) || !name.endsWith('.tmp')) continue
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

/** The names in a folder; none when it does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** The bytes of a file, or `undefined` when there is no such file. */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Runs what writes to a place of the project, and explains a refusal of the file system.
 * @throws StepwellError STEPWELL_WRITE_FAILED
 */
export function writing<T>(place: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    if (codeOf(error) === undefined || error instanceof StepwellError) throw error
    throw new StepwellError({
      code: 'STEPWELL_WRITE_FAILED',
      what: `could not write ${place}`,
      facts: error instanceof Error ? error.message : String(error),
      todo: 'check that it is a folder, its permissions and the free space, then run again',
      cause: error,
    })
  }
}

function placeAtomic(path: string, build: (temporary: string) => void): void {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = temporarySibling(path)
    try {
      build(temporary)
      renameSync(temporary, path)
      syncFolder(dirname(path))
      return
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true })
      if (!isMissing(error) || attempt === ATTEMPTS) throw error
    }
  }
}

function temporarySibling(path: string): string {
  return join(dirname(path), `${temporaryPrefix(path)}${randomBytes(4).toString('hex')}.tmp`)
}

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx')
  try {
    writeFileSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Makes names durable; Windows does it on its own and refuses to be asked. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
