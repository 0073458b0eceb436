import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Acceptance } from '../../identity/acceptance.ts'
import { codeOf } from '@stepwell/base/errors'
import type { StepKey } from '../../identity/fingerprint.ts'

/** A line of the audit trail: that the outputs under a key were accepted, or no longer are. */
export type AcceptanceRecord =
  | ({
      readonly type: 'accepted'
      readonly pipeline: string
      readonly step: string
      readonly key: StepKey
      /** That made the outputs. */
      readonly run: string
    } & Acceptance)
  | {
      readonly type: 'revoked'
      readonly pipeline: string
      readonly step: string
      readonly key: StepKey
      readonly at: number
      readonly by: string
    }

/**
 * The audit trail of what was accepted, `accepted.ndjson`; lines are only ever added. It decides: an
 * accepted entry counts while the last line about its key says so. So a trail that is lost costs reruns,
 * and a copy of an entry that comes back after it was revoked is not used.
 */
export class AcceptanceLog {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Durable before it returns. */
  append(record: AcceptanceRecord): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    // A line that was torn by a crash must not take the next one with it.
    const text = this.#text()
    const start = text === '' || text.endsWith('\n') ? '' : '\n'
    const file = openSync(this.#path, 'a')
    try {
      writeSync(file, `${start}${JSON.stringify(record)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  /** All lines, oldest first. */
  read(): AcceptanceRecord[] {
    return this.#text()
      .split('\n')
      .flatMap((line) => {
        try {
          return line === '' ? [] : [JSON.parse(line) as AcceptanceRecord]
        } catch {
          return []
        }
      })
  }

  /** Whether the outputs under a key are accepted now. */
  stands(key: StepKey): boolean {
    return this.read().findLast((record) => record.key === key)?.type === 'accepted'
  }

  /** All keys of which that is so. */
  standing(): Set<StepKey> {
    const standing = new Set<StepKey>()
    for (const { type, key } of this.read()) {
      if (type === 'accepted') standing.add(key)
      else standing.delete(key)
    }
    return standing
  }

  #text(): string {
    try {
      return readFileSync(this.#path, 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return ''
      throw error
    }
  }
}
