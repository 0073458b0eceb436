import { mkdirSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { digestHex, type Digest } from '../digest.ts'
import { codeOf } from '../errors.ts'
import type { Outs } from '../step.ts'
import { remove } from './files.ts'
import { fileNameOf } from './paths.ts'
import type { Recycle } from './recycle.ts'
import { isNoRoom } from './trouble.ts'

export interface StagingDirs {
  readonly staging: string
  readonly scratch: string
}

/**
 * Where steps write before they have succeeded: `staging/<run>/<step>/<out>/<name>`, and
 * `scratch/<key>/` for what they want to find again.
 */
export class Staging {
  readonly #dirs: StagingDirs
  readonly #recycle: Recycle

  constructor(dirs: StagingDirs, recycle: Recycle) {
    this.#dirs = dirs
    this.#recycle = recycle
  }

  /** Prepares the place of one execution. */
  open(run: string, step: string, key: Digest, outs: Outs, attempt = 1): StagedOuts {
    // What was left alone may write to the place of its attempt still.
    const place = fileNameOf(step)
    const dir = join(this.#dirs.staging, run, attempt === 1 ? place : `${place}~${attempt}`)
    const scratch = join(this.#dirs.scratch, digestHex(key))
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
        // Where there is no room, what was left would only take more of it.
        // What holds a secret is kept nowhere.
        if (isNoRoom(why) || codeOf(why) === 'STEPWELL_SECRET') {
          await remove(dir)
        } else await this.#putAside(dir, place)
      },
    }
  }

  /** A directory for what is on its way into the project during a run. */
  temporary(run: string): string {
    return join(this.#dirs.staging, run, '.incoming')
  }

  /** Ends the use by a run. */
  async close(run: string): Promise<void> {
    await remove(join(this.#dirs.staging, run))
  }

  /** Puts aside what runs left that are no more. */
  async recover(isUnderWay: (run: string) => Promise<boolean>): Promise<void> {
    for (const run of await readdir(this.#dirs.staging).catch(() => [])) {
      if (await isUnderWay(run)) continue
      const left = join(this.#dirs.staging, run)
      // Another run may be doing the same at the same time.
      for (const step of await readdir(left).catch(() => [])) {
        // What was on its way from the artifact store is there still.
        if (step.startsWith('.')) continue
        await this.#putAside(join(left, step), step).catch(ignoreGone)
      }
      await remove(left)
    }
  }

  async #putAside(dir: string, step: string): Promise<void> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
    if (entries.some((entry) => !entry.isDirectory())) await this.#recycle.keep(dir, step)
    else await remove(dir)
  }
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
  /** Cleans up, once the outs have been put into place. */
  succeeded(): Promise<void>
  /** Puts aside what was written; `why` is what was thrown, or the failure. */
  failed(why: unknown): Promise<void>
}
