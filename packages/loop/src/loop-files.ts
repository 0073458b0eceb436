import { parseJson } from '@stepwell/base/json-text'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { readIfPresent, writing } from '@stepwell/base/files'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from './decision.ts'
import type { Status } from './trigger.ts'

/** What a loop must remember of a trigger to go on where one before it left off. */
export interface TriggerMemory {
  /** Of a schedule: up to when it has been seen to, in milliseconds since the epoch. */
  readonly until?: number
  /** Of new data: the digest of the look that was seen to. */
  readonly seen?: string
  /** Of drift: the digest of the judgement that was decided about, and its status. */
  readonly judged?: string
  readonly status?: Status
}

export type LoopMemory = Readonly<Record<string, TriggerMemory>>

/** What a running loop publishes about itself. It is valid as long as a process holds the loop's claim. */
export interface LoopNotice {
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Names of the steps that it goes on looking at. */
  readonly monitors: readonly string[]
  readonly triggers: readonly {
    readonly name: string
    readonly kind: Decision['kind']
    readonly run: readonly string[]
    /** Of a schedule: when it is due next. */
    readonly next?: number
  }[]
}

/**
 * The files of a pipeline's loop, `.stepwell/loop/<pipeline>`. All of them can be lost: then schedules are as
 * if they had just been set up, and data and judgements are looked at again.
 */
export class LoopFiles {
  readonly #dir: string
  #announced = ''

  /** @param dir the project directory */
  constructor(dir: string, pipeline: string) {
    this.#dir = join(dir, '.stepwell', 'loop', encodeURIComponent(pipeline))
  }

  memory(): LoopMemory {
    const value = this.#json('memory.json')
    return typeof value === 'object' && value !== null ? (value as LoopMemory) : {}
  }

  remember(memory: LoopMemory): void {
    this.#write('memory.json', memory)
  }

  notice(): LoopNotice | undefined {
    return this.#json('notice.json') as LoopNotice | undefined
  }

  announce(notice: LoopNotice): void {
    // A loop with nothing to do is to leave the disk alone.
    const text = JSON.stringify(notice)
    if (text === this.#announced) return
    this.#write('notice.json', notice)
    this.#announced = text
  }

  /** Takes the announcement back. */
  leave(): void {
    try {
      rmSync(join(this.#dir, 'notice.json'), { force: true })
    } catch {
      // Where it stays, it says nothing without a claim.
    }
  }

  note(decisions: readonly Decision[]): void {
    const path = join(this.#dir, 'decisions.ndjson')
    const lines = decisions.map((decision) => `${JSON.stringify(decision)}\n`).join('')
    writing(path, () => {
      mkdirSync(this.#dir, { recursive: true })
      // A line that a crash has torn is ended, so that it takes no other with it.
      const before = readIfPresent(path)
      const isTorn = before !== undefined && before.length > 0 && before.at(-1) !== 0x0a
      appendFileSync(path, isTorn ? `\n${lines}` : lines)
    })
  }

  /** Oldest first. */
  decisions(): Decision[] {
    const text = readIfPresent(join(this.#dir, 'decisions.ndjson'))?.toString('utf8') ?? ''
    return text.split('\n').flatMap((line) => {
      const value = parseJson(line)
      return typeof value === 'object' && value !== null ? [value as Decision] : []
    })
  }

  #json(name: string): unknown {
    return parseJson(readIfPresent(join(this.#dir, name))?.toString('utf8') ?? '')
  }

  #write(name: string, value: object): void {
    const path = join(this.#dir, name)
    writing(path, () => replaceFileSync(path, Buffer.from(`${JSON.stringify(value, null, 2)}\n`)))
  }
}
