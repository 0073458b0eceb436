import type { IndexOptions } from '../../src/store/cache/level-index.ts'
import { entryRecord } from '../../src/store/cache/level-step-cache.ts'
import { entryOf, keyOf } from '../../src/testing/entry.ts'

export { entryOf, keyOf }

/** How an engine fills an index whose runs have committed these. */
export function journalOf(names: readonly string[]): Required<Pick<IndexOptions, 'refill'>> {
  return {
    refill: async function* () {
      for (const name of names) yield await Promise.resolve(entryRecord(keyOf(name), entryOf(name)))
    },
  }
}
