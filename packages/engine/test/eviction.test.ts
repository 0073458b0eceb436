import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestText, type Digest } from '@stepwell/base/digest'
import { chooseEvicted, type Holding } from '../src/engine/gc-eviction.ts'

const BYTES = Array.from({ length: 8 }, (_, index) => digestText(`${index}`))

const holdings: fc.Arbitrary<Holding[]> = fc
  .array(
    fc.record({
      bytes: fc.subarray(BYTES, { minLength: 1 }).map((digests) => new Set(digests)),
      duration: fc.nat(1000),
      isProtected: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((all) => all.map((each, index) => ({ ...each, id: `${index}` })))
const sizes = fc
  .array(fc.nat(100), { minLength: BYTES.length, maxLength: BYTES.length })
  .map((all) => new Map(BYTES.map((digest, index) => [digest, all[index] ?? 0])))

function total(all: readonly Holding[], of: ReadonlyMap<Digest, number>): number {
  const held = new Set(all.flatMap(({ bytes }) => [...bytes]))
  return [...held].reduce((sum, digest) => sum + (of.get(digest) ?? 0), 0)
}

test('what stays fits, or is protected; nothing goes that need not, and the dearest go last', () => {
  fc.assert(
    fc.property(holdings, sizes, fc.nat(800), (all, of, most) => {
      const gone = chooseEvicted(all, of, most)
      const left = all.filter(({ id }) => !gone.includes(id))
      // What is left beyond that would free nothing.
      const firm = left.filter(({ isProtected }) => isProtected)
      expect(total(left, of) <= most || total(left, of) === total(firm, of)).toBe(true)
      expect(all.filter(({ id, isProtected }) => isProtected && gone.includes(id))).toEqual([])
      if (total(all, of) <= most) expect(gone).toEqual([])
      // Without the last one that went, the rest did not fit.
      const before = all.filter(({ id }) => !gone.slice(0, -1).includes(id))
      if (gone.length > 0) expect(total(before, of)).toBeGreaterThan(most)
    }),
  )
})

test('what takes long to make and is small stays longest', () => {
  const [a, b, c] = BYTES
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are eight')
  const make = (name: string, bytes: Digest[], duration: number): Holding => {
    return { id: name, bytes: new Set(bytes), duration, isProtected: false }
  }
  const of = new Map([
    [a, 100],
    [b, 100],
    [c, 1],
  ])
  const all = [make('training', [c], 1000), make('dear', [a], 900), make('cheap', [b], 10)]
  expect(chooseEvicted(all, of, 150)).toEqual(['cheap'])
  expect(chooseEvicted(all, of, 50)).toEqual(['cheap', 'dear'])
  // Nothing goes in vain.
  const firm = { ...make('firm', [a], 1), isProtected: true }
  expect(chooseEvicted([firm, make('same', [a], 0)], of, 0)).toEqual([])
  // What both hold goes only with both.
  expect(chooseEvicted([make('x', [a], 1), make('y', [a], 2)], of, 50)).toEqual(['x', 'y'])
})
