import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { listingOf } from '../identity/fingerprint.ts'
import type { Identity } from './resolve-inputs.ts'
import { compareIngredients, type Ingredients, type Reason } from '../identity/reason.ts'
import { codesOf } from '../record/snapshot.ts'
import { UNKNOWN, type World } from './world.ts'
import { compareTrees, parseTree, type TreeEntry } from '../value/tree.ts'

const MOST = 10

/** What is no longer as it was when a step was executed the last time; empty when all is. */
export async function whatChanged(
  name: string,
  { ingredients, trees }: Identity,
  { snapshot, code, artifacts }: Pick<World, 'snapshot' | 'code' | 'artifacts'>,
): Promise<Reason[]> {
  const before = snapshot.steps[name]?.entries[0]
  if (before === undefined) return [{ kind: 'new' }]
  const codes = { ...snapshot.codes, ...codesOf(code) }
  const reasons = compareIngredients(before.ingredients, ingredients, codes)
  const known = new Map([...trees].filter(([digest]) => digest !== UNKNOWN))
  return await withFiles(reasons, before.ingredients, { ingredients, trees: known }, artifacts)
}

/** Says of changed directories and lists of files which of them changed, where that is known still. */
export async function withFiles(
  reasons: readonly Reason[],
  before: Ingredients,
  { ingredients, trees }: Pick<Identity, 'ingredients' | 'trees'>,
  artifacts: Pick<ArtifactStore, 'get'>,
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
    const listing = listingOf(part)
    if (listing === undefined) return undefined
    return trees.get(listing)?.entries ?? (await stored(listing))
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
