import { DAY_MS } from '@stepwell/base/quantity'
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isTemporary } from '@stepwell/base/atomic-file'
import { namesIn } from '@stepwell/base/files'
import { digestHex, type Digest } from '@stepwell/base/digest'
import { addressOf } from './inputs/disk-downloads.ts'
import type { StateDirs } from './layout.ts'

/** How long work in progress is kept that no kept run has asked for: one that was killed may have. */
const SCRATCH_DAYS = 30

/**
 * Deletes what will not be needed: downloads that no step declares, old work in progress, what killed
 * processes left half written, and indexes that were set aside. No run goes on meanwhile.
 */
export async function sweep(dirs: StateDirs, { urls, keys }: Wanted): Promise<void> {
  await removeFrom(dirs.downloads, async (name) => {
    const dir = join(dirs.downloads, name)
    await removeFrom(dir, isTemporary)
    const address = await addressOf(dir)
    return address === undefined || !urls.has(address)
  })
  const scratch = new Set([...keys].map((key) => digestHex(key)))
  const old = Date.now() - SCRATCH_DAYS * DAY_MS
  await removeFrom(dirs.scratch, async (name) => {
    return !scratch.has(name) && (await lastChange(join(dirs.scratch, name))) < old
  })
  await removeFrom(dirs.root, (name) => name.startsWith('index.damaged-') || isTemporary(name))
  for (const dir of [dirs.state, dirs.code, dirs.runs]) await removeFrom(dir, isTemporary)
  for (const head of await namesIn(dirs.objects)) {
    await removeFrom(join(dirs.objects, head), isTemporary)
  }
}

/** What stays. */
interface Wanted {
  /** Addresses of downloads, as they are shown. */
  readonly urls: ReadonlySet<string>
  /** Keys of steps with work in progress. */
  readonly keys: ReadonlySet<Digest>
}

/** When something in a directory was changed last: a file may be written again and again. */
async function lastChange(dir: string): Promise<number> {
  let last = 0
  for (const name of ['.', ...(await readdir(dir, { recursive: true }))]) {
    const stats = await lstat(join(dir, name)).catch(() => undefined)
    last = Math.max(last, stats?.mtimeMs ?? 0)
  }
  return last
}

async function removeFrom(
  dir: string,
  goes: (name: string) => boolean | Promise<boolean>,
): Promise<void> {
  for (const name of await namesIn(dir)) {
    if (await goes(name)) await rm(join(dir, name), { recursive: true, force: true })
  }
}
