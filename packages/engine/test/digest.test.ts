import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createDigester,
  digestBytes,
  digestHex,
  digestText,
  type Digest,
} from '@stepwell/base/digest'

function streamed(bytes: Uint8Array, cuts: readonly number[]): Digest {
  const digester = createDigester()
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
  places.sort((a, b) => a - b)
  for (const [index, at] of places.entries()) {
    digester.update(bytes.subarray(at, places[index + 1] ?? bytes.length))
  }
  return digester.digest()
}

test('a digest depends on the bytes alone, not on the pieces they come in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat()), (bytes, cuts) => {
      expect(streamed(bytes, cuts)).toBe(digestBytes(bytes))
    }),
  )
})

test('also past the size up to which bytes are digested in one go', () => {
  const MIB = 1 << 20
  const bytes = new Uint8Array(3 * MIB + 7).map((_, index) => (index * 31 + (index >> 8)) & 255)
  for (const size of [MIB - 1, MIB, MIB + 1, 2 * MIB, bytes.length]) {
    const part = bytes.subarray(0, size)
    for (const cuts of [[], [1], [MIB], [MIB - 1, MIB + 1], [5, 2 * MIB + 3]]) {
      expect(streamed(part, cuts)).toBe(digestBytes(part))
    }
  }
})

test('other bytes, another digest', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, at, flip) => {
        const other = Uint8Array.from(bytes)
        other[at % other.length]! ^= flip
        expect(digestBytes(other)).not.toBe(digestBytes(bytes))
      },
    ),
  )
})

test('a digest carries its algorithm', () => {
  const digest = digestText('stepwell')
  expect(digest).toMatch(/^xxh64x2:[0-9a-f]{32}$/)
  expect(digestHex(digest)).toBe(digest.slice('xxh64x2:'.length))
  // Published vectors: xxHash64 of nothing under seed 0, in the first half.
  expect(digestHex(digestBytes(new Uint8Array(0))).slice(0, 16)).toBe('ef46db3751d8e999')
})
