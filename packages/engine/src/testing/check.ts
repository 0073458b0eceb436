import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * One thing that whatever implements a port must do. It needs no test runner: give its name and `run` to the one that
 * you have.
 */
export interface Check<T> {
  readonly name: string
  /** @throws AssertionError where the subject does not do it */
  readonly run: (subject: T) => Promise<void>
}

/** Calls with an empty directory, which is removed afterwards. */
export async function withDirectory(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'stepwell-contract-')))
  try {
    await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
