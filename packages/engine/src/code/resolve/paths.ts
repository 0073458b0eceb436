import { realpathSync } from 'node:fs'
import { relative, sep } from 'node:path'

/** Relative to the project, with forward slashes, so that a project can be moved. */
export function projectPath(file: string, dir: string): string {
  return relative(dir, file).split(sep).join('/')
}

/** The path with symbolic links resolved, where there is such a file. */
export function real(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
