import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import { StepwellError } from '@stepwell/base/errors'
import { itemBase } from '../identity/fingerprint.ts'
import type { Identity } from '../decide/resolve-inputs.ts'
import { listItems } from '../decide/map-items.ts'
import { ITEM } from '../define/work.ts'
import type { OrderedStep } from '../define/order.ts'
import type { PlannedItems } from './planned-step.ts'
import { definition } from '../define/step.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'

/**
 * The number of items of a mapped step, and how many of them have no known output; `undefined` for other
 * steps, or without a list.
 */
export async function plannedItems(
  { name, step }: OrderedStep,
  identity: Identity,
  isReused: boolean,
  {
    artifacts,
    ledgers,
  }: { readonly artifacts: Pick<ArtifactStore, 'get'>; readonly ledgers: ItemLedgers },
): Promise<PlannedItems | undefined> {
  const { work } = definition(step)
  if (work.kind !== 'map') return undefined
  const base = itemBase(identity.ingredients.fingerprint, ITEM)
  try {
    const items = await listItems(name, work, identity, base, artifacts)
    const known = isReused ? await ledgers.read(base) : new Map()
    return { total: items.length, new: items.filter(({ key }) => !known.has(key)).length }
  } catch (error) {
    // The run will say so.
    if (error instanceof StepwellError) return undefined
    throw error
  }
}
