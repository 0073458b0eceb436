import type { ArtifactState, ArtifactStore, LinkMode, StoredArtifact } from './artifact-store.ts'
import type { FileDigests } from '../inputs/project-files.ts'
import { constants, readFileSync, statSync, writeFileSync } from 'node:fs'
import { copyFile, chmod, link, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { digestBytes, digestHex, digestOf, type Digest } from '@stepwell/base/digest'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { placeFiles, replaceFile, temporarySibling } from '@stepwell/base/atomic-file'
import { namesIn } from '@stepwell/base/files'
import { move } from '@stepwell/base/move'

// Up to here a file is read in one piece.
const SMALL = 1 << 20
// Between these many files others get a turn.
const BURST = 256
const READ = 0o444
const OWNER_READS = 0o400

/**
 * Artifacts as files, `objects/ab/cdef...` by the hex of their digest. Those of files are read-only,
 * since the project may have hard links to them; the digest tells what was damaged all the same.
 */
export class DiskArtifacts implements ArtifactStore {
  /** Where they are, absolute. */
  readonly dir: string
  readonly #digests: FileDigests

  /** `digests` spares the re-reading of objects whose stat signature has not changed. */
  constructor(dir: string, digests: FileDigests) {
    this.dir = dir
    this.#digests = digests
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestBytes(bytes)
    if (await this.#has(digest)) return digest
    await replaceFile(this.#path(digest), bytes)
    return digest
  }

  /**
   * All bytes are durable before the first object is given its name, and all names are before it
   * resolves: many files are flushed at once.
   */
  async putFiles(paths: readonly string[]): Promise<Digest[]> {
    const staged: Staged = new Map()
    try {
      const digests: Digest[] = []
      for (const [index, path] of paths.entries()) {
        digests.push(await this.#stage(path, staged))
        if (index % BURST === BURST - 1) await turn()
      }
      await placeFiles(new Map([...staged].map(([digest, path]) => [this.#path(digest), path])))
      return digests
    } catch (error) {
      for (const temporary of staged.values()) await rm(temporary, { force: true })
      throw error
    }
  }

  async check(digest: Digest): Promise<ArtifactState> {
    const path = this.#path(digest)
    let actual: Digest
    try {
      actual = (await this.#digests.state(path)).digest
    } catch (error) {
      if (codeOf(error) !== 'STEPWELL_INPUT_MISSING') throw error
      if (codeOf((error as Error).cause) === 'ENOENT') return 'missing'
      return 'damaged'
    }
    return actual === digest ? 'present' : 'damaged'
  }

  async get(digest: Digest): Promise<Uint8Array> {
    let bytes: Uint8Array
    try {
      bytes = await readFile(this.#path(digest))
    } catch (cause) {
      throw lost(digest, 'missing from the artifact store', cause)
    }
    if (digestBytes(bytes) === digest) return bytes
    throw lost(digest, 'damaged')
  }

  async copyTo(digest: Digest, path: string, how: LinkMode): Promise<void> {
    const state = await this.check(digest)
    if (state !== 'present') throw lost(digest, state)
    const object = this.#path(digest)
    if (how === 'hard' && (await linked(object, path))) return
    await copyFile(object, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  }

  async *list(): AsyncGenerator<StoredArtifact, void, undefined> {
    for (const head of await namesIn(this.dir)) {
      for (const tail of await namesIn(join(this.dir, head))) {
        const hex = head + tail
        // Others are files on their way.
        if (!/^[0-9a-f]{32}$/.test(hex)) continue
        const stats = statSync(join(this.dir, head, tail), { throwIfNoEntry: false })
        if (stats !== undefined) yield { digest: digestOf(hex), size: stats.size }
      }
    }
  }

  async remove(digest: Digest, to?: string): Promise<void> {
    if (to === undefined) await rm(this.#path(digest), { recursive: true, force: true })
    else await move(this.#path(digest), to)
  }

  /** Whether the object is there and its bytes are right: they are about to be promised to others. */
  async #has(digest: Digest): Promise<boolean> {
    const state = await this.check(digest)
    if (state === 'damaged') await rm(this.#path(digest), { recursive: true, force: true })
    return state === 'present'
  }

  /**
   * Whether the bytes are there, or staged, already. Of several files with the same bytes, the object may be read
   * by those alone who may read each; one that the project has a link to is seen there anyway.
   */
  async #hasFor(mode: number, digest: Digest, staged: Staged): Promise<boolean> {
    const path = staged.get(digest) ?? ((await this.#has(digest)) ? this.#path(digest) : undefined)
    if (path === undefined) return false
    const { mode: present, nlink } = await stat(path)
    const common = present & mode & READ
    if ((present & READ) !== common && nlink === 1) await chmod(path, common)
    return true
  }

  /** Writes a copy that is not flushed yet, unless the bytes are there or staged already. */
  async #stage(path: string, staged: Staged): Promise<Digest> {
    const { size, mode: source } = await stat(path)
    // A user who may not read the file may not read the object.
    const mode = (source & READ) | OWNER_READS
    if (size <= SMALL) {
      const bytes = readFileSync(path)
      const digest = digestBytes(bytes)
      if (await this.#hasFor(mode, digest, staged)) return digest
      const temporary = await this.#temporary(digest)
      staged.set(digest, temporary)
      writeFileSync(temporary, bytes, { flag: 'wx', mode })
      return digest
    }
    const { digest: expected } = await this.#digests.state(path)
    if (await this.#hasFor(mode, expected, staged)) return expected
    const temporary = await this.#temporary(expected)
    try {
      await copyFile(path, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      await chmod(temporary, mode)
      // The copy is what is promised; the file may have changed since.
      const { digest } = await this.#digests.state(temporary)
      if (digest !== expected && (await this.#hasFor(mode, digest, staged))) {
        await rm(temporary)
      } else {
        await mkdir(dirname(this.#path(digest)), { recursive: true })
        staged.set(digest, temporary)
      }
      return digest
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  async #temporary(digest: Digest): Promise<string> {
    const path = this.#path(digest)
    await mkdir(dirname(path), { recursive: true })
    return temporarySibling(path)
  }

  #path(digest: Digest): string {
    const hex = digestHex(digest)
    return join(this.dir, hex.slice(0, 2), hex.slice(2))
  }
}

/** Copies on their way, by what they hold. */
type Staged = Map<Digest, string>

/** Hard links stay within a file system, and some have none. */
async function linked(object: string, path: string): Promise<boolean> {
  try {
    await link(object, path)
    return true
  } catch (error) {
    if (['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error) ?? ''))
      return false
    throw error
  }
}

function lost(digest: Digest, how: string, cause?: unknown): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ARTIFACT',
    summary: `the artifact ${digest} is ${how}`,
    hint: 'run again: the step that makes it will be rerun',
    ...(cause !== undefined && { cause }),
  })
}
