import { signatureOf } from '../inputs/stat-signature.ts'
import type { Snapshot } from '../../record/snapshot.ts'
import { soundSnapshot } from '../../record/recorded.ts'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestText } from '@stepwell/base/digest'
import { namesIn } from '@stepwell/base/files'
import { replaceFile } from '@stepwell/base/atomic-file'
import type { RememberedDigest } from '../inputs/file-digests.ts'

/** Of the file's shape: one of another version says nothing. */
const VERSION = 2

interface SnapshotFile extends Snapshot {
  readonly version: typeof VERSION
  readonly files: Readonly<Record<string, RememberedDigest>>
}

const EMPTY: SnapshotFile = { version: VERSION, codes: {}, steps: {}, files: {} }

/**
 * The last known state of each pipeline, one file each. A snapshot that is missing, damaged or of
 * another version is an empty one: it costs an explanation and some reading, nothing else. It carries the
 * digest of its text, since steps are taken for cached by what it says.
 */
export class DiskSnapshots {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  async read(pipeline: string): Promise<SnapshotFile> {
    try {
      const text = await readFile(this.#path(pipeline), 'utf8')
      const end = text.indexOf('\n')
      const json = text.slice(end + 1)
      if (digestText(json) !== text.slice(0, end)) return EMPTY
      const file = JSON.parse(json) as Partial<SnapshotFile>
      const sound = file.version === VERSION ? soundSnapshot(file) : undefined
      return sound === undefined ? EMPTY : { version: VERSION, ...sound, files: file.files ?? {} }
    } catch {
      return EMPTY
    }
  }

  /** Differs from that of a state that is written later; `undefined` without a state. */
  version(pipeline: string): string | undefined {
    const stats = statSync(this.#path(pipeline), { bigint: true, throwIfNoEntry: false })
    return stats && signatureOf(stats)
  }

  /** Names of the pipelines of which there is one. */
  async pipelines(): Promise<string[]> {
    const names = await namesIn(this.#dir)
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
  }

  async write(
    pipeline: string,
    snapshot: Snapshot,
    files: ReadonlyMap<string, RememberedDigest>,
  ): Promise<void> {
    const file: SnapshotFile = { version: VERSION, ...snapshot, files: Object.fromEntries(files) }
    const json = JSON.stringify(file)
    await replaceFile(this.#path(pipeline), `${digestText(json)}\n${json}`)
  }

  #path(pipeline: string): string {
    return join(this.#dir, `${pipeline}.json`)
  }
}
