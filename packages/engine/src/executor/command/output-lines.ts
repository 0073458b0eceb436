import { StringDecoder } from 'node:string_decoder'
import type { Secrets } from '../secrets.ts'

// A line that is longer is cut into pieces.
const LONGEST = 16_384

/**
 * Cuts what a program prints into lines for a log. Of a line that is written over and over, as a progress
 * bar is, the last state is kept. Secrets are hidden, also where they come in pieces.
 */
export class OutputLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #secrets: Secrets
  readonly #tell: (line: string) => boolean
  #isWanted = true
  /** What may be the beginning of a secret. */
  #held = ''
  /** The beginning of a line. */
  #line = ''

  /** @param tell gives whether it wants more */
  constructor(secrets: Secrets, tell: (line: string) => boolean) {
    this.#secrets = secrets
    this.#tell = (line) => (this.#isWanted &&= tell(line))
  }

  push(bytes: Buffer): void {
    if (!this.#isWanted) return
    const text = this.#held + this.#decoder.write(bytes)
    const sure = this.#secrets.sureLength(text)
    this.#held = text.slice(sure)
    this.#add(this.#secrets.hide(text.slice(0, sure)))
  }

  /** Tells what is left. */
  end(): void {
    this.#add(this.#secrets.hide(this.#held + this.#decoder.end()))
    this.#held = ''
    if (this.#line !== '') this.#tell(lastState(this.#line))
    this.#line = ''
  }

  #add(text: string): void {
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.#tellPieces(lastState(line))
    // So that neither a line without an end nor a progress bar takes memory.
    if (this.#line.length <= LONGEST) return
    this.#line = beingWritten(this.#line)
    if (this.#line.length > LONGEST) this.#line = this.#tellPieces(this.#line, true)
  }

  /** Passes a line on in pieces. Returns the rest, if more of the line may come. */
  #tellPieces(line: string, isOpen = false): string {
    let from = 0
    while (line.length - from > LONGEST) {
      const last = line.charCodeAt(from + LONGEST - 1)
      // Not between the two halves of a character.
      const length = last >= 0xd800 && last < 0xdc00 ? LONGEST - 1 : LONGEST
      this.#tell(line.slice(from, from + length))
      from += length
    }
    // A part of a long text would keep all of it in memory.
    if (isOpen) return Buffer.from(line.slice(from)).toString()
    this.#tell(line.slice(from))
    return ''
  }
}

/** What is seen of a line in the end. */
function lastState(line: string): string {
  const end = line.endsWith('\r') ? line.replace(/\r+$/, '') : line
  return end.slice(end.lastIndexOf('\r') + 1)
}

/** What can be seen of a line in the end, whatever follows. */
function beingWritten(line: string): string {
  const at = line.lastIndexOf('\r', line.length - 2)
  return line.slice(at + 1)
}
