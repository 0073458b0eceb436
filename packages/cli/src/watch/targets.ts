import { existsSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { isWithin } from '@stepwell/base/paths'
import { matchFiles, type Watched, type WatchedStep } from '@stepwell/engine'

const STATE = '.stepwell'
const INSTALLED = 'node_modules'
const MAGIC = /[*?[\]{}()!+@]/

interface Glob {
  readonly patterns: readonly string[]
  /** Directories below which there may be files that match. */
  readonly bases: readonly string[]
}

/** What of a change matters. */
export interface Examined {
  readonly paths: readonly string[]
  /** Names of the steps that are given one of them as a file; whom code affects is not told by paths. */
  readonly steps: readonly string[]
}

/** What is to be watched: which paths lead to it, and which steps a change of a path affects. */
export class Targets {
  /** Directories from which all of it can be reached. */
  readonly roots: readonly string[]
  readonly #dir: string
  readonly #watched: Watched
  readonly #files: ReadonlySet<string>
  readonly #dirs: readonly string[]
  readonly #globs: readonly Glob[]
  readonly #outs: ReadonlySet<string>
  readonly #ancestors = new Set<string>()
  /** What each list of patterns matched when it was last looked at, by `keyOf`. */
  readonly #matches = new Map<string, ReadonlySet<string>>()

  /** @param dir the project directory */
  constructor(dir: string, watched: Watched) {
    const all = <T>(of: (step: WatchedStep) => readonly T[]): T[] => watched.steps.flatMap(of)
    this.#dir = dir
    this.#watched = watched
    this.#files = new Set([
      ...watched.sources,
      ...all(({ files }) => files).map((path) => resolve(dir, path)),
    ])
    this.#dirs = [...new Set(all(({ dirs }) => dirs).map((path) => resolve(dir, path)))]
    this.#globs = all(({ globs }) => globs).map((patterns) => ({
      patterns,
      bases: patterns.filter((each) => !each.startsWith('!')).map((each) => baseOf(dir, each)),
    }))
    this.#outs = new Set(watched.outs.map((path) => resolve(dir, path)))
    const ends = [...this.#files, ...this.#dirs, ...this.#globs.flatMap(({ bases }) => bases)]
    const roots = new Set([dir])
    for (const end of ends) {
      const root = isWithin({ path: end, dir }) ? dir : existing(dirname(end))
      roots.add(root)
      for (let at = end; at !== root && at !== dirname(at); at = dirname(at)) {
        this.#ancestors.add(at)
      }
    }
    this.roots = [...roots]
  }

  /** Whether two sets of targets are watched in the same way. */
  get shape(): string {
    const { sources, outs, steps } = this.#watched
    return JSON.stringify([
      sources,
      outs,
      steps.map(({ files, dirs, globs }) => [files, dirs, globs]),
    ])
  }

  /** Whether a path is watched, or leads to what is. */
  isOnTheWay(path: string): boolean {
    if (this.roots.includes(path) || this.#ancestors.has(path) || this.#files.has(path)) return true
    if (this.#inDir(path)) return true
    const below = path.slice(this.#dir.length).split(sep)
    if (below.includes(STATE) || below.includes(INSTALLED)) return false
    if (this.#isMade(path)) return false
    return this.#globs.some(({ bases }) => bases.some((base) => isWithin({ path, dir: base })))
  }

  isSource(path: string): boolean {
    return this.#watched.sources.includes(path)
  }

  /**
   * Notes what patterns match, to which later changes are compared: what they matched before, as far as
   * that is known, since not all that changed may have been examined yet.
   */
  async look(before: Targets): Promise<void> {
    for (const { patterns } of this.#globs) {
      const known = before.#matches.get(keyOf(patterns))
      if (known === undefined) await this.#match(patterns)
      else this.#matches.set(keyOf(patterns), known)
    }
  }

  /** What of some paths that changed a run depends on, and the steps that are given it. */
  async examine(changed: Iterable<string>): Promise<Examined> {
    const all = [...changed].filter((path) => this.isSource(path) || !this.#isMade(path))
    const paths = new Set(all.filter((path) => this.#files.has(path) || this.#inDir(path)))
    const matched = new Map<string, string[]>()
    for (const { patterns, bases } of this.#globs) {
      if (!all.some((path) => bases.some((base) => isWithin({ path, dir: base })))) continue
      // One that matched is looked for among those before, one that is new among those after.
      const before = this.#matches.get(keyOf(patterns))
      const after = await this.#match(patterns)
      const found = all.filter((path) => before?.has(path) || after.has(path))
      matched.set(keyOf(patterns), [...(matched.get(keyOf(patterns)) ?? []), ...found])
      for (const path of found) paths.add(path)
    }
    const isGiven = ({ files, dirs, globs }: WatchedStep): boolean =>
      all.some(
        (path) =>
          files.some((file) => resolve(this.#dir, file) === path) ||
          dirs.some((dir) => isWithin({ path, dir: resolve(this.#dir, dir) })) ||
          globs.some((patterns) => matched.get(keyOf(patterns))?.includes(path)),
      )
    const steps = this.#watched.steps.filter(isGiven).map(({ name }) => name)
    return { paths: [...paths], steps }
  }

  /** How many of the files that are on the way some step is given or made of. */
  count(files: Iterable<string>): number {
    const found = new Set([...this.#matches.values()].flatMap((matches) => [...matches]))
    for (const path of files) {
      if ((this.#files.has(path) || this.#inDir(path)) && !this.#isMade(path)) found.add(path)
    }
    return found.size
  }

  get watched(): Watched {
    return this.#watched
  }

  /** Whether a step writes it, also where another one reads it as a file: its changes do not count. */
  #isMade(path: string): boolean {
    for (let at = path; at !== dirname(at); at = dirname(at)) if (this.#outs.has(at)) return true
    return false
  }

  #inDir(path: string): boolean {
    return this.#dirs.some(
      (dir) => isWithin({ path, dir }) && !path.slice(dir.length).split(sep).includes(STATE),
    )
  }

  async #match(patterns: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await matchFiles(this.#dir, patterns, this.#watched.outs)
    const matches = new Set(found.map((path) => join(this.#dir, path)))
    this.#matches.set(keyOf(patterns), matches)
    return matches
  }
}

function keyOf(patterns: readonly string[]): string {
  return patterns.join('\0')
}

/** The directory before the first part of a pattern that is not a plain name. */
function baseOf(dir: string, pattern: string): string {
  const parts = pattern.split('/')
  const at = parts.findIndex((part) => MAGIC.test(part))
  return resolve(dir, parts.slice(0, at === -1 ? -1 : at).join('/') || '.')
}

function existing(dir: string): string {
  return existsSync(dir) || dir === dirname(dir) ? dir : existing(dirname(dir))
}
