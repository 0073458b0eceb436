import type { ArtifactState, ArtifactStore, LinkMode } from '../objects/artifact-store.ts'
import type { FileDigests } from '../inputs/project-files.ts'
import type { Claim, Claims, Waiting } from '../claims/claims.ts'
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OutArtifact } from '../../value/artifact.ts'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import type { OutKind } from '../../identity/fingerprint.ts'
import { countedMode, parseDirectory, type TreeEntry } from '../../value/tree.ts'
import { move, remove } from '@stepwell/base/move'
import { isRecordedPath } from '../../value/recorded-path.ts'
import { takeOuts } from './out-locks.ts'
import { blockerOf, statsAt } from './out-obstacle.ts'
import { REPLACED, type Recycle } from './recycle.ts'
import { fileMode } from '../objects/attributes.ts'
import { readTree } from '../objects/tree-reader.ts'
import { writeDirOut, writeFileOut } from '../objects/tree-writer.ts'

export interface WorkspaceOptions {
  /** The project directory. */
  readonly dir: string
  /** A directory for what is on its way. */
  readonly temporary: string
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  readonly recycle: Recycle
  readonly link: LinkMode
  readonly claims: Claims
  /** For those that write in place. */
  readonly waiting: Waiting
}

/**
 * How an out is found in the project. What the artifact store has too is `replaced`, by another run; what
 * it has not is `edited`.
 */
export type OutState = 'in place' | 'missing' | 'replaced' | 'edited'

/** What the file system says when something came to a place, or left it, between a look and a rename. */
const RACED = new Set(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'])
const RETRIES = 20

/** The project's files as far as steps leave outs there. */
export class Workspace {
  readonly #options: WorkspaceOptions
  // One at a time: copies of large files at once would only make the disk seek.
  #placing: Promise<unknown> = Promise.resolve()

  constructor(options: WorkspaceOptions) {
    this.#options = options
  }

  /** Whether the out is there as it was made. */
  async inspect(out: OutArtifact): Promise<OutState> {
    const stats = statsAt(this.#path(out))
    if (stats === undefined) return 'missing'
    const is = kindOf(stats)
    const present = is && (await this.#look(is, out.path))
    if (is === out.kind && present?.digest === out.digest) {
      if (out.kind === 'dir' || present.mode === countedMode(out.mode)) return 'in place'
    }
    return (await this.#isKept(is, out.path)) ? 'replaced' : 'edited'
  }

  /**
   * What is at the path of an out now, for those who read it; `undefined` when it is not of its kind.
   * @param keep takes the listing of a directory, which steps that read it are given @default stores it
   * @throws StepwellError STEPWELL_INPUT_MISSING, STEPWELL_INPUT_TREE.
   */
  async read(
    out: { readonly path: string; readonly kind: OutKind },
    keep: (listing: Uint8Array) => unknown = async (listing) =>
      await this.#options.artifacts.put(listing),
  ): Promise<OutArtifact | undefined> {
    const { path } = out
    const stats = statsAt(this.#path(out))
    const kind = stats && kindOf(stats)
    if (kind === undefined || (out.kind !== 'any' && kind !== out.kind)) return undefined
    const { digests, dir } = this.#options
    if (kind === 'file') {
      return {
        kind: 'file',
        path,
        ...(await digests.state(path)),
        mode: fileMode(stats?.mode ?? 0),
      }
    }
    const tree = await readTree(dir, path, { digests, links: 'left' })
    // A step is given the listing by its digest.
    await keep(new TextEncoder().encode(tree.text))
    const files = tree.entries.filter((entry) => entry.kind === 'file').length
    return { kind: 'dir', path, digest: tree.digest, size: tree.size, files }
  }

  /** Whether the artifact store has all that the out is made of. */
  async check({ kind, digest }: Pick<OutArtifact, 'kind' | 'digest'>): Promise<ArtifactState> {
    const { artifacts } = this.#options
    const state = await artifacts.check(digest)
    if (state !== 'present' || kind === 'file') return state
    let entries: TreeEntry[]
    try {
      entries = await this.#entries(digest)
    } catch (error) {
      // Its bytes are as they were written, and yet no step can have left it.
      if (error instanceof RangeError) return 'damaged'
      throw error
    }
    for (const entry of entries) {
      if (entry.kind !== 'file') continue
      const part = await artifacts.check(entry.digest)
      if (part !== 'present') return part
    }
    return 'present'
  }

  /** Puts what is in place in the project back into the artifact store. */
  async heal(out: OutArtifact): Promise<void> {
    const { artifacts, digests, dir } = this.#options
    if (out.kind === 'file') {
      await artifacts.putFiles([this.#path(out)])
      return
    }
    const { entries, text } = await readTree(dir, out.path, { digests, links: 'out' })
    const files = entries.filter(({ kind }) => kind === 'file')
    await artifacts.putFiles(files.map(({ path }) => join(this.#path(out), path)))
    await artifacts.put(new TextEncoder().encode(text))
  }

  /**
   * Puts an out into place. What is there and could not be made again is put aside first.
   *
   * @param staged where it has been written already, on success of its step; else it is copied from the
   *   artifact store
   * @returns where that is now which was put aside, if anything was
   * @throws StepwellError STEPWELL_OUT_PLACE when the project cannot be written.
   */
  async place(out: OutArtifact, staged?: string): Promise<string | undefined> {
    const placing = this.#placing.then(async () => await this.#placeAlone(out, staged))
    this.#placing = placing.catch(() => undefined)
    return await placing
  }

  async #placeAlone(out: OutArtifact, staged: string | undefined): Promise<string | undefined> {
    // In its turn: each claim looks at all that there are.
    const claim = await this.#claim(out.path)
    try {
      return await this.#place(out, staged)
    } finally {
      claim.release()
    }
  }

  /** A step that writes to that very path must not find it changed. */
  async #claim(path: string): Promise<Claim> {
    const { claims, waiting } = this.#options
    try {
      return await takeOuts(claims, [path], waiting)
    } catch (cause) {
      if (!waiting.signal.aborted) throw cause
      throw new StepwellError({
        code: 'STEPWELL_OUT_PLACE',
        summary: `\`${path}\` cannot be put into place`,
        details: 'another run writes there, and this one was stopped before it had ended',
        hint: 'run again: nothing is lost',
        cause,
      })
    }
  }

  /**
   * Releases what was at the path of an out before it was made in place. It is left where it is, if the
   * artifact store has it.
   * @returns where it is now, if it cannot
   */
  async letGo(before: string | undefined): Promise<string | undefined> {
    const stats = before === undefined ? undefined : statsAt(before)
    if (before === undefined || stats === undefined) return undefined
    if (await this.#isKept(kindOf(stats), before)) return undefined
    return await this.#options.recycle.keep(before, REPLACED)
  }

  async #place(out: OutArtifact, staged: string | undefined): Promise<string | undefined> {
    const { artifacts, link, temporary } = this.#options
    const final = this.#path(out)
    const incoming = join(temporary, randomBytes(6).toString('hex'))
    try {
      let ready = staged
      if (ready === undefined || link === 'hard') {
        await mkdir(temporary, { recursive: true })
        if (out.kind === 'file') await writeFileOut(out, incoming, artifacts, link)
        else await writeDirOut(out, incoming, artifacts, link)
        ready = incoming
      }
      this.#checkWay(out.path)
      await mkdir(dirname(final), { recursive: true })
      return await this.#exchange(out, ready, `${incoming}-old`)
    } catch (cause) {
      if (cause instanceof StepwellError) throw cause
      const code = codeOf(cause)
      const blocked = code === 'EEXIST' || code === 'ENOTDIR'
      throw new StepwellError({
        code: 'STEPWELL_OUT_PLACE',
        summary: `\`${out.path}\` cannot be put into place`,
        details: blocked
          ? 'a file is where a directory above it should be'
          : (code ?? messageOf(cause)),
        hint: `${blocked ? 'move that away' : 'check the permissions and the room on the disk'}, and run again: nothing is lost`,
        cause,
      })
    } finally {
      await remove(incoming)
      await remove(`${incoming}-old`)
    }
  }

  /** Other runs may be doing the same at the same time: what one of them has put there is as good. */
  async #exchange(out: OutArtifact, ready: string, old: string): Promise<string | undefined> {
    let displaced: string | undefined
    for (let left = RETRIES; ; left -= 1) {
      try {
        displaced = (await this.#makeRoom(out, old)) ?? displaced
        await move(ready, this.#path(out))
        return displaced
      } catch (error) {
        if (left === 0 || !RACED.has(codeOf(error) ?? '')) throw error
        if ((await this.inspect(out)) === 'in place') return displaced
        await remove(old)
      }
    }
  }

  /** @param old where to put what goes for good */
  async #makeRoom({ path, kind }: OutArtifact, old: string): Promise<string | undefined> {
    const final = join(this.#options.dir, path)
    const stats = statsAt(final)
    if (stats === undefined) return undefined
    const is = kindOf(stats)
    if (await this.#isKept(is, path)) {
      // A file is replaced by the rename itself: there is one at any moment.
      if (is === 'file' && kind === 'file') return undefined
      await move(final, old)
      return undefined
    }
    return await this.#options.recycle.keep(final, REPLACED)
  }

  /** Whether what is at a path could be had from the artifact store again. */
  async #isKept(kind: OutArtifact['kind'] | undefined, path: string): Promise<boolean> {
    const present = kind && (await this.#look(kind, path))
    if (kind === undefined || present === undefined) return false
    return (await this.check({ kind, digest: present.digest })) === 'present'
  }

  /** `undefined` for what could not have been stored as it is: links that lead out, what cannot be read. */
  async #look(
    kind: OutArtifact['kind'],
    path: string,
  ): Promise<(Pick<OutArtifact, 'digest'> & { readonly mode?: number }) | undefined> {
    const { dir, digests } = this.#options
    try {
      if (kind === 'file') return await digests.state(path)
      return await readTree(dir, path, { digests, links: 'out' })
    } catch (error) {
      if (error instanceof StepwellError) return undefined
      throw error
    }
  }

  async #entries(digest: OutArtifact['digest']): Promise<TreeEntry[]> {
    return parseDirectory(new TextDecoder().decode(await this.#options.artifacts.get(digest)))
  }

  /** A symbolic link may have come since the plan was checked. */
  #checkWay(path: string): void {
    if (blockerOf(this.#options.dir, path)?.isLink !== true) return
    throw new StepwellError({
      code: 'STEPWELL_OUT_PATH',
      summary: `the out \`${path}\` would be put outside of the project`,
      details: 'a symbolic link leads there',
      hint: 'remove the link, or name another path',
    })
  }

  /** @throws StepwellError STEPWELL_OUT_PATH, whatever a record or a caller says. */
  #path({ path }: { readonly path: string }): string {
    if (!isRecordedPath(path)) {
      throw new StepwellError({
        code: 'STEPWELL_OUT_PATH',
        summary: `no out can be at ${JSON.stringify(path)}`,
        details: 'it does not lead to a place inside of the project',
        hint: 'name a path inside the project directory',
      })
    }
    return join(this.#options.dir, path)
  }
}

function kindOf(stats: Stats): OutArtifact['kind'] | undefined {
  if (stats.isFile()) return 'file'
  return stats.isDirectory() ? 'dir' : undefined
}
