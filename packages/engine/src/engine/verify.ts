import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { StepEntry } from '../record/step-entry.ts'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import { HeldBytes } from './gc-reachable.ts'
import { stepNames } from '../record/retention.ts'
import type { ProjectState } from './project.ts'
import { RememberingFileDigests } from '../store/inputs/file-digests.ts'

export interface VerifyRequest {
  /** Called now and then with the progress, in bytes. */
  readonly progress?: (done: number, total: number) => void
}

export interface VerifyReport {
  readonly artifacts: number
  readonly bytes: number
  readonly entries: number
  /** Bytes that were not what their digest says, and where they are now. */
  readonly damaged: readonly { readonly digest: Digest; readonly aside: string }[]
  /** Outs of which bytes were damaged or missing, and are back from the project. */
  readonly healed: readonly string[]
  /** Entries that could not be read, or promise bytes that are damaged or missing; they are gone. */
  readonly lost: readonly { readonly key: StepKey; readonly step?: string }[]
  /** Lines of journals that could not be read; they are gone. */
  readonly lines: number
}

/** What was found when all was read. */
interface Findings {
  readonly artifacts: ArtifactStore
  readonly counts: Pick<VerifyReport, 'artifacts' | 'bytes' | 'entries'>
  readonly sound: ReadonlySet<Digest>
  readonly damaged: readonly Digest[]
  /** Entries that cannot be read, or promise what is not sound. */
  readonly suspects: readonly (readonly [key: StepKey, entry: StepEntry | undefined])[]
}

/**
 * Reads all that is stored, whatever its time stamps say, and changes nothing: runs go on and begin
 * meanwhile, and what is found is looked at again by `mendCache`.
 */
export async function readCache(
  { progress = () => undefined }: VerifyRequest,
  state: ProjectState,
): Promise<Findings> {
  const artifacts = state.unremembering()
  const stored = new Map<Digest, number>()
  let bytes = 0
  for await (const { digest, size } of artifacts.list()) {
    stored.set(digest, size)
    bytes += size
  }
  const damaged: Digest[] = []
  const sound = new Set<Digest>()
  let done = 0
  for (const [digest, size] of stored) {
    const found = await artifacts.check(digest)
    if (found === 'damaged') damaged.push(digest)
    if (found === 'present') sound.add(digest)
    done += size
    progress(done, bytes)
  }
  const held = new HeldBytes(artifacts, state.ledgers)
  const suspects: (readonly [key: StepKey, entry: StepEntry | undefined])[] = []
  let entries = 0
  for await (const [key, entry] of state.cache.entries()) {
    entries += 1
    const isSound =
      entry && [...(await held.promised(entry.outputs))].every((digest) => sound.has(digest))
    if (!isSound) suspects.push([key, entry])
  }
  const counts = { artifacts: stored.size, bytes, entries }
  return { artifacts, counts, sound, damaged, suspects }
}

/**
 * Puts aside what is damaged, and deletes entries that promise it: the steps are rerun when they are needed.
 * The caller holds the project; runs that already go on may store things meanwhile.
 */
export async function mendCache(
  { artifacts, counts, sound, damaged, suspects }: Findings,
  state: ProjectState,
): Promise<VerifyReport> {
  const { cache, runs } = state
  const away: VerifyReport['damaged'][number][] = []
  for (const digest of damaged) {
    // It may have been stored again since.
    if ((await artifacts.check(digest)) !== 'damaged') continue
    const aside = await putAside(digest, artifacts, state)
    if (aside !== undefined) away.push({ digest, aside })
  }
  const workspace = state.workspace('verify')
  const healed: string[] = []
  const lostKeys: StepKey[] = []
  for (const [key, before] of suspects) {
    const entry = await cache.get(key)
    // It is gone meanwhile, or was revoked.
    if (entry === undefined && before !== undefined) continue
    for (const out of Object.values(entry?.outputs.outs ?? {})) {
      if ((await workspace.check(out)) === 'present') continue
      if ((await workspace.inspect(out)) !== 'in place') continue
      await workspace.heal(out)
      healed.push(out.path)
    }
    if (entry !== undefined && (await isWhole(entry))) continue
    await cache.delete(key)
    lostKeys.push(key)
  }
  const names = new Map<StepKey, string>()
  for await (const record of runs.latest(Number.POSITIVE_INFINITY)) {
    for (const [key, name] of stepNames([record])) names.set(key, name)
  }
  const lost = lostKeys.map((key) => {
    const step = names.get(key)
    return { key, ...(step !== undefined && { step }) }
  })
  return { ...counts, damaged: away, healed, lost, lines: await runs.mendJournals() }

  async function isWhole({ outputs }: StepEntry): Promise<boolean> {
    for (const digest of await new HeldBytes(artifacts, state.ledgers).promised(outputs)) {
      if (!sound.has(digest) && (await artifacts.check(digest)) !== 'present') return false
    }
    return true
  }
}

/** Returns where the bytes are now; `undefined` when a run has stored sound ones meanwhile. */
async function putAside(
  digest: Digest,
  artifacts: ArtifactStore,
  { quarantine, dir }: ProjectState,
): Promise<string | undefined> {
  const aside = quarantine.place(digest.replace(':', '-'), 'damaged')
  await artifacts.remove(digest, aside)
  try {
    const { digest: moved } = await new RememberingFileDigests(dir).state(aside)
    if (moved !== digest) return aside
  } catch {
    // It is not even a file.
    return aside
  }
  await artifacts.putFiles([aside])
  await rm(dirname(aside), { recursive: true, force: true })
  return undefined
}
