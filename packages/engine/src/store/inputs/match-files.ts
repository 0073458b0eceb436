import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isMissing } from '@stepwell/base/files'
import { isWithin } from '@stepwell/base/paths'
import { kindOf, listDirectory, readLink, type Listed } from './directory.ts'
import { Patterns, type Places } from './patterns.ts'
import { unfit, unreachable } from './unreachable.ts'

/** No sources: what Stepwell keeps, and what is installed. */
const IGNORED = new Set(['.stepwell', 'node_modules'])
// Between these many directories others get a turn.
const BURST = 64

export interface MatchOptions {
  /** Paths of files and directories that are left out. */
  readonly without: readonly string[]
  /** Whether links count as what they lead to; else they are left out. @default true */
  readonly followLinks?: boolean
  /** What is done about what matches, or may hold what does, and cannot be reached. @default it is thrown */
  readonly unreached?: (error: Error) => void
}

/** What was found of patterns. */
export interface Matches {
  /** Relative to the directory, each once. */
  readonly files: readonly string[]
  /** What was listed, by the paths of directories: all names, whether they match or not. */
  readonly listed: ReadonlyMap<string, readonly string[]>
}

/**
 * The files of a directory that match patterns. Directories are only looked into where something that
 * matches may be.
 *
 * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE for what cannot be reached.
 */
export async function findFiles(
  dir: string,
  patterns: readonly string[],
  { without, followLinks = true, unreached }: MatchOptions,
): Promise<Matches> {
  const wanted = new Patterns(dir, patterns)
  const files: string[] = []
  const listed = new Map<string, string[]>()
  const leftOut = new Set(without.map((path) => posix.normalize(path).replace(/\/$/, '')))
  // A link may lead to what is left out by its own path.
  const leftOutReally = new Set(without.map((path) => placeOf(join(dir, path))))
  const real = placeOf(dir)
  const pending: Directory[] = [{ path: '', real, above: [real], places: wanted.start }]
  for (let at = pending.pop(), n = 1; at !== undefined; at = pending.pop(), n += 1) {
    for (const entry of entriesOf(at)) look(entry, at)
    if (n % BURST === 0) await turn()
  }
  return { files: [...new Set(files)], listed }

  function entriesOf({ path, places }: Directory): Listed[] {
    const names = wanted.namesAfter(places)
    if (names !== 'any') return [...names].flatMap((name) => entryOf(path, name))
    try {
      const found = listDirectory(resolve(dir, path))
      listed.set(
        path,
        found.map(({ name }) => name),
      )
      return found
    } catch (cause) {
      fail(unreachable(path === '' ? '.' : path, resolve(dir, path), cause, 'directory'))
      return []
    }
  }

  /** One that is named by the patterns: it need not be there. */
  function entryOf(path: string, name: string): Listed[] {
    const inner = posix.join(path, name)
    try {
      return [{ name, is: kindOf(lstatSync(resolve(dir, inner))) }]
    } catch (cause) {
      if (!isMissing(cause)) fail(unreachable(inner, resolve(dir, inner), cause, 'file'))
      return []
    }
  }

  function look({ name, is, escaped }: Listed, from: Directory): void {
    const path = posix.join(from.path, name)
    const places = wanted.after(from.places, name)
    const isMatch = wanted.matches(path)
    const goesOn = wanted.goOn(places)
    if (IGNORED.has(name) || (!isMatch && !goesOn)) return
    if (leftOut.has(path) || wanted.leavesOut(path)) return
    if (escaped !== undefined) {
      fail(unfit(posix.join(from.path, escaped), 'its name is not UTF-8'))
      return
    }
    if (is === 'link' && !followLinks) return
    const absolute = resolve(dir, path)
    let leadsTo: { readonly real: string; readonly is: Listed['is'] }
    try {
      leadsTo =
        is === 'link'
          ? { real: realpathSync.native(absolute), is: kindOf(statSync(absolute)) }
          : { real: name === '..' ? dirname(from.real) : join(from.real, name), is }
    } catch (cause) {
      // One to what a step has still to make.
      if (is === 'link' && isIn(leftOutReally, endOf(absolute, from.real))) return
      fail(unreachable(path, absolute, cause, 'file'))
      return
    }
    if (isIn(leftOutReally, leadsTo.real)) return
    if (leadsTo.is === 'file' && isMatch) files.push(path)
    if (leadsTo.is !== 'dir' || !goesOn) return
    const isCircle =
      is === 'link' && from.above.some((each) => isWithin({ path: each, dir: leadsTo.real }))
    if (isCircle && wanted.goDeep(places)) {
      const facts = 'a symbolic link leads back to a directory that it is in'
      fail(unfit(path, facts, 'remove it, or declare the input with { followLinks: false }'))
      return
    }
    pending.push({ path, real: leadsTo.real, above: [...from.above, leadsTo.real], places })
  }

  function fail(error: Error): void {
    if (unreached === undefined) throw error
    unreached(error)
  }
}

/** The files of a directory that match patterns, as far as they can be reached. */
export async function matchFiles(
  dir: string,
  patterns: readonly string[],
  without: readonly string[],
): Promise<string[]> {
  const { files } = await findFiles(dir, patterns, { without, unreached: () => undefined })
  return [...files]
}

interface Directory {
  readonly path: string
  readonly real: string
  /** The real paths of those that it is in, and its own. */
  readonly above: readonly string[]
  readonly places: Places
}

/** Where something is or would be, links resolved as far as there is something. */
function placeOf(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path === dirname(path) ? path : join(placeOf(dirname(path)), basename(path))
  }
}

/** Where a link that leads to nothing ends. */
function endOf(link: string, real: string): string {
  const { target } = readLink(link)
  return placeOf(resolve(real, target))
}

/** Whether a path is one of some places, or inside of one. */
function isIn(places: ReadonlySet<string>, path: string): boolean {
  if (places.size === 0) return false
  for (let at = path; ; at = dirname(at)) {
    if (places.has(at)) return true
    if (at === dirname(at)) return false
  }
}
