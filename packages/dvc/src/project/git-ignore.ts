import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { IgnoreRules } from './ignore-rules.ts'

/** Whether Git ignores a path, relative to the project; without a repository it ignores none. */
export type GitIgnores = (path: string, isDir: boolean) => boolean

/** What Git ignores in a project, which may be somewhere inside of a repository. */
export function gitIgnore(root: string): GitIgnores {
  const top = repositoryOf(root)
  if (top === undefined) return () => false
  const exclude = join(top, '.git', 'info', 'exclude')
  const own = statSync(exclude, { throwIfNoEntry: false })?.isFile() === true
  const rules = new IgnoreRules(top, '.gitignore', own ? linesOf(exclude) : [])
  const prefix = relative(top, root).replaceAll('\\', '/')
  return (path, isDir) => rules.ignores(prefix === '' ? path : `${prefix}/${path}`, isDir)
}

/**
 * Lets Git ignore an output that the cache keeps, by a line in the `.gitignore` beside it, as DVC does;
 * where there is a repository, and nothing else ignores it yet.
 * @param path relative to the root
 * @returns the `.gitignore` that has a new line, relative to the root
 */
export function ignoreInGit(root: string, path: string): string | undefined {
  if (repositoryOf(root) === undefined) return undefined
  const ignores = gitIgnore(root)
  if (ignores(path, false) || ignores(path, true)) return undefined
  const file = posix.join(posix.dirname(path), '.gitignore')
  const disk = join(root, file)
  const before = existsSync(disk) ? readFileSync(disk, 'utf8') : ''
  const name = posix.basename(path).replace(/[\\[\]!*#?]/g, '\\$&')
  appendFileSync(disk, `${before === '' || before.endsWith('\n') ? '' : '\n'}/${name}\n`)
  return file
}

function repositoryOf(root: string): string | undefined {
  let top = root
  while (!existsSync(join(top, '.git'))) {
    if (dirname(top) === top) return undefined
    top = dirname(top)
  }
  return top
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split(/\r?\n/)
}
