const STATE = '.stepwell'

/**
 * Whether a path that was read from a record leads to a place inside of the directory that it is relative to, by
 * its text: not absolute, not upwards, not to that directory itself, not to where Stepwell keeps its own. A
 * state directory may come from anywhere, with a copied project or a cache of a CI: no path of it is used
 * unless it passes here.
 */
export function isRecordedPath(path: unknown): path is string {
  if (typeof path !== 'string' || path.includes('\0')) return false
  if (path.startsWith('/') || path.startsWith('\\') || /^[A-Za-z]:/.test(path)) return false
  // On Windows a backslash parts names, elsewhere it is part of one: neither way may lead out.
  const depths = [path.split('/'), path.split(/[\\/]/)].map(depthOf)
  return depths.every((depth) => depth > 0)
}

/** How deep a path leads; 0 where it leads out or nowhere. */
function depthOf(parts: readonly string[]): number {
  let depth = 0
  for (const part of parts) {
    if (part === '' || part === '.') continue
    if (part.toLowerCase() === STATE) return 0
    depth += part === '..' ? -1 : 1
    if (depth < 0) return 0
  }
  return depth
}

/** Whether a text that was read from a record is the name of a file, with no directory in it. */
export function isRecordedName(name: unknown): name is string {
  return typeof name === 'string' && !/[/\\\0]/.test(name) && !['', '.', '..'].includes(name)
}
