import { readdirSync, readFileSync, type Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { codeOf, messageOf, StepwellError } from './errors.ts'

/** The names in a directory; none where there is no such directory. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** As `namesIn`, before it returns. */
export function namesInSync(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** The names of directories in a directory, without links to any; none where there is no such directory. */
export async function directoriesIn(dir: string): Promise<string[]> {
  try {
    return directories(await readdir(dir, { withFileTypes: true }))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** As `directoriesIn`, before it returns. */
export function directoriesInSync(dir: string): string[] {
  try {
    return directories(readdirSync(dir, { withFileTypes: true }))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function directories(entries: readonly Dirent[]): string[] {
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** The bytes of a file, or `undefined` where there is no such file. */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whether an error says that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
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
      summary: `could not write ${place}`,
      details: messageOf(error),
      hint: 'check that it is a folder, its permissions and the free space, then run again',
      cause: error,
    })
  }
}
