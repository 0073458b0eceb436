import type { ChildProcess } from 'node:child_process'
import { onTestFinished } from 'vitest'
import type { Project } from './rig.ts'

/** A command that goes on, whose output is read bit by bit. */
export class Talking {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  all = ''
  errors = ''
  #unread = ''
  #heard: () => void = () => undefined
  #isClosed = false

  constructor(project: Project, args: readonly string[], env: Record<string, string> = {}) {
    this.child = project.start(args, env)
    onTestFinished(() => void this.child.kill('SIGKILL'))
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
      this.#hear(text)
    })
    this.exit = new Promise((done) => {
      this.child.on('close', (code) => {
        done(code)
        this.#isClosed = true
        this.#heard()
      })
    })
  }

  #hear(text: string): void {
    this.all += text
    this.#unread += text
    this.#heard()
  }

  /** Waits until it says what fits, and gives what it had said since the last time. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#unread)
      if (found !== null) {
        const end = found.index + found[0].length
        const read = this.#unread.slice(0, end)
        this.#unread = this.#unread.slice(end)
        return read
      }
      if (this.#isClosed) throw new Error(`it ended, and had said ${this.all}`)
      await new Promise<void>((heard) => {
        this.#heard = heard
      })
    }
  }
}
