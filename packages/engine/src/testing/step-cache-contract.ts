import assert from 'node:assert/strict'
import type { StepKey } from '../identity/fingerprint.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { StepCache } from '../store/cache/step-cache.ts'
import type { Check } from './check.ts'
import { entryOf, keyOf } from './entry.ts'

/** What every step cache must do. The subject makes a new, empty one. */
export const stepCacheContract: readonly Check<() => StepCache>[] = [
  {
    name: 'an unknown key has no entry',
    run: async (make) => {
      assert.equal(await make().get(keyOf('a')), undefined)
    },
  },
  {
    name: 'an entry comes back as it was put',
    run: async (make) => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      assert.deepEqual(await cache.get(keyOf('a')), entryOf('one'))
      assert.equal(await cache.get(keyOf('b')), undefined)
    },
  },
  {
    name: 'the last one put counts',
    run: async (make) => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      await cache.put(keyOf('a'), entryOf('two'))
      assert.deepEqual(await cache.get(keyOf('a')), entryOf('two'))
    },
  },
  {
    name: 'what was deleted is gone, and can be put again',
    run: async (make) => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      await cache.put(keyOf('b'), entryOf('two'))
      await cache.delete(keyOf('a'))
      await cache.delete(keyOf('a'))
      assert.equal(await cache.get(keyOf('a')), undefined)
      assert.deepEqual(await cache.get(keyOf('b')), entryOf('two'))
      await cache.put(keyOf('a'), entryOf('two'))
      assert.deepEqual(await cache.get(keyOf('a')), entryOf('two'))
    },
  },
  {
    name: 'all entries can be listed, whatever happens to some meanwhile',
    run: async (make) => {
      const cache = make()
      const names = Array.from({ length: 1200 }, (_, index) => `${index}`)
      await Promise.all(names.map((name) => cache.put(keyOf(name), entryOf(name))))
      await cache.delete(keyOf('7'))
      const found = new Map<StepKey, StepEntry | undefined>()
      for await (const [key, entry] of cache.entries()) {
        found.set(key, entry)
        if (found.size === 3) await cache.put(keyOf('3'), entryOf('3'))
      }
      const left = names.filter((name) => name !== '7')
      assert.deepEqual([...found.keys()].toSorted(), left.map(keyOf).toSorted())
      assert.deepEqual(found.get(keyOf('9')), entryOf('9'))
    },
  },
  {
    name: 'many at once do not get mixed up',
    run: async (make) => {
      const cache = make()
      const names = Array.from({ length: 100 }, (_, index) => `${index}`)
      await Promise.all(names.map((name) => cache.put(keyOf(name), entryOf(name))))
      const back = await Promise.all(names.toReversed().map((name) => cache.get(keyOf(name))))
      assert.deepEqual(back, names.toReversed().map(entryOf))
    },
  },
  {
    name: 'a change of an entry that was got changes nothing for others',
    run: async (make) => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      Object.assign((await cache.get(keyOf('a'))) ?? {}, { run: 'other' })
      assert.deepEqual(await cache.get(keyOf('a')), entryOf('one'))
    },
  },
]
