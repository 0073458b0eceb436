import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnencodableError } from '@stepwell/base/json'
import { decodeValue, digestValue, encodeValue } from '../src/value/codec.ts'

const keys = fc.oneof(
  fc.constantFrom('$', '__proto__', 'constructor', 'v', 'toString', '', '\u{d800}', '0'),
  fc.string({ unit: 'binary' }),
)
const typed = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array({ noNaN: true }),
  fc.float64Array({ noNaN: true }),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
)
const { values } = fc.letrec<{ values: unknown }>((tie) => ({
  values: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(undefined, null, Number.NaN, Infinity, -Infinity, -0, 0, '', '\u{dc00}'),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }),
    typed,
    fc.array(tie('values'), { maxLength: 5 }),
    fc.array(fc.tuple(keys, tie('values')), { maxLength: 5 }).map((pairs) => record(pairs)),
    fc.array(fc.tuple(tie('values'), tie('values')), { maxLength: 4 }).map((p) => new Map(p)),
    fc.array(tie('values'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}))

function record(pairs: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(pairs)
}

/** The same value, with the keys of every object set in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [reordered(k), reordered(v)]))
  if (value instanceof Set) return new Set([...value].map(reordered))
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return record(
    Object.entries(value)
      .map(([key, member]) => [key, reordered(member)] as const)
      .toReversed(),
  )
}

const hex = (value: unknown): string => Buffer.from(encodeValue(value)).toString('hex')

test('a value comes back as it was', () => {
  fc.assert(
    fc.property(values, (value) => {
      const back = decodeValue(encodeValue(value))
      expect(isDeepStrictEqual(back, value)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('equal values give equal bytes, whatever the order of keys', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(hex(reordered(value))).toBe(hex(value))
      expect(hex(decodeValue(encodeValue(value)))).toBe(hex(value))
    }),
    { numRuns: 300 },
  )
})

test('different values give different bytes', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const same = isDeepStrictEqual(decodeValue(encodeValue(a)), decodeValue(encodeValue(b)))
      if (!same) expect(hex(a)).not.toBe(hex(b))
    }),
    { numRuns: 1000 },
  )
  const alike = [
    undefined,
    null,
    [],
    {},
    [undefined],
    [null],
    { a: undefined },
    { a: null },
    0,
    -0,
    '0',
    0n,
    1,
    true,
    '1',
    Number.NaN,
    'NaN',
    new Date(Number.NaN),
    new Date(0),
    new Map(),
    new Set(),
    new Map([[1, 2]]),
    new Set([[1, 2]]),
    [[1, 2]],
    new Uint8Array(2),
    new Int8Array(2),
    new Uint16Array(1),
    new Uint8Array(0),
    { $: 'undefined' },
    { $: 'date', v: 0 },
    { $: 'map', v: [] },
    { $: 'object', v: { $: 'undefined' } },
    { $: { $: 'undefined' } },
    { $: 'Uint8Array', v: [0, 2] },
    { $: 'number', v: 'NaN' },
  ]
  expect(new Set(alike.map(hex)).size).toBe(alike.length)
  for (const value of alike) expect(decodeValue(encodeValue(value))).toStrictEqual(value)
})

test('a Buffer comes back as a Uint8Array of its bytes alone', () => {
  const pool = Buffer.from('xxabcxx').subarray(2, 5)
  const back = decodeValue(encodeValue(pool)) as Uint8Array
  expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype)
  expect([...back]).toEqual([97, 98, 99])
  expect(hex(pool)).toBe(hex(new Uint8Array([97, 98, 99])))
})

test('decoded values share nothing with each other nor with the bytes', () => {
  const bytes = encodeValue({ rows: [{ a: 1 }], data: new Float64Array([1, 2]) })
  const before = Buffer.from(bytes).toString('hex')
  const one = decodeValue(bytes) as { rows: { a: number }[]; data: Float64Array }
  const two = decodeValue(bytes)
  one.rows[0]!.a = 9
  one.data.fill(9)
  expect(two).toEqual({ rows: [{ a: 1 }], data: new Float64Array([1, 2]) })
  expect(Buffer.from(bytes).toString('hex')).toBe(before)
})

test('an odd place of the bytes in memory does not matter', () => {
  const bytes = encodeValue({ data: new Float64Array([1.5, 2.5]) })
  const moved = new Uint8Array(bytes.length + 3)
  moved.set(bytes, 3)
  expect(decodeValue(moved.subarray(3))).toEqual({ data: new Float64Array([1.5, 2.5]) })
})

test('typed arrays come back from a Buffer, as a file is read into one', () => {
  const value = { data: new Float64Array([1.5, 2.5]), text: new Uint8Array([1, 2, 3]) }
  expect(decodeValue(Buffer.from(encodeValue(value)))).toEqual(value)
  fc.assert(
    fc.property(values, (any) => {
      expect(isDeepStrictEqual(decodeValue(Buffer.from(encodeValue(any))), any)).toBe(true)
    }),
  )
})

test('what is no encoded value is refused', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(16), new TextEncoder().encode('{}')]) {
    expect(() => decodeValue(bytes)).toThrow(RangeError)
  }
})

describe('what cannot be stored is refused by name', () => {
  class Model {
    weights = [1]
  }
  const cyclic = new Map<string, unknown>()
  cyclic.set('self', [cyclic])
  const holes: unknown[] = []
  holes[1] = 1
  const cases: [title: string, value: unknown, path: string, problem: RegExp][] = [
    ['a function', { a: { f: () => 1 } }, '.a.f', /a function/],
    ['a symbol', [1, Symbol('x')], '[1]', /a symbol/],
    ['a class instance', { model: new Model() }, '.model', /instance of Model/],
    ['an error', { e: new TypeError('x') }, '.e', /instance of TypeError/],
    ['a regular expression', [/x/], '[0]', /instance of RegExp/],
    ['a promise', { p: Promise.resolve(1) }, '.p', /instance of Promise/],
    ['a DataView', { d: new DataView(new ArrayBuffer(1)) }, '.d', /instance of DataView/],
    ['a cycle', { m: cyclic }, '.m[0][0]', /cyclic/],
    ['a hole', { a: holes }, '.a', /holes/],
    ['a boxed number', [Object(1)], '[0]', /instance of Number/],
  ]
  for (const [title, value, path, problem] of cases) {
    test(title, () => {
      expect(() => encodeValue(value)).toThrow(UnencodableError)
      try {
        encodeValue(value)
      } catch (error) {
        expect((error as UnencodableError).path).toBe(path)
        expect((error as UnencodableError).problem).toMatch(problem)
      }
    })
  }
  test('an instance of a class that extends Array', () => {
    class Rows extends Array<number> {}
    expect(() => encodeValue({ rows: Rows.of(1, 2) })).toThrow(/instance of Rows/)
  })
  test('a value nested too deep', () => {
    let value: unknown = 1
    for (let level = 0; level < 5000; level += 1) value = new Map([[1, [value]]])
    expect(() => encodeValue(value)).toThrow(/levels deep/)
  })
})

test('one part reached twice is stored twice', () => {
  const part = new Set([1])
  expect(decodeValue(encodeValue([part, part]))).toEqual([new Set([1]), new Set([1])])
})

test('digestValue follows the encoding', () => {
  expect(digestValue({ a: 1, b: 2 })).toBe(digestValue({ b: 2, a: 1 }))
  expect(digestValue({ a: 1 })).not.toBe(digestValue({ a: 2 }))
})
