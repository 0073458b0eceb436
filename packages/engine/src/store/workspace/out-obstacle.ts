import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf } from '@stepwell/base/errors'
import { isWithin } from '@stepwell/base/paths'

/** What keeps an out from being in its place. */
export interface Blocker {
  /** Absolute. */
  readonly path: string
  /** A link that leads out of the project, or to nothing; otherwise something other than a directory. */
  readonly isLink: boolean
}

/** What is where a directory above the path should be, if anything is; what is outside is never looked at. */
export function blockerOf(project: string, path: string): Blocker | undefined {
  const parts = dirname(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  let at = project
  for (const part of parts) {
    at = join(at, part)
    const stats = statsAt(at)
    if (stats === undefined) return undefined
    if (stats.isSymbolicLink()) {
      if (leadsInside(project, at)) continue
      return { path: at, isLink: true }
    }
    if (!stats.isDirectory()) return { path: at, isLink: false }
  }
  return undefined
}

/** `undefined` where nothing is, nor can be: a parent may be a file. */
export function statsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

function leadsInside(project: string, link: string): boolean {
  try {
    return (
      isWithin({ path: realpathSync(link), dir: realpathSync(project) }) &&
      statSync(link).isDirectory()
    )
  } catch {
    return false
  }
}
