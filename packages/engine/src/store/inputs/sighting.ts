import type { GlobHandle } from '../../define/inputs.ts'
import { isGlob } from '../../define/input-kinds.ts'
import { lstatSync, readdirSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isWithin } from '@stepwell/base/paths'
import { findFiles } from './match-files.ts'
import type { TreeLinks } from './tree-links.ts'

/** Something of the project that a step is about to use. */
export type Sight =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'dir'; readonly path: string; readonly links: TreeLinks }
  | GlobHandle

/**
 * Whether what was looked at has been touched since, be it the same by now: what changes and changes back
 * while a step uses it leaves other times, another inode, or both. To have been read leaves nothing, nor has
 * a hard link to it that came or went.
 */
export type Sighting = () => Promise<boolean>

/** Directories that are no part of an input: what Stepwell itself keeps. */
const STATE = '.stepwell'
// Between these many files others get a turn.
const BURST = 1000
// Clocks of file systems are behind the one of the process by a tick at most.
const TICK_NS = 20_000_000n

/**
 * Looks at an input before a step uses it.
 *
 * @param dir the project directory
 * @param outs paths that steps of the pipeline write, which may come and go meanwhile
 */
export async function sightOf(
  dir: string,
  sight: Sight,
  outs: readonly string[],
): Promise<Sighting> {
  const stamps = new Stamps(dir)
  if (isGlob(sight)) return await sightOfGlob(dir, sight, outs, stamps)
  switch (sight.kind) {
    case 'file':
      stamps.addFile(resolve(dir, sight.path))
      return async () => await stamps.differ()
    case 'dir':
      await addTree(stamps, resolve(dir, sight.path), sight.links)
      return async () => await stamps.differ()
  }
}

async function addTree(stamps: Stamps, root: string, links: TreeLinks): Promise<void> {
  stamps.addFile(root)
  const seen = new Set<string>()
  const pending = [root]
  for (let at = pending.pop(), n = 1; at !== undefined; at = pending.pop(), n += 1) {
    const real = realOf(at)
    if (real === undefined || seen.has(real)) continue
    seen.add(real)
    stamps.add(at, 'followed')
    for (const entry of entriesIn(at)) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== STATE) pending.push(path)
        continue
      }
      stamps.add(path, 'itself')
      if (!entry.isSymbolicLink() || links === 'unfollowed') continue
      if (stamps.add(path, 'followed')?.isDirectory() === true) pending.push(path)
    }
    if (n % BURST === 0) await turn()
  }
}

async function sightOfGlob(
  dir: string,
  { patterns, followLinks }: GlobHandle,
  without: readonly string[],
  stamps: Stamps,
): Promise<Sighting> {
  const options = {
    without,
    unreached: () => undefined,
    ...(followLinks !== undefined && { followLinks }),
  }
  const at = BigInt(Date.now()) * 1_000_000n - TICK_NS
  const { files, listed } = await findFiles(dir, patterns, options)
  for (const path of files) stamps.addFile(resolve(dir, path))
  const before = new Set(files)
  const folders = [...listed].map(([path, names]) => {
    return { path, names, stats: statsAt(resolve(dir, path), 'followed') }
  })
  return async () => {
    if (await stamps.differ()) return true
    const changed = folders.filter(({ path, stats }) => {
      return isTouched(stats, statsAt(resolve(dir, path), 'followed'))
    })
    if (changed.length === 0) return false
    const after = await findFiles(dir, patterns, options)
    if (after.files.some((path) => !before.has(path))) return true
    return changed.some(({ path, names }) => !isExplained(path, names))
  }

  /**
   * Whether changes that the patterns do not cover explain the change of a directory; otherwise something
   * came and went.
   */
  function isExplained(folder: string, names: readonly string[]): boolean {
    const paths = names.map((name) => (folder === '' ? name : `${folder}/${name}`))
    if (!paths.some((path) => before.has(path))) return true
    if (without.some((out) => folder === '' || out.startsWith(`${folder}/`))) return true
    const now = entriesIn(resolve(dir, folder)).map(({ name }) => name)
    const had = new Set(names)
    if (now.length !== names.length || now.some((name) => !had.has(name))) return true
    // One that was written anew beside them, as editors do.
    return paths.some((path) => {
      if (before.has(path)) return false
      const stats = statsAt(resolve(dir, path), 'itself')
      return stats !== undefined && stats.ctimeNs > at
    })
  }
}

type How = 'itself' | 'followed'
type Stamp = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs' | 'nlink'>

/** Stat signatures of paths, and of the directories and links on the way to them. */
class Stamps {
  readonly #dir: string
  readonly #known: Readonly<Record<How, Map<string, Stamp | undefined>>> = {
    itself: new Map(),
    followed: new Map(),
  }
  readonly #ways = new Map<string, Stamp | undefined>()

  constructor(dir: string) {
    this.#dir = dir
  }

  add(path: string, how: How): BigIntStats | undefined {
    const stats = statsAt(path, how)
    this.#known[how].set(path, stats && stampOf(stats))
    return stats
  }

  addFile(path: string): void {
    this.addWay(path)
    if (this.add(path, 'itself')?.isSymbolicLink() === true) this.add(path, 'followed')
  }

  /** What is above a path, as it is written and as it really is. */
  addWay(path: string): void {
    for (let at = dirname(path); !this.#ways.has(at) && this.#isOnWay(at); at = dirname(at)) {
      const stats = statsAt(at, 'itself')
      if (stats?.isSymbolicLink() === true) {
        this.add(at, 'itself')
        const real = realOf(at)
        if (real !== undefined) this.addWay(join(real, '.stepwell'))
      }
      this.#ways.set(at, stats && stampOf(stats))
    }
  }

  async differ(): Promise<boolean> {
    let n = 0
    for (const how of ['itself', 'followed'] as const) {
      for (const [path, stamp] of this.#known[how]) {
        if (isTouched(stamp, statsAt(path, how))) return true
        n += 1
        if (n % BURST === 0) await turn()
      }
    }
    return [...this.#ways].some(([path, stamp]) => wasMoved(stamp, statsAt(path, 'itself')))
  }

  /** Not the project directory, nor what it is in. */
  #isOnWay(path: string): boolean {
    return !isWithin({ path: this.#dir, dir: path })
  }
}

/** A hard link that comes or goes changes the time of change, and the number of links. */
function isTouched(before: Stamp | undefined, after: Stamp | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after
  if (before.ino !== after.ino || before.dev !== after.dev) return true
  if (before.size !== after.size || before.mtimeNs !== after.mtimeNs) return true
  return before.ctimeNs !== after.ctimeNs && before.nlink === after.nlink
}

/**
 * Whether a directory on the way was moved away and back. What comes and goes in it sets both of its times
 * alike, a move only the time of change.
 */
function wasMoved(before: Stamp | undefined, after: Stamp | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after
  if (before.ino !== after.ino || before.dev !== after.dev) return true
  return before.ctimeNs !== after.ctimeNs && after.mtimeNs !== after.ctimeNs
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs, nlink }: BigIntStats): Stamp {
  return { dev, ino, size, mtimeNs, ctimeNs, nlink }
}

function statsAt(path: string, how: How): BigIntStats | undefined {
  try {
    return how === 'itself' ? lstatSync(path, { bigint: true }) : statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

function entriesIn(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}
