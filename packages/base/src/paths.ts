import { isAbsolute, posix, relative, sep } from 'node:path'
import { digestHex, digestText } from './digest.ts'

// Some file systems allow names of 255 bytes; something may be put after it.
const LONGEST = 180

/** A name for a file of whatever is named so: itself, where it may be the name of a file anywhere. */
export function fileNameOf(name: string): string {
  const safe = encodeURIComponent(name).replaceAll('*', '%2A').replace(/^\./, '%2E')
  return safe.length <= LONGEST ? safe : `${safe.slice(0, LONGEST)}~${digestHex(digestText(name))}`
}

/** Whether a path is below a directory, or the directory itself, by its text: links are not followed. */
export function isWithin({ path, dir }: { readonly path: string; readonly dir: string }): boolean {
  const inner = relative(dir, path)
  return inner === '' || (!isAbsolute(inner) && inner !== '..' && !inner.startsWith(`..${sep}`))
}

/** Whether a normalized path, relative to a directory and with forward slashes, leads out of that directory. */
export function leadsOutside(path: string): boolean {
  return path === '..' || path.startsWith('../') || posix.isAbsolute(path)
}
