import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type { Identity } from './resolve-inputs.ts'
import type { Ingredients, Reason } from '../identity/reason.ts'
import { compareTrees, parseTree, type TreeEntry } from '../value/tree.ts'

const MOST = 10

/** Says of changed directories and lists of files which of them changed, where that is known still. */
export async function withFiles(
  reasons: readonly Reason[],
  before: Ingredients,
  { ingredients, trees }: Pick<Identity, 'ingredients' | 'trees'>,
  artifacts: ArtifactStore,
): Promise<Reason[]> {
  const named: Reason[] = []
  for (const reason of reasons) named.push(await withOwnFiles(reason))
  return named

  async function withOwnFiles(reason: Reason): Promise<Reason> {
    if (reason.kind !== 'input' || reason.change !== 'changed') return reason
    const old = await entriesOf(before, reason.name)
    const now = await entriesOf(ingredients, reason.name)
    if (old === undefined || now === undefined) return reason
    const changes = compareTrees(old, now)
    const more = changes.length - MOST
    return { ...reason, files: changes.slice(0, MOST), ...(more > 0 && { moreFiles: more }) }
  }

  async function entriesOf(
    { fingerprint }: Ingredients,
    input: string,
  ): Promise<readonly TreeEntry[] | undefined> {
    const part = fingerprint.inputs[input]
    if (part?.kind !== 'dir' && part?.kind !== 'glob') return undefined
    return trees.get(part.digest)?.entries ?? (await stored(part.digest))
  }

  async function stored(digest: Digest): Promise<readonly TreeEntry[] | undefined> {
    try {
      return parseTree(new TextDecoder().decode(await artifacts.get(digest)))
    } catch (error) {
      if (error instanceof StepwellError || error instanceof RangeError) return undefined
      throw error
    }
  }
}
