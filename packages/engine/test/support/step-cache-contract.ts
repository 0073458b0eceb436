import { describe, expect, test } from 'vitest'
import type { StepCache } from '../../src/index.ts'
import { entryOf, keyOf } from './entry.ts'

/** What every step cache must do. `make` gives a new, empty one. */
export function stepCacheContract(title: string, make: () => StepCache): void {
  describe(`${title} is a step cache`, () => {
    test('an unknown key has no entry', async () => {
      expect(await make().get(keyOf('a'))).toBeUndefined()
    })
    test('an entry comes back as it was put', async () => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      expect(await cache.get(keyOf('a'))).toEqual(entryOf('one'))
      expect(await cache.get(keyOf('b'))).toBeUndefined()
    })
    test('the last one put counts', async () => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      await cache.put(keyOf('a'), entryOf('two'))
      expect(await cache.get(keyOf('a'))).toEqual(entryOf('two'))
    })
    test('what was deleted is gone, and can be put again', async () => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      await cache.put(keyOf('b'), entryOf('two'))
      await cache.delete(keyOf('a'))
      await cache.delete(keyOf('a'))
      expect(await cache.get(keyOf('a'))).toBeUndefined()
      expect(await cache.get(keyOf('b'))).toEqual(entryOf('two'))
      await cache.put(keyOf('a'), entryOf('two'))
      expect(await cache.get(keyOf('a'))).toEqual(entryOf('two'))
    })
    test('all entries can be listed, whatever happens to some meanwhile', async () => {
      const cache = make()
      const names = Array.from({ length: 1200 }, (_, index) => `${index}`)
      await Promise.all(names.map((name) => cache.put(keyOf(name), entryOf(name))))
      await cache.delete(keyOf('7'))
      const found = new Map<string, unknown>()
      for await (const [key, entry] of cache.entries()) {
        found.set(key, entry)
        if (found.size === 3) await cache.put(keyOf('3'), entryOf('3'))
      }
      const left = names.filter((name) => name !== '7')
      expect([...found.keys()].toSorted()).toEqual(left.map(keyOf).toSorted())
      expect(found.get(keyOf('9'))).toEqual(entryOf('9'))
    })
    test('many at once do not get mixed up', async () => {
      const cache = make()
      const names = Array.from({ length: 100 }, (_, index) => `${index}`)
      await Promise.all(names.map((name) => cache.put(keyOf(name), entryOf(name))))
      const back = await Promise.all(names.toReversed().map((name) => cache.get(keyOf(name))))
      expect(back).toEqual(names.toReversed().map(entryOf))
    })
    test('who changes what it got changes nothing for others', async () => {
      const cache = make()
      await cache.put(keyOf('a'), entryOf('one'))
      Object.assign((await cache.get(keyOf('a'))) ?? {}, { run: 'other' })
      expect(await cache.get(keyOf('a'))).toEqual(entryOf('one'))
    })
  })
}
