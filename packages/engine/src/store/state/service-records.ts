import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { isDigest } from '@stepwell/base/digest'
import { directoriesInSync } from '@stepwell/base/files'
import { isIdentity } from '../../record/recorded.ts'
import { isRecord } from '../../value/recorded-outputs.ts'
import type { StepKey } from '../../identity/fingerprint.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'

/** A service that is up, or was when its run was killed. */
export interface ServiceRecord {
  readonly pipeline: string
  readonly step: string
  readonly key: StepKey
  /** The run that started it. */
  readonly run: string
  /** Leads the group of its processes. */
  readonly process: ProcessIdentity
  /** Who is to stop it. */
  readonly keeper: ProcessIdentity
  /** Whether it could be used. */
  readonly isReady: boolean
}

/** A place for one service: its record, what it prints, and files with its inputs. */
export interface ServicePlace {
  readonly log: string
  readonly files: string
  /** At once: what is not on record when this process is killed cannot be found. */
  keep(record: ServiceRecord): void
  remove(): void
}

const RECORD = 'service.json'

/** Services by their records, so that those that a killed run has left are found. */
export class ServiceRecords {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  make(): ServicePlace {
    const id = randomUUID()
    mkdirSync(this.#dir, { recursive: true })
    // What it prints may hold secrets, which are hidden only in the log of the step.
    mkdirSync(join(this.#dir, id), { mode: 0o700 })
    const place = this.#at(id)
    mkdirSync(place.files)
    return place
  }

  all(): { readonly record: ServiceRecord; readonly place: ServicePlace }[] {
    return directoriesInSync(this.#dir).flatMap((id) => {
      try {
        const text = readFileSync(join(this.#dir, id, RECORD), 'utf8')
        const record: unknown = JSON.parse(text)
        return isServiceRecord(record) ? [{ record, place: this.#at(id) }] : []
      } catch {
        // It is being made, or removed.
        return []
      }
    })
  }

  #at(id: string): ServicePlace {
    const dir = join(this.#dir, id)
    return {
      log: join(dir, 'log'),
      files: join(dir, 'files'),
      keep: (record) => {
        // No service outlives the machine: its record need not either.
        replaceFileSync(join(dir, RECORD), JSON.stringify(record), { durable: false })
      },
      remove: () => rmSync(dir, { recursive: true, force: true }),
    }
  }
}

function isServiceRecord(value: unknown): value is ServiceRecord {
  if (!isRecord(value)) return false
  const { pipeline, step, key, run, process, keeper, isReady } = value
  return (
    typeof pipeline === 'string' &&
    typeof step === 'string' &&
    isDigest(key) &&
    typeof run === 'string' &&
    isIdentity(process) &&
    isIdentity(keeper) &&
    typeof isReady === 'boolean'
  )
}
