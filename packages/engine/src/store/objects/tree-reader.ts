import type { FileDigests } from '../inputs/project-files.ts'
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync, type Dirent } from 'node:fs'
import { join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { makeTree, type Tree, type TreeEntry } from '../../value/tree.ts'
import { isWithin } from '@stepwell/base/paths'

export interface TreeReader {
  readonly digests: FileDigests
  /** What becomes of a symbolic link that leads out of the tree. */
  readonly outward: 'follow' | 'refuse'
}

/** Directories that are no part of a tree: what Stepwell itself keeps. */
const STATE = '.stepwell'
// Between these many files others get a turn.
const BURST = 1000

/**
 * Reads all that is in a directory. What its files hold is digested, never kept.
 *
 * @param root relative to the project, or absolute
 * @param dir the project directory
 * @throws StepwellError STEPWELL_INPUT_MISSING when it is no directory or a part of it cannot be read;
 *   STEPWELL_INPUT_TREE for what has no place in a tree.
 */
export async function readTree(
  dir: string,
  root: string,
  { digests, outward }: TreeReader,
): Promise<Tree> {
  const absolute = resolve(dir, root)
  const real = realOf(absolute, root)
  const entries: TreeEntry[] = []
  const pending: Directory[] = [{ path: '', real, above: [real] }]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const listed = list(join(absolute, at.path), join(root, at.path))
    if (listed.length === 0 && at.path !== '') entries.push({ kind: 'empty', path: at.path })
    for (const item of listed) {
      const path = at.path === '' ? item.name : `${at.path}/${item.name}`
      if (item.isSymbolicLink()) await addLink(path, at)
      else if (item.isDirectory()) enter(path, at)
      else await addFile(path)
    }
  }
  return makeTree(entries)

  async function addFile(path: string): Promise<void> {
    const name = join(root, path)
    checkName(name, resolve(dir, name))
    entries.push({ kind: 'file', path, ...(await digests.state(name)) })
    if (entries.length % BURST === 0) await turn()
  }

  function enter(path: string, from: Directory): void {
    if (path.endsWith(`/${STATE}`) || path === STATE) {
      // What is left out here would be lost with what is stored and deleted.
      if (outward === 'refuse') throw refused(join(root, path), 'Stepwell keeps its own there')
      return
    }
    const here = realOf(join(absolute, path), join(root, path))
    // One that holds the tree, such as `/`, comes to it at last: that is told without reading all of it.
    if (from.above.some((each) => isWithin(here, each))) {
      throw refused(join(root, path), 'a symbolic link leads back to a directory that it is in')
    }
    pending.push({ path, real: here, above: [...from.above, here] })
  }

  async function addLink(path: string, from: Directory): Promise<void> {
    const place = join(absolute, path)
    const target = readlinkSync(place)
    if (staysInside(place, target)) {
      entries.push({ kind: 'link', path, target })
      return
    }
    if (outward === 'refuse') {
      throw refused(join(root, path), `a symbolic link leads out of it, to ${target}`)
    }
    const stats = statSync(place, { throwIfNoEntry: false })
    if (stats === undefined) entries.push({ kind: 'link', path, target })
    else if (stats.isDirectory()) enter(path, from)
    else await addFile(path)
  }

  /** Whether a link is told by its text, since what it leads to has an entry of its own. */
  function staysInside(place: string, target: string): boolean {
    if (target.startsWith('/') || resolve(target) === target) return false
    if (!isWithin(absolute, resolve(place, '..', target))) return false
    try {
      return isWithin(real, realpathSync(place))
    } catch {
      // It leads nowhere, inside.
      return true
    }
  }
}

interface Directory {
  readonly path: string
  readonly real: string
  /** The real paths of those that it is in, and its own: links must not lead in circles. */
  readonly above: readonly string[]
}

function list(absolute: string, name: string): Dirent[] {
  try {
    return readdirSync(absolute, { withFileTypes: true })
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

function realOf(absolute: string, name: string): string {
  try {
    const real = realpathSync(absolute)
    if (statSync(real).isDirectory()) return real
  } catch (cause) {
    throw unreadable(name, cause)
  }
  throw new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    what: `\`${name}\` is not a directory`,
    todo: 'declare a single file with file()',
  })
}

/** A name that is not UTF-8 comes garbled, and leads nowhere. */
function checkName(name: string, absolute: string): void {
  if (!name.includes('\u{FFFD}') || lstatSync(absolute, { throwIfNoEntry: false })) return
  throw refused(name, 'its name is not UTF-8')
}

function unreadable(name: string, cause: unknown): StepwellError {
  const missing = codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR'
  return new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    what: `the directory \`${name}\` ${missing ? 'does not exist' : 'cannot be read'}`,
    ...(!missing && { facts: codeOf(cause) ?? 'unknown reason' }),
    todo: missing
      ? 'create it, or correct the path, which is relative to the project directory'
      : 'check its permissions',
    cause,
  })
}

function refused(name: string, facts: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_TREE',
    what: `\`${name}\` cannot be part of a directory that Stepwell keeps track of`,
    facts,
    todo: 'rename or remove it',
  })
}
