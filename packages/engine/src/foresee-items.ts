import { StepwellError } from './errors.ts'
import { itemBase } from './fingerprint.ts'
import type { Identity } from './identify.ts'
import { listItems } from './list-items.ts'
import { ITEM } from './mapping.ts'
import type { OrderedStep } from './order.ts'
import type { PlannedItems } from './planned-step.ts'
import { definition } from './step.ts'
import type { ItemLedgers } from './store/item-ledger.ts'
import type { ArtifactStore } from './store/store.ts'

/**
 * How many items a mapped step goes over, and of how many it is not known what they give; `undefined` for
 * what is no mapped step, or is given no list.
 */
export async function foreseeItems(
  { name, step }: OrderedStep,
  identity: Identity,
  isReused: boolean,
  { artifacts, ledgers }: { readonly artifacts: ArtifactStore; readonly ledgers: ItemLedgers },
): Promise<PlannedItems | undefined> {
  const { map } = definition(step)
  if (map === undefined) return undefined
  const base = itemBase(identity.ingredients.fingerprint, ITEM)
  try {
    const items = await listItems(name, map, identity, base, artifacts)
    const known = isReused ? await ledgers.read(base) : new Map()
    return { total: items.length, new: items.filter(({ key }) => !known.has(key)).length }
  } catch (error) {
    // The run will say so.
    if (error instanceof StepwellError) return undefined
    throw error
  }
}
