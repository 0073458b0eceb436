import type { ArtifactStore, LinkMode } from './artifact-store.ts'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest } from '@stepwell/base/digest'
import type { TreeEntry } from '../../value/tree.ts'

const AT_ONCE = 16
/** A hard link shares the mode of the object: only what needs no other mode can be one. */
const PLAIN = 0o644

/** Writes a file of the artifact store to a path at which nothing is. */
export async function writeFileOut(
  { digest, mode }: { readonly digest: Digest; readonly mode: number },
  path: string,
  artifacts: ArtifactStore,
  how: LinkMode,
): Promise<void> {
  const linkable = how === 'hard' && mode === PLAIN
  await artifacts.copyTo(digest, path, linkable ? 'hard' : 'copy')
  if (!linkable) await chmod(path, mode)
}

/** Writes a tree to a path at which nothing is. */
export async function writeTree(
  entries: readonly TreeEntry[],
  root: string,
  artifacts: ArtifactStore,
  how: LinkMode,
): Promise<void> {
  const dirs = entries.map(({ kind, path }) => (kind === 'empty' ? path : dirname(path)))
  await mkdir(root, { recursive: true })
  for (const path of new Set(dirs)) await mkdir(join(root, path), { recursive: true })
  const left = entries.values()
  // Each takes the next one from the same iterator.
  const write = async (): Promise<void> => {
    for (const entry of left) {
      const path = join(root, entry.path)
      if (entry.kind === 'file') await writeFileOut(entry, path, artifacts, how)
      if (entry.kind === 'link') await symlink(entry.target, path)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, write))
}
