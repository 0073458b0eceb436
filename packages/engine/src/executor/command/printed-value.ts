import type { Command } from '../../define/command-line.ts'
import { messageOf, StepwellError } from '@stepwell/base/errors'
import { LossyJsonError, readJson } from '@stepwell/base/read-json'

const MOST_BYTES = 64 * 1024 * 1024

/** What a command prints, as the value of its step. */
export class PrintedValue {
  readonly #kind: Command['stdout']
  readonly #tooLong = new AbortController()
  #chunks: Buffer[] = []
  #length = 0

  constructor(kind: Command['stdout']) {
    this.#kind = kind
  }

  /** Aborts when it is more than a value may be. */
  get tooLong(): AbortSignal {
    return this.#tooLong.signal
  }

  push(bytes: Buffer): void {
    this.#length += bytes.length
    if (this.#length <= MOST_BYTES) this.#chunks.push(bytes)
    else if (!this.#tooLong.signal.aborted) {
      this.#chunks = []
      this.#tooLong.abort()
    }
  }

  end(): void {
    // All is there.
  }

  /** @throws StepwellError STEPWELL_COMMAND_OUTPUT when it is not text, or not JSON. */
  value(step: string): unknown {
    if (this.#kind === 'log') return null
    const text = this.#text(step)
    if (this.#kind === 'text') return text
    try {
      return readJson(text, { large: 'bigint' })
    } catch (error) {
      const todo =
        error instanceof LossyJsonError
          ? 'print it as text, in quotes'
          : "print JSON and nothing else, or take { stdout: 'text' }"
      throw wrong(step, 'JSON', messageOf(error), todo)
    }
  }

  tooMuch(step: string): StepwellError {
    const facts = `it is more than ${MOST_BYTES >> 20} MB`
    return wrong(step, 'a value', facts, 'write it to a file that is declared in `outs`')
  }

  #text(step: string): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(this.#chunks))
    } catch {
      const todo = 'write other bytes to a file that is declared in `outs`'
      throw wrong(step, 'text', 'it is not UTF-8', todo)
    }
  }
}

function wrong(step: string, what: string, facts: string, todo: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_COMMAND_OUTPUT',
    summary: `what the command of step \`${step}\` printed cannot be taken for ${what}`,
    details: facts,
    hint: todo,
  })
}
