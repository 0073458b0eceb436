import { mkdirSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { digestHex, type Digest } from '@stepwell/base/digest'
import { normal } from '../../define/command-line.ts'
import { codeOf } from '@stepwell/base/errors'
import type { Outs } from '../../define/step.ts'
import type { DiskClaims } from '../claims/disk-claims.ts'
import { directoriesIn } from '@stepwell/base/files'
import { remove } from '@stepwell/base/move'
import { InPlace } from './in-place.ts'
import { tryOut } from './out-locks.ts'
import { fileNameOf } from '@stepwell/base/paths'
import { forgetTaken, putBack, readTaken } from './undo.ts'
import type { Recycle } from './recycle.ts'
import { isNoRoom } from '../storage-error.ts'

export interface StagingDirs {
  readonly project: string
  readonly staging: string
  readonly scratch: string
}

/** What is known of those that stage things at the same time. */
export interface Others {
  readonly claims: DiskClaims
  readonly isUnderWay: (run: string) => Promise<boolean>
  /** Ends commands whose runs were killed, which may be writing. */
  readonly endOrphans: () => Promise<unknown>
}

/**
 * Where steps write before they have succeeded: `staging/<run>/<step>/<out>/<name>`, and
 * `scratch/<key>/` for what they want to find again. What those that write in place had to move aside is
 * there, too.
 */
export class Staging {
  readonly #dirs: StagingDirs
  readonly #recycle: Recycle
  readonly #others: Others

  constructor(dirs: StagingDirs, recycle: Recycle, others: Others) {
    this.#dirs = dirs
    this.#recycle = recycle
    this.#others = others
  }

  /**
   * Prepares the place of one execution.
   * @param keeps of one that writes in place: names of outs that stay as they are
   */
  open(
    run: string,
    step: string,
    key: Digest,
    outs: Outs,
    attempt = 1,
    keeps?: readonly string[],
  ): StagedOuts {
    // What was left alone may write to the place of its attempt still.
    const place = fileNameOf(step)
    const dir = join(this.#dirs.staging, run, attempt === 1 ? place : `${place}~${attempt}`)
    const scratch = join(this.#dirs.scratch, digestHex(key))
    if (keeps !== undefined) return this.#openInPlace(dir, scratch, place, outs, keeps)
    const paths = Object.entries(outs).map(([name, { path }]) => {
      return [name, join(dir, encodeURIComponent(name), basename(path))] as const
    })
    rmSync(dir, { recursive: true, force: true })
    for (const [name, path] of paths) {
      mkdirSync(outs[name]?.kind === 'dir' ? path : dirname(path), { recursive: true })
    }
    return {
      paths: Object.fromEntries(paths),
      scratch,
      succeeded: async () => {
        await remove(dir)
        await remove(scratch)
      },
      failed: async (why) => {
        if (isForNobody(why)) await remove(dir)
        else await this.#putAside(dir, place)
      },
    }
  }

  #openInPlace(
    place: string,
    scratch: string,
    step: string,
    outs: Outs,
    keeps: readonly string[],
  ): StagedOuts {
    const { project } = this.#dirs
    rmSync(place, { recursive: true, force: true })
    const paths = Object.entries(outs).map(([name, { path }]) => [name, normal(path)] as const)
    const inPlace = new InPlace({
      project,
      place,
      step,
      outs: Object.fromEntries(paths),
      keeps,
      claims: this.#others.claims,
      recover: async (held) => await this.#recoverOuts(held),
    })
    return {
      paths: Object.fromEntries(paths.map(([name, path]) => [name, join(project, path)])),
      scratch,
      inPlace,
      succeeded: async () => {
        inPlace.release()
        await remove(place)
        await remove(scratch)
      },
      failed: async (why) => {
        try {
          await inPlace.undo(async (left) => {
            await (isForNobody(why) ? remove(left) : this.#recycle.keep(left, step))
          })
          await this.#putAside(place, step)
        } finally {
          inPlace.release()
        }
      },
    }
  }

  /** A directory for what is on its way into the project during a run. */
  temporary(run: string): string {
    return join(this.#dirs.staging, run, '.incoming')
  }

  /** Ends the use by a run. */
  async close(run: string): Promise<void> {
    const left = join(this.#dirs.staging, run)
    // What could not be put back has been told of, and is for the next run.
    const steps = await directoriesIn(left)
    if (steps.some((step) => readTaken(join(left, step)) !== undefined)) return
    await remove(left)
  }

  /**
   * Puts aside what dead runs left, and puts back what their steps had moved aside.
   * @param declared paths at which steps leave outs: what a record says of others is not believed, and stays
   *   for the pipeline that declares them
   * @returns those others
   */
  async recover(declared: ReadonlySet<string>): Promise<string[]> {
    const others = new Set<string>()
    for (const run of await directoriesIn(this.#dirs.staging)) {
      if (await this.#others.isUnderWay(run)) continue
      const left = join(this.#dirs.staging, run)
      let isDone = true
      // Another run may be doing the same at the same time.
      for (const step of await directoriesIn(left)) {
        // What was on its way from the artifact store is there still.
        if (step.startsWith('.')) continue
        const place = join(left, step)
        for (const path of readTaken(place)?.paths ?? []) if (!declared.has(path)) others.add(path)
        if (await this.#putBack(place, declared))
          await this.#putAside(place, step).catch(ignoreGone)
        else isDone = false
      }
      if (isDone) await remove(left)
    }
    return [...others]
  }

  /** Puts back what steps of killed runs have taken, before it is taken again. */
  async #recoverOuts(held: readonly string[]): Promise<void> {
    for (const run of await directoriesIn(this.#dirs.staging)) {
      const steps = (await directoriesIn(join(this.#dirs.staging, run))).map((step) =>
        join(this.#dirs.staging, run, step),
      )
      const taking = steps.filter((place) => readTaken(place) !== undefined)
      if (taking.length === 0 || (await this.#others.isUnderWay(run))) continue
      await this.#others.endOrphans()
      for (const place of taking) await this.#putBack(place, new Set(held), held)
    }
  }

  /**
   * @param declared the paths that may be put back
   * @param held paths that are claimed
   * @returns whether all has been put back: others may be at work there, who do it themselves
   */
  async #putBack(
    place: string,
    declared: ReadonlySet<string>,
    held: readonly string[] = [],
  ): Promise<boolean> {
    const taken = readTaken(place)
    if (taken === undefined) return true
    let isDone = true
    for (const [nth, path] of taken.paths.entries()) {
      if (!declared.has(path)) {
        isDone = false
        continue
      }
      const claim = held.includes(path) ? undefined : tryOut(this.#others.claims, path)
      if (claim === undefined && !held.includes(path)) {
        isDone = false
        continue
      }
      try {
        await putBack(this.#dirs.project, place, taken, nth, async (left) => {
          await this.#recycle.keep(left, taken.step)
        })
      } finally {
        claim?.release()
      }
    }
    if (isDone) await forgetTaken(place)
    return isDone
  }

  async #putAside(dir: string, step: string): Promise<void> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
    if (entries.some((entry) => !entry.isDirectory())) await this.#recycle.keep(dir, step)
    else await remove(dir)
  }
}

/** Where there is no room, what was left would take more of it; what holds a secret is kept nowhere. */
function isForNobody(why: unknown): boolean {
  return isNoRoom(why) || codeOf(why) === 'STEPWELL_SECRET'
}

function ignoreGone(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

/** The place of one execution. */
export interface StagedOuts {
  /** By name: absolute paths at which the step is to write. */
  readonly paths: Readonly<Record<string, string>>
  /** The directory for work in progress, which need not be there. */
  readonly scratch: string
  /** Of one that writes to the paths in the project: it begins with that room is made. */
  readonly inPlace?: InPlace
  /** Cleans up, once the outs have been put into place. */
  succeeded(): Promise<void>
  /** Puts aside what was written; `why` is what was thrown, or the failure. */
  failed(why: unknown): Promise<void>
}
