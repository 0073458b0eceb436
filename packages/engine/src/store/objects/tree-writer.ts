import type { ArtifactStore, LinkMode } from './artifact-store.ts'
import { chmod, lstat, mkdir, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DirArtifact } from '../../value/artifact.ts'
import type { Digest } from '@stepwell/base/digest'
import { messageOf, StepwellError } from '@stepwell/base/errors'
import { parseDirectory, type TreeEntry } from '../../value/tree.ts'
import { applyAttributes, parseAttributes, type Attributes } from './attributes.ts'

const AT_ONCE = 16
const EXECUTE = 0o111
const READ = 0o444
/** What was made and is not known any more is for its owner alone. */
const OWN = 0o700

/**
 * Writes a file of the artifact store to a path at which nothing is.
 * @returns whether it is a file of its own, and not one with the stored one
 */
export async function writeFileOut(
  { digest, mode }: { readonly digest: Digest; readonly mode: number },
  path: string,
  artifacts: ArtifactStore,
  how: LinkMode,
): Promise<boolean> {
  const isLink = how === 'hard' && (mode & EXECUTE) === 0
  await artifacts.copyTo(digest, path, isLink ? 'hard' : 'copy')
  if (isLink) {
    const { mode: stored, nlink } = await lstat(path)
    // A hard link shares the mode of the object: only what may be read by the same can be one.
    if (nlink > 1 && (stored & READ) === (mode & READ)) return false
    if (nlink > 1) {
      await rm(path)
      await artifacts.copyTo(digest, path, 'copy')
    }
  }
  await chmod(path, mode)
  return true
}

/**
 * Writes a directory of the artifact store to a path at which nothing is.
 * @throws StepwellError STEPWELL_ARTIFACT when its bytes are missing or damaged.
 */
export async function writeDirOut(
  { digest, attributes: kept }: Pick<DirArtifact, 'digest' | 'attributes'>,
  root: string,
  artifacts: ArtifactStore,
  how: LinkMode,
): Promise<void> {
  const entries = entriesIn(new TextDecoder().decode(await artifacts.get(digest)), digest)
  const attributes = kept && (await readKept(kept, artifacts))
  const isLost = kept !== undefined && attributes === undefined
  const dirs = entries.map(({ kind, path }) => (kind === 'empty' ? path : dirname(path)))
  const mode = kept === undefined ? 0o777 : OWN
  await mkdir(root, { recursive: true, mode })
  for (const path of new Set(dirs)) await mkdir(join(root, path), { recursive: true, mode })
  const own: string[] = []
  const left = entries.values()
  // Each takes the next one from the same iterator.
  const write = async (): Promise<void> => {
    for (const entry of left) {
      const path = join(root, entry.path)
      if (entry.kind === 'link') await symlink(entry.target, path)
      if (entry.kind !== 'file') continue
      const known = attributes?.get(entry.path)?.mode ?? (isLost ? entry.mode & OWN : entry.mode)
      const file = { digest: entry.digest, mode: known }
      if (await writeFileOut(file, path, artifacts, how)) own.push(entry.path)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, write))
  if (attributes !== undefined) await applyAttributes(root, attributes, own)
}

/** Its digest is right, but that anybody can see to. */
function entriesIn(text: string, digest: Digest): TreeEntry[] {
  try {
    return parseDirectory(text)
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_ARTIFACT',
      summary: `the artifact ${digest} is not a directory that a step can have left`,
      details: messageOf(cause),
      hint: 'run again: the step that makes it will be rerun',
      cause,
    })
  }
}

async function readKept(digest: Digest, artifacts: ArtifactStore): Promise<Attributes | undefined> {
  try {
    return parseAttributes(new TextDecoder().decode(await artifacts.get(digest)))
  } catch (error) {
    if (error instanceof StepwellError || error instanceof RangeError) return undefined
    throw error
  }
}
