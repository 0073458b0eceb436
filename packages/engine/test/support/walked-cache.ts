import type { StepCache } from '../../src/index.ts'

/** A cache that does something else first when it is walked through. */
export function walked(cache: StepCache, before: () => Promise<void>): StepCache {
  return {
    get: async (key) => await cache.get(key),
    put: async (key, entry) => await cache.put(key, entry),
    delete: async (key) => await cache.delete(key),
    entries: async function* () {
      await before()
      yield* cache.entries()
    },
  }
}
