import type { DvcKey, DvcValue } from '@stepwell/dvc'

/** A value as the fixtures hold it: `i` an integer, `f` a float, `m` a map, `s` a set. */
export type Encoded =
  | null
  | boolean
  | string
  | readonly Encoded[]
  | { readonly i: string }
  | { readonly f: string }
  | { readonly m: readonly (readonly [Encoded, Encoded])[] }
  | { readonly s: readonly Encoded[] }

export function decode(value: Encoded): DvcValue {
  if (value === null || typeof value !== 'object') return value
  if ('i' in value) return BigInt(value.i)
  if ('f' in value) return Number(value.f)
  if ('s' in value) return { kind: 'set', items: value.s.map(decode) }
  if ('m' in value) {
    return new Map(value.m.map(([key, item]) => [decode(key) as DvcKey, decode(item)]))
  }
  return value.map(decode)
}

/** One of the files beside the tests. */
export function fixtureUrl(name: string): URL {
  return new URL(`fixtures/${name}`, import.meta.url)
}
