import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FORMAT } from '../fingerprint.ts'
import { writeAtomic } from './files.ts'
import type { RememberedDigest } from './file-digests.ts'
import type { Snapshot } from './store.ts'

interface SnapshotFile extends Snapshot {
  readonly format: typeof FORMAT
  readonly files: Readonly<Record<string, RememberedDigest>>
}

const EMPTY: SnapshotFile = { format: FORMAT, codes: {}, steps: {}, files: {} }

/**
 * The last known state of each pipeline, one file each. A snapshot that is missing, damaged or of
 * another format is an empty one: it costs an explanation and some reading, nothing else.
 */
export class DiskSnapshots {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  async read(pipeline: string): Promise<SnapshotFile> {
    try {
      const file = JSON.parse(await readFile(this.#path(pipeline), 'utf8')) as SnapshotFile
      return file.format === FORMAT ? file : EMPTY
    } catch {
      return EMPTY
    }
  }

  async write(
    pipeline: string,
    snapshot: Snapshot,
    files: ReadonlyMap<string, RememberedDigest>,
  ): Promise<void> {
    const file: SnapshotFile = { format: FORMAT, ...snapshot, files: Object.fromEntries(files) }
    await writeAtomic(this.#path(pipeline), JSON.stringify(file))
  }

  #path(pipeline: string): string {
    return join(this.#dir, `${pipeline}.json`)
  }
}
