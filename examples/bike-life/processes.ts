import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(import.meta.resolve('@stepwell/cli/main'))

/** A `stepwell` command under way, whose output is read line by line. */
export class Stepwell {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<number | null>
  #said = ''

  constructor(dir: string, ...args: string[]) {
    const [verb = '', ...rest] = args
    this.#child = spawn(process.execPath, [...process.execArgv, CLI, verb, '-C', dir, ...rest], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    this.#ended = new Promise((done, fail) => {
      this.#child.on('error', fail).on('close', done)
    })
    const input = this.#child.stdout
    if (input === null) throw new Error('there is no output to read')
    this.#lines = createInterface({ input })[Symbol.asyncIterator]()
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done !== true) return value
    throw new Error(`stepwell ended: ${this.#said}`)
  }

  /** Its exit code, once it has ended, and what it had said of errors. */
  async end(): Promise<{ readonly code: number | null; readonly said: string }> {
    for (;;) if ((await this.#lines.next()).done) break
    return { code: await this.#ended, said: this.#said }
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }
}

/** Runs a command to its end. */
export async function stepwell(dir: string, ...args: string[]): Promise<void> {
  const { code, said } = await new Stepwell(dir, ...args).end()
  if (code !== 0) throw new Error(`stepwell ${args.join(' ')} ended with ${code}: ${said}`)
}
