import { DAY_MS } from '@stepwell/base/quantity'
import { basename, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { namesIn } from '@stepwell/base/files'
import { move, remove } from '@stepwell/base/move'

/** How long what was put aside is kept, and of how many steps what they left. */
const RECYCLE_DAYS = 7
const MOST = 100
/** The label of files that had to make room: the work of a person, to which `MOST` does not apply. */
export const REPLACED = 'replaced'

/**
 * Where files go that the user did not ask to delete: what a failed step left, and files edited by hand that
 * had to make room. `recycle/<time>-<label>-<random>/<name>`.
 */
export class Recycle {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  /**
   * Moves a file or directory here.
   * @param label the step that left it, or `REPLACED`
   * @returns where it is now
   */
  async keep(path: string, label: string): Promise<string> {
    const kept = this.place(basename(path), label)
    await move(path, kept)
    return kept
  }

  /** Where something of that name would be kept. */
  place(name: string, label: string): string {
    const time = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)
    return join(this.#dir, `${time}-${label}-${randomBytes(3).toString('hex')}`, name)
  }

  /** Deletes what has been here for too long, and of what steps left the oldest where there is too much. */
  async purge(now: number = Date.now()): Promise<void> {
    const names = (await namesIn(this.#dir)).toSorted().toReversed()
    let left = 0
    for (const name of names) {
      const at = timeOf(name)
      if (at === undefined) continue
      const tooMany = !name.slice(16).startsWith(`${REPLACED}-`) && ++left > MOST
      if (!tooMany && now - at < RECYCLE_DAYS * DAY_MS) continue
      await remove(join(this.#dir, name))
    }
  }
}

/** By the name, since a move keeps the time stamps of what is moved. */
function timeOf(name: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(name)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
