import { isAbsolute, posix } from 'node:path'
import { leadsOutside } from '@stepwell/base/paths'
import type { Location } from './stage.ts'

/** A path or URL of a stage: as `dvc.lock` names it, and where it is. */
export interface Located {
  readonly path: string
  readonly location: Location
}

const URL_SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//

/** Where a path is that stands in a stage with this `wdir`. */
export function locate(root: string, wdir: string, written: string): Located {
  const scheme = URL_SCHEME.exec(written)?.[1]
  if (scheme !== undefined) {
    return {
      path: written,
      location: { kind: 'remote', scheme: scheme.toLowerCase(), url: written },
    }
  }
  if (isAbsolute(written)) {
    const inside = posix.relative(root, written)
    if (inside === '' || leadsOutside(inside)) {
      return { path: written, location: { kind: 'outside', path: posix.normalize(written) } }
    }
    // An absolute path inside of the project is recorded as a relative one.
    const path = posix.relative(posix.join(root, wdir), written)
    return { path, location: { kind: 'project', path: inside } }
  }
  const path = joinPath(wdir, written)
  if (leadsOutside(path)) {
    return { path: written, location: { kind: 'outside', path: posix.join(root, path) } }
  }
  return { path: written, location: { kind: 'project', path } }
}

/** Joins and normalizes relative paths; `.` is the root. */
export function joinPath(...parts: readonly string[]): string {
  const joined = posix.join(...parts)
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
}

/** One text for each place, whatever way it was written. */
export function locationKey(location: Location): string {
  return location.kind === 'remote' ? location.url : location.path
}

/** `a` and `a/b` of `a/b/c`: the directories around it. */
export function prefixesOf(path: string): string[] {
  const prefixes: string[] = []
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
    prefixes.push(path.slice(0, at))
  }
  return prefixes
}
