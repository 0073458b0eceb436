import { readFile, writeFile } from 'node:fs/promises'
import { digestBytes, type Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type {
  ArtifactState,
  ArtifactStore,
  StoredArtifact,
} from '../store/objects/artifact-store.ts'

/** Artifacts in memory: the least that the port asks for. */
export class MemoryArtifacts implements ArtifactStore {
  readonly #bytes = new Map<Digest, Uint8Array>()

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestBytes(bytes)
    this.#bytes.set(digest, bytes.slice())
    return await Promise.resolve(digest)
  }

  async putFiles(paths: readonly string[]): Promise<Digest[]> {
    return await Promise.all(paths.map(async (path) => await this.put(await readFile(path))))
  }

  async check(digest: Digest): Promise<ArtifactState> {
    return await Promise.resolve(this.#bytes.has(digest) ? 'present' : 'missing')
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const bytes = await Promise.resolve(this.#bytes.get(digest))
    if (bytes !== undefined) return bytes.slice()
    throw new StepwellError({
      code: 'STEPWELL_ARTIFACT',
      summary: `there is no artifact ${digest}`,
    })
  }

  async *list(): AsyncGenerator<StoredArtifact> {
    for (const [digest, { length: size }] of this.#bytes) {
      yield await Promise.resolve({ digest, size })
    }
  }

  async remove(digest: Digest, to?: string): Promise<void> {
    if (to !== undefined && this.#bytes.has(digest)) await this.copyTo(digest, to)
    this.#bytes.delete(digest)
  }

  async copyTo(digest: Digest, path: string): Promise<void> {
    await writeFile(path, await this.get(digest), { flag: 'wx' })
  }
}
