import type { ItemOutput } from '../../value/artifact.ts'
import { appendFileSync, mkdirSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestHex, isDigest, type Digest } from '@stepwell/base/digest'
import { isMissing, namesIn } from '@stepwell/base/files'
import { isRecord } from '../../value/recorded-outputs.ts'
import { sealed, unsealed } from './journal.ts'

/** What one item of a mapped step gave, by the item's key. */
export interface ItemRecord {
  readonly key: Digest
  readonly output: ItemOutput
}

function isItemRecord(value: unknown): value is ItemRecord {
  if (!isRecord(value) || !isDigest(value['key']) || !isRecord(value['output'])) return false
  const { bytes, digest } = value['output']
  return digest === undefined ? typeof bytes === 'string' : isDigest(digest)
}

/**
 * What the items of mapped steps gave: `items/<base>`, a line each, where the base is all that the items of a
 * step have in common. Lines are only ever added, whole, by any number of processes, and each has its digest:
 * one that was torn or damaged is ignored. An item that was done twice has two lines, which say the same.
 */
export class ItemLedgers {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  async read(base: Digest): Promise<Map<Digest, ItemOutput>> {
    const records = new Map<Digest, ItemOutput>()
    for (const line of (await this.#text(base)).split('\n')) {
      const record = unsealed(line)
      if (isItemRecord(record)) records.set(record.key, record.output)
    }
    return records
  }

  append(base: Digest, records: readonly ItemRecord[]): void {
    mkdirSync(this.#dir, { recursive: true })
    // After what a crash has left of a line, the next one begins anew.
    const lines = records.map((record) => `${sealed(record)}\n`)
    appendFileSync(this.#path(base), `\n${lines.join('')}`)
  }

  /** Deletes all others. */
  async keep(bases: ReadonlySet<Digest>): Promise<void> {
    const kept = new Set([...bases].map((base) => digestHex(base)))
    for (const name of await namesIn(this.#dir)) {
      if (!kept.has(name)) await rm(join(this.#dir, name), { force: true })
    }
  }

  async #text(base: Digest): Promise<string> {
    try {
      return await readFile(this.#path(base), 'utf8')
    } catch (error) {
      if (isMissing(error)) return ''
      throw error
    }
  }

  #path(base: Digest): string {
    return join(this.#dir, digestHex(base))
  }
}
