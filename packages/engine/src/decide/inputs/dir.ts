import type { Digest } from '@stepwell/base/digest'
import type { DirHandle } from '../../define/inputs.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'
import type { TreeLinks } from '../../store/inputs/tree-links.ts'

export async function resolve(
  { path, followLinks }: DirHandle,
  sources: Sources,
): Promise<ResolvedInput> {
  const links = followLinks === false ? 'unfollowed' : 'input'
  const tree = await sources.files.tree(path, links)
  return { ...dirInput(path, tree.digest, links, sources), tree }
}

/** A directory of the project whose digest is known. */
export function dirInput(
  path: string,
  digest: Digest,
  links: TreeLinks,
  { files }: Sources,
): ResolvedInput {
  const part = { kind: 'dir', path, digest } as const
  return {
    fingerprint: part,
    job: part,
    record: { digest },
    holds: async () => (await files.tree(path, links)).digest === digest,
    sight: { kind: 'dir', path, links },
  }
}

export function describe({ path }: DirHandle): string {
  return `dir ${path}`
}
