import type { FileDigests } from '../inputs/project-files.ts'
import { realpathSync, statSync, type Stats } from 'node:fs'
import { join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { StepwellError } from '@stepwell/base/errors'
import { linksInside, makeTree, type Tree, type TreeEntry } from '../../value/tree.ts'
import { listDirectory, readLink, type Listed } from '../inputs/directory.ts'
import type { TreeLinks } from '../inputs/tree-links.ts'
import { unfit, unreachable } from '../inputs/unreachable.ts'
import { isWithin } from '@stepwell/base/paths'

export interface TreeReader {
  readonly digests: FileDigests
  readonly links: TreeLinks
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
 * @throws StepwellError STEPWELL_INPUT_MISSING when it is not a directory or a part of it cannot be read;
 *   STEPWELL_INPUT_TREE for what has no place in a tree.
 */
export async function readTree(
  dir: string,
  root: string,
  { digests, links }: TreeReader,
): Promise<Tree> {
  const absolute = resolve(dir, root)
  const real = realOf(absolute, root)
  const entries: TreeEntry[] = []
  const pending: Directory[] = [{ path: '', real, above: [real] }]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const listed = list(join(absolute, at.path), join(root, at.path))
    if (listed.length === 0 && at.path !== '') entries.push({ kind: 'empty', path: at.path })
    for (const { name, is, escaped } of listed) {
      const path = at.path === '' ? name : `${at.path}/${name}`
      if (escaped !== undefined) throw unfit(join(root, at.path, escaped), 'its name is not UTF-8')
      if (is === 'link') await addLink(path, at)
      else if (is === 'dir') enter(path, at)
      else await addFile(path)
    }
  }
  return makeTree(entries)

  async function addFile(path: string): Promise<void> {
    entries.push({ kind: 'file', path, ...(await digests.state(join(root, path))) })
    if (entries.length % BURST === 0) await turn()
  }

  function enter(path: string, from: Directory): void {
    if (path.endsWith(`/${STATE}`) || path === STATE) {
      // What is left out here would be lost with what is stored and deleted.
      if (links === 'out') throw unfit(join(root, path), 'Stepwell keeps its own there')
      return
    }
    const here = realOf(join(absolute, path), join(root, path))
    // One that holds the tree, such as `/`, comes to it at last: that is told without reading all of it.
    if (from.above.some((each) => isWithin({ path: each, dir: here }))) {
      throw unfit(join(root, path), 'a symbolic link leads back to a directory that it is in')
    }
    pending.push({ path, real: here, above: [...from.above, here] })
  }

  async function addLink(path: string, from: Directory): Promise<void> {
    const place = join(absolute, path)
    const name = join(root, path)
    const { target, escaped } = readLink(place)
    if (escaped !== undefined)
      throw unfit(name, `it is a link to a name that is not UTF-8: ${escaped}`)
    const isInside = linksInside(path, target) && staysInside(place, target)
    if (links === 'unfollowed' || isInside) {
      // What it leads to is not there for those who are to read it by this name.
      if (links === 'input') statOf(place, name)
      entries.push({ kind: 'link', path, target })
      return
    }
    if (links === 'out') throw unfit(name, `a symbolic link leads out of it, to ${target}`)
    if (statOf(place, name).isDirectory()) enter(path, from)
    else await addFile(path)
  }

  /** Whether a link is told by its text, since what it leads to has an entry of its own. */
  function staysInside(place: string, target: string): boolean {
    if (resolve(target) === target) return false
    if (!isWithin({ path: resolve(place, '..', target), dir: absolute })) return false
    try {
      return isWithin({ path: realpathSync(place), dir: real })
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

function list(absolute: string, name: string): Listed[] {
  try {
    return listDirectory(absolute)
  } catch (cause) {
    throw unreachable(name, absolute, cause, 'directory')
  }
}

function statOf(absolute: string, name: string): Stats {
  try {
    return statSync(absolute)
  } catch (cause) {
    throw unreachable(name, absolute, cause, 'file')
  }
}

function realOf(absolute: string, name: string): string {
  try {
    const real = realpathSync(absolute)
    if (statSync(real).isDirectory()) return real
  } catch (cause) {
    throw unreachable(name, absolute, cause, 'directory')
  }
  throw new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    summary: `\`${name}\` is not a directory`,
    hint: 'declare a single file with file()',
  })
}
