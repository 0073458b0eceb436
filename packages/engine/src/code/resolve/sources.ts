import { readdirSync, readFileSync, statSync, type BigIntStats, type Dirent } from 'node:fs'
import { basename } from 'node:path'
import { digestBytes, digestText, type Digest } from '@stepwell/base/digest'
import { isSettled, signatureOf } from '../../store/inputs/stat-signature.ts'
import { real } from './paths.ts'

type Kind = 'file' | 'directory' | 'link' | 'other'

type Entries = ReadonlyMap<string, Kind>

// There, what a listing does not have may be found all the same.
export const FOLDS_CASE: boolean = process.platform === 'darwin' || process.platform === 'win32'

/** What was seen at a path: its content by digest, `null` where nothing was. */
export interface Seen {
  readonly digest: Digest | null
  /** size, mtime ns, ctime ns, inode; empty when it proves nothing. */
  readonly signature: string
}

export interface SeenDir extends Seen {
  /** How the names of those entries start that were asked for; all were where this is left out. */
  readonly starts?: readonly string[]
}

/** All that was seen, by absolute path. */
export interface Sights {
  readonly files: Readonly<Record<string, Seen>>
  /** Entries of directories. */
  readonly dirs: Readonly<Record<string, SeenDir>>
  readonly reals: Readonly<Record<string, string>>
  /** Those of the files that may run in this process, or be read by what does. */
  readonly loaded: readonly string[]
}

/**
 * The file system as the analysis of code sees it. Each path is looked at once, so that the analysis
 * sees one state of it, and what was seen is remembered: as long as all of it stays, so does what the
 * analysis finds.
 */
export class Sources {
  readonly #files = new Map<
    string,
    { readonly bytes: Uint8Array | undefined; readonly seen: Seen }
  >()
  readonly #dirs = new Map<
    string,
    { readonly entries: Entries | undefined; readonly seen: Seen; starts: Set<string> | 'all' }
  >()
  readonly #reals = new Map<string, string>()
  readonly #loaded = new Set<string>()

  /** `undefined` when it cannot be read as a file. */
  read(path: string): Uint8Array | undefined {
    let known = this.#files.get(path)
    if (known === undefined) {
      known = look(path, readContent, digestBytes)
      this.#files.set(path, known)
    }
    return known.bytes
  }

  /** The digest of a file that was read. */
  digest(path: string): Digest | null {
    return this.#files.get(path)?.seen.digest ?? null
  }

  /** As `read`, of a file that may run in this process. */
  load(path: string): Uint8Array | undefined {
    this.#loaded.add(path)
    return this.read(path)
  }

  /** What is in a directory; `undefined` when it cannot be read as one. */
  list(path: string): Entries | undefined {
    const known = this.#list(path)
    known.starts = 'all'
    return known.entries
  }

  /**
   * What is in a directory under names that start like this: what else comes and goes there, as in a busy
   * directory above a project, was not seen.
   */
  listFrom(path: string, start: string): Entries | undefined {
    // There, a name may lead to an entry that is spelled otherwise.
    if (FOLDS_CASE) return this.list(path)
    const { entries, starts } = this.#list(path)
    if (starts !== 'all') starts.add(start)
    return entries && onlyFrom(entries, [start])
  }

  #list(path: string): { readonly entries: Entries | undefined; starts: Set<string> | 'all' } {
    const known = this.#dirs.get(path)
    if (known !== undefined) return known
    const { bytes: entries, seen } = look(path, readEntries, digestEntries)
    const found = { entries, seen, starts: new Set<string>() }
    this.#dirs.set(path, found)
    return found
  }

  /** The path with symbolic links resolved, where there is such a file. */
  real(path: string): string {
    const known = this.#reals.get(path) ?? real(path)
    this.#reals.set(path, known)
    return known
  }

  get sights(): Sights {
    return {
      files: Object.fromEntries([...this.#files].map(([path, { seen }]) => [path, seen])),
      dirs: Object.fromEntries(
        [...this.#dirs].map(([path, { entries, seen, starts: asked }]) => {
          if (asked === 'all' || entries === undefined) return [path, seen]
          const starts = [...asked]
          return [path, { ...seen, digest: digestEntries(onlyFrom(entries, starts)), starts }]
        }),
      ),
      reals: Object.fromEntries(this.#reals),
      loaded: [...this.#loaded],
    }
  }
}

/**
 * Looks again at all that was seen. `undefined` when something is another one now, or may have been
 * loaded before it changed; else the same sights, with signatures that can be trusted by now.
 *
 * @param loadedAt when the process had loaded its modules, in milliseconds since the epoch
 */
export function lookAgain(sights: Sights, loadedAt: number): Sights | undefined {
  const { reals, loaded } = sights
  for (const path of loaded) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats !== undefined && stats.ctimeMs > loadedAt) return undefined
  }
  for (const [path, target] of Object.entries(reals)) if (real(path) !== target) return undefined
  const files = compareAll(sights.files, readContent, digestBytes)
  const dirs = files && compareAll(sights.dirs, readEntries, digestAsked)
  if (files === undefined || dirs === undefined) return undefined
  return files === sights.files && dirs === sights.dirs ? sights : { files, dirs, reals, loaded }
}

function compareAll<T, S extends Seen>(
  all: Readonly<Record<string, S>>,
  read: (path: string) => T,
  digest: (content: T, before: S) => Digest,
): Readonly<Record<string, S>> | undefined {
  const fresh: [string, S][] = []
  for (const [path, before] of Object.entries(all)) {
    if (before.signature !== '' && signatureAt(path) === before.signature) continue
    const { seen } = look(path, read, (content: T) => digest(content, before))
    if (seen.digest !== before.digest) return undefined
    if (seen.signature !== before.signature) fresh.push([path, { ...before, ...seen }])
  }
  return fresh.length === 0 ? all : { ...all, ...Object.fromEntries(fresh) }
}

function look<T>(
  path: string,
  read: (path: string) => T,
  digest: (content: T) => Digest,
): { readonly bytes: T | undefined; readonly seen: Seen } {
  const now = BigInt(Date.now()) * 1_000_000n
  const before = statOf(path)
  try {
    const bytes = read(path)
    const settled = before !== undefined && isSettled(before, now)
    const signature = settled ? signatureOf(before) : ''
    const trusted = signature !== '' && signatureAt(path) === signature
    return { bytes, seen: { digest: digest(bytes), signature: trusted ? signature : '' } }
  } catch {
    // That there is nothing has no time stamp.
    return { bytes: undefined, seen: { digest: null, signature: before === undefined ? NONE : '' } }
  }
}

const NONE = 'none'

function readContent(path: string): Uint8Array {
  return readFileSync(path)
}

function readEntries(path: string): Entries {
  const isInstalled = basename(path) === 'node_modules'
  const entries = readdirSync(path, { withFileTypes: true })
    // Caches and locks of tools, and what Stepwell itself writes: no import leads there.
    .filter(({ name }) => name !== '.stepwell' && !(isInstalled && name.startsWith('.')))
    .map((entry) => [entry.name, kindOf(entry)] as const)
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function kindOf(entry: Dirent): Kind {
  if (entry.isSymbolicLink()) return 'link'
  if (entry.isDirectory()) return 'directory'
  return entry.isFile() ? 'file' : 'other'
}

function digestEntries(entries: Entries): Digest {
  return digestText(JSON.stringify([...entries]))
}

function digestAsked(entries: Entries, { starts }: SeenDir): Digest {
  return digestEntries(starts === undefined ? entries : onlyFrom(entries, starts))
}

function onlyFrom(entries: Entries, starts: readonly string[]): Entries {
  return new Map([...entries].filter(([name]) => starts.some((start) => name.startsWith(start))))
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function signatureAt(path: string): string {
  const found = statOf(path)
  return found === undefined ? NONE : signatureOf(found)
}
