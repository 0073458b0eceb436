import type { FileDigests, FileState } from './project-files.ts'
import { readFileSync, statSync, type BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createDigester, digestBytes, type Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { countedMode } from '../../value/tree.ts'
import { isSettled, signatureOf } from './stat-signature.ts'
import { unreachable } from './unreachable.ts'

/** A file's stat signature when it was digested. */
export interface RememberedDigest {
  readonly digest: Digest
  /** size, mtime ns, ctime ns, inode */
  readonly signature: string
}

const SMALL = 1 << 20

/**
 * Digests files, and remembers the digest as long as size, mtime, ctime and inode stay. The content
 * decides; the time stamps only spare the reading. A `ctime` cannot be set by a program, so an edit
 * that restores the `mtime` is seen.
 */
export class RememberingFileDigests implements FileDigests {
  readonly #dir: string
  readonly #remembered = new Map<string, RememberedDigest>()
  readonly #asked = new Set<string>()
  // Large files are read one after the other: more at once would only make the disk seek.
  #reading: Promise<unknown> = Promise.resolve()

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Of the files that were asked for, those whose signature can be trusted. */
  get remembered(): ReadonlyMap<string, RememberedDigest> {
    return new Map([...this.#remembered].filter(([path]) => this.#asked.has(path)))
  }

  /** Takes over what an earlier process remembered; what is known already stays. */
  recall(remembered: Iterable<[string, RememberedDigest]>): void {
    for (const [path, known] of remembered) {
      if (!this.#remembered.has(path)) this.#remembered.set(path, known)
    }
  }

  async state(path: string): Promise<FileState> {
    const stats = statFile(resolve(this.#dir, path), path)
    return {
      digest: await this.#digest(path, stats),
      size: Number(stats.size),
      mode: countedMode(Number(stats.mode)),
    }
  }

  async #digest(path: string, before: BigIntStats): Promise<Digest> {
    this.#asked.add(path)
    const absolute = resolve(this.#dir, path)
    const known = this.#remembered.get(path)
    if (known !== undefined && known.signature === signatureOf(before)) return known.digest
    const now = BigInt(Date.now()) * 1_000_000n
    const digest =
      before.size <= SMALL ? digestSmall(absolute, path) : await this.#digestLarge(absolute, path)
    // A change from then on, also while it is read, changes its signature.
    if (isSettled(before, now)) {
      this.#remembered.set(path, { digest, signature: signatureOf(before) })
    } else {
      this.#remembered.delete(path)
    }
    return digest
  }

  async #digestLarge(absolute: string, path: string): Promise<Digest> {
    const reading = this.#reading.then(async () => await digestFile(absolute))
    this.#reading = reading.catch(() => undefined)
    try {
      return await reading
    } catch (error) {
      throw unreachable(path, absolute, error, 'file')
    }
  }
}

async function digestFile(absolute: string): Promise<Digest> {
  const digester = createDigester()
  const handle = await open(absolute)
  try {
    // One buffer throughout: those of a stream pile up faster than they are collected.
    const buffer = new Uint8Array(SMALL)
    for (;;) {
      const { bytesRead } = await handle.read(buffer)
      if (bytesRead === 0) break
      digester.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
  return digester.digest()
}

function digestSmall(absolute: string, path: string): Digest {
  try {
    return digestBytes(readFileSync(absolute))
  } catch (error) {
    throw unreachable(path, absolute, error, 'file')
  }
}

function statFile(absolute: string, path: string): BigIntStats {
  let stats: BigIntStats
  try {
    stats = statSync(absolute, { bigint: true })
  } catch (error) {
    throw unreachable(path, absolute, error, 'file')
  }
  if (!stats.isFile()) {
    throw new StepwellError({
      code: 'STEPWELL_INPUT_MISSING',
      summary: `the input \`${path}\` is not a file`,
      details: stats.isDirectory() ? 'it is a directory' : 'it is a special file',
      hint: 'declare the files that the step reads',
    })
  }
  return stats
}
