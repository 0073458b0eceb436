import type { Failure } from '@stepwell/base/failure'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { remove } from '@stepwell/base/move'
import { StepwellError } from '@stepwell/base/errors'
import type { Job } from './executor.ts'

// What is shorter turns up by accident.
const SHORTEST = 6
const HIDDEN = '***'

/** Keeps the values of secrets out of what a step says and leaves. */
export class Secrets {
  readonly #values: readonly string[]

  constructor(values: readonly string[]) {
    const long = values.filter((value) => value.length >= SHORTEST)
    // As it stands, and as it stands in JSON; longer ones first, should one hold another.
    const forms = long.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    this.#values = [...new Set(forms)].toSorted((a, b) => b.length - a.length)
  }

  /** Those that are among the inputs of a job, as they are in the environment now. */
  static among(inputs: Job['inputs']): Secrets {
    return new Secrets(
      Object.values(inputs).flatMap((input) => {
        const value = input.kind === 'secret' ? process.env[input.name] : undefined
        return value === undefined ? [] : [value]
      }),
    )
  }

  hide(text: string): string {
    return this.#values.reduce((shown, value) => shown.replaceAll(value, HIDDEN), text)
  }

  /** How much of the beginning of a text can be told, whatever follows: what is left may begin a secret. */
  sureLength(text: string): number {
    let sure = text.length
    for (const value of this.#values) {
      for (let length = Math.min(value.length - 1, text.length); length > 0; length -= 1) {
        if (!text.endsWith(value.slice(0, length))) continue
        sure = Math.min(sure, text.length - length)
        break
      }
    }
    // No secret is cut in two.
    for (let cut = -1; cut !== sure;) {
      cut = sure
      for (const value of this.#values) {
        const at = text.indexOf(value, Math.max(0, cut - value.length + 1))
        if (at !== -1 && at < cut) sure = Math.min(sure, at)
      }
    }
    return sure
  }

  hideIn({ code, message, hint, stack }: Failure): Failure {
    return {
      ...(code !== undefined && { code: this.hide(code) }),
      message: this.hide(message),
      ...(hint !== undefined && { hint: this.hide(hint) }),
      ...(stack !== undefined && { stack: this.hide(stack) }),
    }
  }

  /** @throws StepwellError STEPWELL_SECRET when one of them is in the bytes. */
  checkBytes(step: string, what: string, bytes: Uint8Array): void {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#values.some((value) => content.includes(value))) throw leaked(step, what)
  }

  /** As `checkBytes`, for a file of any size, or all in a directory: names, targets of links, files. */
  async checkOut(step: string, name: string, path: string): Promise<void> {
    if (this.#values.length === 0) return
    const stats = await lstat(path).catch(() => undefined)
    if (stats?.isDirectory()) {
      for (const inner of await readdir(path)) {
        this.#checkText(step, name, inner)
        await this.checkOut(step, name, join(path, inner))
      }
    } else if (stats?.isSymbolicLink()) {
      this.#checkText(step, name, await readlink(path))
    } else if (stats?.isFile()) {
      await this.#checkFile(step, name, path)
    }
  }

  /** Removes what holds one of them at a path: files, links, and whatever has it in its name. */
  async removeFrom(path: string): Promise<void> {
    if (this.#values.length === 0) return
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined) return
    if (stats.isDirectory()) {
      for (const inner of await readdir(path)) await this.removeFrom(join(path, inner))
      if (this.#values.some((value) => basename(path).includes(value))) await remove(path)
      return
    }
    try {
      this.#checkText('', '', basename(path))
      await this.checkOut('', '', path)
    } catch {
      // It holds one, or cannot be read.
      await remove(path)
    }
  }

  #checkText(step: string, name: string, text: string): void {
    this.checkBytes(step, `the out \`${name}\``, Buffer.from(text))
  }

  async #checkFile(step: string, name: string, path: string): Promise<void> {
    const overlap = Math.max(...this.#values.map((value) => Buffer.byteLength(value))) - 1
    let tail: Buffer = Buffer.alloc(0)
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const content = Buffer.concat([tail, chunk as Buffer])
      this.checkBytes(step, `the out \`${name}\``, content)
      tail = content.subarray(Math.max(0, content.length - overlap))
    }
  }
}

function leaked(step: string, what: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SECRET',
    summary: `${what} of step \`${step}\` holds the value of a secret`,
    details: 'it was not kept',
    hint: 'leave the secret out of what the step returns and writes',
  })
}
