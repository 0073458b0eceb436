import { fileURLToPath } from 'node:url'

/** A place in a source file that was on the stack when a step was made. */
export interface CallSite {
  /** Absolute path. */
  readonly file: string
  /** Both from 1; the column counts UTF-16 code units. */
  readonly line: number
  readonly column: number
  /** Whether the call here is that of `step()` itself, not of another function that calls it. */
  readonly direct: boolean
}

// `at name (file:///dir/a.ts:1:2)` or `at file:///dir/a.ts:1:2`; a path may hold parentheses itself.
const FRAME = /^\s+at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/

/**
 * A stack up to the top level of the module that was being loaded: how that module came to be loaded
 * says nothing of how a step is made.
 */
export function cutStack(stack: string): string {
  const end = stack.indexOf('node:internal/modules/')
  return end < 0 ? stack : stack.slice(0, stack.lastIndexOf('\n', end))
}

/** The project's own frames of a stack that has been cut, innermost first. */
export function parseCallSites(stack: string, isOwn: (file: string) => boolean): CallSite[] {
  const sites: CallSite[] = []
  let direct = true
  for (const frame of stack.split('\n').slice(1)) {
    const [, where, line, column] = FRAME.exec(frame.replace(' async ', ' ')) ?? []
    const file = where === undefined ? undefined : toPath(where)
    if (file !== undefined && isOwn(file)) {
      sites.push({ file, line: Number(line), column: Number(column), direct })
    }
    direct = false
  }
  return sites
}

// Many frames are of few files.
const PATHS = new Map<string, string>()

function toPath(where: string): string {
  const known = PATHS.get(where) ?? pathOf(where)
  PATHS.set(where, known)
  return known
}

function pathOf(where: string): string {
  if (!where.startsWith('file:')) return where.replace(/\?.*$/, '')
  const url = new URL(where)
  url.search = ''
  return fileURLToPath(url)
}
