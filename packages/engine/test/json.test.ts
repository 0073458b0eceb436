import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, UnencodableError } from '@stepwell/base/json'

const json = fc.jsonValue({ stringUnit: 'binary' })

test('reads back as the same value', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(JSON.parse(canonicalJson(value))).toStrictEqual(value)
    }),
  )
})

test('is canonical: a second pass gives the same text', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value)
      expect(canonicalJson(JSON.parse(text))).toBe(text)
    }),
  )
})

test('does not depend on the order of keys', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), json), {
    selector: ([key]) => key,
  })
  fc.assert(
    fc.property(entries, (pairs) => {
      const there = canonicalJson(Object.fromEntries(pairs))
      expect(canonicalJson(Object.fromEntries(pairs.toReversed()))).toBe(there)
    }),
  )
})

test('sorts by UTF-16 code units and keeps what JSON.stringify loses', () => {
  expect(canonicalJson({ b: 1, a: 2, B: 3, '￿': 4, '𐀀': 5 })).toBe(
    '{"B":3,"a":2,"b":1,"𐀀":5,"￿":4}',
  )
  expect(canonicalJson(-0)).toBe('-0')
  expect(canonicalJson('\u{d800}')).toBe('"\\ud800"')
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}')
  expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}')
})

test('refuses what is not JSON and names the place', () => {
  class Model {
    readonly weights = []
  }
  const cycle: Record<string, unknown> = {}
  cycle['a'] = { b: cycle }
  const holes: unknown[] = [1]
  holes[2] = 3
  const cases: [value: unknown, path: string, problem: RegExp][] = [
    [undefined, '', /undefined/],
    [{ a: [1, undefined] }, '.a[1]', /undefined/],
    [{ model: { weights: [0, Number.NaN] } }, '.model.weights[1]', /NaN/],
    [[Number.POSITIVE_INFINITY], '[0]', /Infinity/],
    [{ f: function train() {} }, '.f', /a function \(train\)/],
    [{ 'a b': Symbol('x') }, '["a b"]', /symbol/],
    [{ n: 1n }, '.n', /bigint/],
    [{ m: new Model() }, '.m', /instance of Model/],
    [{ d: new Date(0) }, '.d', /instance of Date/],
    [cycle, '.a.b', /cyclic/],
    [{ list: holes }, '.list', /holes/],
    [{ list: Object.assign([1], { x: 1 }) }, '.list', /named members/],
    [{ o: { [Symbol('s')]: 1 } }, '.o', /symbol keys/],
  ]
  for (const [value, path, problem] of cases) {
    const error = thrown(() => canonicalJson(value))
    expect(error).toBeInstanceOf(UnencodableError)
    expect(error.path).toBe(path)
    expect(error.problem).toMatch(problem)
  }
})

test('refuses an array in which holes and named members make up for each other', () => {
  const array: unknown[] = [1]
  array[2] = 3
  Object.assign(array, { x: 1 })
  expect(() => canonicalJson(array)).toThrow(UnencodableError)
})

test('refuses what is nested too deep, and takes what is not', () => {
  const nest = (depth: number): unknown => {
    let value: unknown = 1
    for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
    return value
  }
  expect(JSON.parse(canonicalJson(nest(1000)))).toEqual(nest(1000))
  expect(() => canonicalJson(nest(1001))).toThrow(/more than 1000 levels/)
  expect(() => canonicalJson(nest(100_000))).toThrow(UnencodableError)
})

test('one part reached twice is no cycle', () => {
  const part = { a: 1 }
  expect(canonicalJson([part, part])).toBe('[{"a":1},{"a":1}]')
})

function thrown(act: () => unknown): UnencodableError {
  try {
    act()
  } catch (error) {
    return error as UnencodableError
  }
  throw new Error('nothing was thrown')
}
