import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lossIn, LossyJsonError, readJson } from '@stepwell/base/read-json'
import { canonicalJson } from '@stepwell/base/json'
import { decodeValue, encodeValue } from '../src/value/codec.ts'

const LOSSY: Record<string, [text: string, path: string]> = {
  'one above 2^53': ['{"ids":[1,{"a b":9007199254740993}]}', '.ids[1]["a b"]'],
  'below -2^53': ['[-9007199254740993]', '[0]'],
  'the document itself': ['12345678901234567890', ''],
  'with white space around': ['{"id" :\n 1234567890123456789 }', '.id'],
  'after a text that looks like one': ['["12345678901234567890",12345678901234567891]', '[1]'],
  'of many digits': [`{"n":${'9'.repeat(400)}}`, '.n'],
  'beyond all doubles': ['{"x":1e400}', '.x'],
  'beyond them downwards': ['[-1E+400]', '[0]'],
  'by its digits alone': [`[${'1'.repeat(310)}.5]`, '[0]'],
  'by digits and exponent': [`[${'1'.repeat(250)}e99]`, '[0]'],
  'in a member __proto__': ['{"__proto__":{"id":9007199254740993}}', '.__proto__.id'],
}
const KEPT = [
  '9007199254740991',
  '-9007199254740991',
  '9007199254740992',
  '100000000000000000000',
  '123456789012345680000',
  '0.12345678901234567890123',
  '1234.12345678901234567890',
  '3.4028234663852886e+38',
  '1e-400',
  '1e308',
  '-0',
  '"9007199254740993 1e400"',
  '{"9007199254740993":"1e400"}',
]

describe('a number that would be read as another one is refused by its place:', () => {
  for (const [title, [text, path]] of Object.entries(LOSSY)) {
    test(title, () => {
      expect(() => readJson(text)).toThrow(LossyJsonError)
      expect(lossIn(text)?.path).toBe(path)
    })
  }
  test('the message says what it would become', () => {
    expect(lossIn('{"id":9007199254740993}')?.message).toBe(
      '.id is 9007199254740993, which would be read as 9007199254740992',
    )
  })
})

test.each(KEPT)('%s is read as ever', (text) => {
  expect(readJson(text)).toStrictEqual(JSON.parse(text))
  expect(lossIn(text)).toBeUndefined()
})

test('whatever JavaScript writes is read as it was, in either way', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.double(), (value, double) => {
      const text = JSON.stringify([value, double])
      expect(readJson(text)).toStrictEqual(JSON.parse(text))
    }),
  )
})

test('integers of any size come as bigints where that is asked for, and two are never one', () => {
  const integers = fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }))
  fc.assert(
    fc.property(integers, fc.integer({ min: 1, max: 3 }), (integer, more) => {
      const other = integer + BigInt(more)
      const [one, two] = [integer, other].map((n) => readJson(`{"n":${n}}`, { large: 'bigint' }))
      expect(BigInt((one as { n: number | bigint }).n)).toBe(integer)
      expect(encodeValue(one)).not.toEqual(encodeValue(two))
      expect(decodeValue(encodeValue(one))).toStrictEqual(one)
      // Refused, or whole.
      if (lossIn(`[${integer}]`) === undefined && lossIn(`[${other}]`) === undefined) {
        expect(canonicalJson(readJson(`[${integer}]`))).not.toBe(
          canonicalJson(readJson(`[${other}]`)),
        )
      }
    }),
  )
})

test('`__proto__` is a member like any other, and of two with one name the last counts', () => {
  for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1},"n":12345678901234567890}']) {
    const value = readJson(text, { large: 'bigint' })
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value as object)[0]).toBe('__proto__')
    expect(decodeValue(encodeValue(value))).toStrictEqual(value)
  }
  expect(readJson('{"a":1,"a":2}')).toEqual({ a: 2 })
  expect(readJson('{"a":12345678901234567890,"a":2}')).toEqual({ a: 2 })
})

test('what is no JSON is told as ever', () => {
  for (const text of ['', '{', '[NaN]', '[Infinity]', '{"n":012345678901234567}'])
    expect(() => readJson(text)).toThrow(SyntaxError)
})
