import { relative, sep, isAbsolute } from 'node:path'

/** Whether a path is below a directory, or the directory itself, by its text. */
export function isWithin(dir: string, path: string): boolean {
  const inner = relative(dir, path)
  return inner === '' || (!isAbsolute(inner) && inner !== '..' && !inner.startsWith(`..${sep}`))
}
