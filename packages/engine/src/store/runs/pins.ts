import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { namesIn } from '@stepwell/base/files'

/** Runs that stay, with all that they used: `pins/<run>`. */
export class Pins {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  async list(): Promise<Set<string>> {
    return new Set(await namesIn(this.#dir))
  }

  async set(run: string, isPinned: boolean): Promise<void> {
    if (!isPinned) return await rm(join(this.#dir, run), { force: true })
    await mkdir(this.#dir, { recursive: true })
    await writeFile(join(this.#dir, run), '')
  }
}
