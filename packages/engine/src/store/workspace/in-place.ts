import type { Claim, Claims, Waiting } from '../claims/claims.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import { replaceFile } from '@stepwell/base/atomic-file'
import { move } from '@stepwell/base/move'
import { takeOuts } from './out-locks.ts'
import { blockerOf, statsAt } from './out-obstacle.ts'
import { beforeIn, forgetTaken, noneIn, putBack, recordIn, type TakenOuts } from './undo.ts'

export interface InPlaceOptions {
  /** The project directory. */
  readonly project: string
  /** The place of the execution in `staging`. */
  readonly place: string
  readonly step: string
  /** By name: paths relative to the project. */
  readonly outs: Readonly<Record<string, string>>
  /** Names of those that stay as they are. */
  readonly keeps: readonly string[]
  readonly claims: Claims
  /** Puts back what killed runs have taken from these paths, which are claimed. */
  readonly recover: (paths: readonly string[]) => Promise<void>
}

/**
 * The outs of one execution that writes to their very paths. What was there is moved aside before, and comes
 * back unless the execution succeeds. No other run changes what is at the paths meanwhile.
 */
export class InPlace {
  readonly #options: InPlaceOptions
  readonly #taken: TakenOuts
  readonly #names: readonly string[]
  #claim: Claim | undefined

  constructor(options: InPlaceOptions) {
    const { step, outs, keeps } = options
    const taken = Object.entries(outs).filter(([name]) => !keeps.includes(name))
    this.#options = options
    this.#names = taken.map(([name]) => name)
    this.#taken = { step, paths: taken.map(([, path]) => path) }
  }

  /**
   * Makes room for the outs. When it fails, what was taken is still to be put back.
   * @throws StepwellError STEPWELL_OUT_PLACE, STEPWELL_OUT_PATH; the reason of the signal when it aborts.
   */
  async begin(waiting: Waiting): Promise<void> {
    const { outs, claims, recover } = this.#options
    const paths = Object.values(outs)
    this.#claim = await takeOuts(claims, paths, waiting)
    await recover(paths)
    for (const path of paths) this.#checkWay(path)
    try {
      await this.#makeRoom(paths)
    } catch (cause) {
      throw this.#noRoom(codeOf(cause) ?? messageOf(cause), cause)
    }
  }

  async #makeRoom(paths: readonly string[]): Promise<void> {
    const { project, place, outs, keeps } = this.#options
    const taken = [...this.#taken.paths.entries()]
    mkdirSync(join(place, 'none'), { recursive: true })
    const there = taken.filter(([nth, path]) => {
      if (statsAt(join(project, path)) !== undefined) return true
      writeFileSync(noneIn(place, nth), '')
      return false
    })
    // Before anything is moved: from here on it is known, whatever happens.
    await replaceFile(recordIn(place), JSON.stringify(this.#taken))
    for (const [nth, path] of there) await move(join(project, path), beforeIn(place, nth, path))
    for (const path of paths) await mkdir(dirname(join(project, path)), { recursive: true })
    for (const name of keeps) await unshare(join(project, outs[name] ?? ''), join(place, 'copy'))
  }

  /** Where what was at the path of an out is now; nothing may be there. */
  before(name: string): string | undefined {
    const nth = this.#names.indexOf(name)
    const path = this.#taken.paths[nth]
    return path === undefined ? undefined : beforeIn(this.#options.place, nth, path)
  }

  /** What the step left is committed: what was there before is not put back any more. */
  async settle(): Promise<void> {
    await forgetTaken(this.#options.place)
  }

  /**
   * Puts back what was there, unless that is settled.
   * @param letGo takes away what the step left
   */
  async undo(letGo: (path: string) => Promise<unknown>): Promise<void> {
    const { project, place } = this.#options
    if (statsAt(recordIn(place)) === undefined) return
    for (const nth of this.#taken.paths.keys())
      await putBack(project, place, this.#taken, nth, letGo)
    await forgetTaken(place)
  }

  /** Lets others change what is at the paths. */
  release(): void {
    this.#claim?.release()
  }

  /** @throws StepwellError STEPWELL_OUT_PLACE, STEPWELL_OUT_PATH. */
  #checkWay(path: string): void {
    const blocker = blockerOf(this.#options.project, path)
    if (blocker === undefined) return
    if (!blocker.isLink) throw this.#noRoom(`a file is at ${blocker.path}, above \`${path}\``)
    throw new StepwellError({
      code: 'STEPWELL_OUT_PATH',
      summary: `the out \`${path}\` would be put outside of the project`,
      details: `the symbolic link ${blocker.path} leads there`,
      hint: 'remove the link, or name another path',
    })
  }

  #noRoom(facts: string, cause?: unknown): StepwellError {
    return new StepwellError({
      code: 'STEPWELL_OUT_PLACE',
      summary: `no room can be made for the outs of step \`${this.#options.step}\``,
      details: facts,
      hint: 'check what is there, and the permissions, and run again: nothing is lost',
      cause,
    })
  }
}

/** Makes files one's own that share their bytes with the artifact store, or another cache. */
async function unshare(path: string, copy: string): Promise<void> {
  const stats = statsAt(path)
  if (stats?.isDirectory()) {
    for (const name of await readdir(path)) await unshare(join(path, name), copy)
  }
  if (!stats?.isFile() || stats.nlink === 1) return
  await copyFile(path, copy)
  await chmod(copy, (await lstat(path)).mode | 0o200)
  await move(copy, path)
}
