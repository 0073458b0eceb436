import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestBytes, digestHex, type Digest } from '../digest.ts'
import { codeOf, StepwellError } from '../errors.ts'
import { writeAtomic } from './files.ts'
import type { ArtifactState, ArtifactStore, FileDigests } from './store.ts'

/** Artifacts as files, `objects/ab/cdef...` by the hex of their digest. */
export class DiskArtifacts implements ArtifactStore {
  readonly #dir: string
  readonly #digests: FileDigests

  /** `digests` spares the re-reading of objects whose stat signature has not changed. */
  constructor(dir: string, digests: FileDigests) {
    this.#dir = dir
    this.#digests = digests
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestBytes(bytes)
    // Also when the object exists its bytes must be right: they are about to be promised to others.
    const state = await this.check(digest)
    if (state === 'present') return digest
    if (state === 'damaged') await rm(this.#path(digest), { recursive: true, force: true })
    await writeAtomic(this.#path(digest), bytes)
    return digest
  }

  async check(digest: Digest): Promise<ArtifactState> {
    const path = this.#path(digest)
    let actual: Digest
    try {
      actual = await this.#digests.digest(path)
    } catch (error) {
      if (codeOf(error) !== 'STEPWELL_INPUT_MISSING') throw error
      if (codeOf((error as Error).cause) === 'ENOENT') return 'missing'
      return 'damaged'
    }
    return actual === digest ? 'present' : 'damaged'
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const path = this.#path(digest)
    let bytes: Uint8Array
    try {
      bytes = await readFile(path)
    } catch (cause) {
      throw new StepwellError({
        code: 'STEPWELL_ARTIFACT',
        what: `the artifact ${digest} is missing from the artifact store`,
        todo: 'run again: the step that makes it will be rerun',
        cause,
      })
    }
    if (digestBytes(bytes) === digest) return bytes
    throw new StepwellError({
      code: 'STEPWELL_ARTIFACT',
      what: `the artifact ${digest} is damaged`,
      todo: 'run again: the step that makes it will be rerun',
    })
  }

  #path(digest: Digest): string {
    const hex = digestHex(digest)
    return join(this.#dir, hex.slice(0, 2), hex.slice(2))
  }
}
