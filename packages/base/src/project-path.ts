import { StepwellError } from './errors.ts'
import { lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { isWithin } from './paths.ts'

/** A place in the project that a step may write to. */
export interface ProjectPath {
  /** Absolute, for the file system; never for an output. */
  readonly absolute: string
  /** Relative to the project directory, with forward slashes: the same on every machine. */
  readonly relative: string
}

/**
 * Resolves a path below the project directory. It need not exist; no part of it that does may lead
 * outside through a symbolic link.
 *
 * @param dir the project directory, absolute
 * @param path relative to it
 * @throws StepwellError STEPWELL_PATH_OUTSIDE
 */
export function projectPath(dir: string, path: string): ProjectPath {
  const absolute = resolve(dir, path)
  if (isAbsolute(path)) throw outside(path, 'it is absolute')
  if (absolute === resolve(dir) || !isWithin({ path: absolute, dir: resolve(dir) }))
    throw outside(path, 'it does not lead below it')
  const real = realpathSync(dir)
  const linked = realAncestor(absolute)
  if (linked === undefined) throw outside(path, 'a symbolic link on the way leads nowhere')
  if (!isWithin({ path: linked, dir: real })) {
    throw outside(path, `a symbolic link on the way leads to ${linked}`)
  }
  return { absolute, relative: relative(dir, absolute).split(sep).join('/') }
}

/** Where the nearest part of the path that exists really is; `undefined` at a dangling link. */
function realAncestor(path: string): string | undefined {
  let part = path
  while (!exists(part)) part = dirname(part)
  try {
    return realpathSync(part)
  } catch {
    return undefined
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    // Also a path through something that is not a folder; what writes there will say so.
    return false
  }
}

function outside(path: string, why: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_PATH_OUTSIDE',
    summary: `the path ${JSON.stringify(path)} is outside the project directory`,
    details: why,
    hint: "give a path below the project directory in the step's params",
  })
}
