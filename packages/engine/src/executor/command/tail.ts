import { OutputLines } from './output-lines.ts'
import type { Secrets } from '../secrets.ts'

const MOST_BYTES = 16_384
const MOST_LINES = 10
const MOST_TEXT = 2000

/** The end of what a program prints, for the message of its failure. */
export class Tail {
  readonly #secrets: Secrets
  #bytes: Buffer = Buffer.alloc(0)
  #isCut = false

  constructor(secrets: Secrets) {
    this.#secrets = secrets
  }

  push(bytes: Buffer): void {
    const all = Buffer.concat([this.#bytes, bytes.subarray(-MOST_BYTES)])
    this.#isCut ||= bytes.length > MOST_BYTES || all.length > MOST_BYTES
    this.#bytes = Buffer.from(all.subarray(-MOST_BYTES))
  }

  end(): void {
    // All is there.
  }

  get lines(): string[] {
    // The first line may begin in the middle of anything, of a secret, too.
    const from = this.#isCut ? this.#bytes.indexOf('\n') + 1 : 0
    const lines: string[] = []
    const all = new OutputLines(this.#secrets, (line) => lines.push(line) > 0)
    all.push(this.#bytes.subarray(from))
    all.end()
    const last = lines.filter((line) => line.trim() !== '').slice(-MOST_LINES)
    const text = last.join('\n')
    return text.length > MOST_TEXT ? `…${text.slice(-MOST_TEXT)}`.split('\n') : last
  }
}
