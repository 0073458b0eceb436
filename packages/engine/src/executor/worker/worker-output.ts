/** Takes whole lines out of text that comes in pieces. */
export class Lines {
  readonly #say: (text: string) => void
  #rest = ''

  /** `say` is given one line or several, without the last line feed. */
  constructor(say: (text: string) => void) {
    this.#say = say
  }

  add(text: string): void {
    const all = this.#rest + text
    const end = all.lastIndexOf('\n')
    this.#rest = all.slice(end + 1)
    if (end >= 0) this.#say(all.slice(0, end))
  }

  /** What was begun is a line, too. */
  flush(): void {
    if (this.#rest !== '') this.#say(this.#rest)
    this.#rest = ''
  }
}

/** Hands what is written to standard output and standard error of this thread or process to `say`. */
export function divertOutput(say: (text: string) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      say(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      const done = rest.find((each) => typeof each === 'function')
      if (done !== undefined) process.nextTick(done)
      return true
    }
  }
}
