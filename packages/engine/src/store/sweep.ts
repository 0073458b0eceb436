import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestHex, digestText } from '../digest.ts'
import type { StateDirs } from './project.ts'

const DAY_MS = 86_400_000
/** How long work in progress is kept that no step has come back to. */
const SCRATCH_DAYS = 30

/**
 * Lets go of what nobody will ask for: downloads that no step declares, work in progress of long ago,
 * what killed processes left half written, and indexes that were set aside. No run goes on meanwhile.
 *
 * @param urls addresses whose downloads stay
 */
export async function sweep(dirs: StateDirs, urls: ReadonlySet<string>): Promise<void> {
  const downloads = new Set([...urls].map((url) => digestHex(digestText(url))))
  await removeFrom(dirs.downloads, (name) => !downloads.has(name))
  const old = Date.now() - SCRATCH_DAYS * DAY_MS
  await removeFrom(dirs.scratch, async (name) => {
    const { mtimeMs } = await stat(join(dirs.scratch, name))
    return mtimeMs < old
  })
  await removeFrom(dirs.root, (name) => name.startsWith('index.damaged-'))
  for (const dir of [dirs.state, dirs.code, dirs.runs]) {
    await removeFrom(dir, (name) => name.endsWith('.tmp'))
  }
  for (const head of await namesIn(dirs.objects)) {
    await removeFrom(join(dirs.objects, head), (name) => name.endsWith('.tmp'))
  }
}

async function removeFrom(
  dir: string,
  goes: (name: string) => boolean | Promise<boolean>,
): Promise<void> {
  for (const name of await namesIn(dir)) {
    if (await goes(name)) await rm(join(dir, name), { recursive: true, force: true })
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return await readdir(dir).catch(() => [])
}
