import { isList, isMap, isScalar, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'

/**
 * What a value counts as in the key of a step: what Python tells apart is told apart. It holds 1 and 1.0 for equal, and so
 * does this; an integer of any size, a date and `nan` are no texts. What JSON lacks is an object with the member `$`,
 * and a map that has such a member, or names that are no texts, is written as one, too.
 */
export function countedValue(value: DvcValue): unknown {
  if (isScalar(value)) return countedKey(value)
  if (isList(value)) return value.map(countedValue)
  if (isMap(value)) return countedMap(value)
  return value.kind === 'date'
    ? tagged('date', value.text)
    : tagged('set', value.items.map(countedValue))
}

function countedKey(value: DvcKey): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : tagged('integer', String(value))
  }
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  return tagged('float', String(value))
}

function countedMap(map: DvcMap): unknown {
  const isPlain = [...map.keys()].every((key) => typeof key === 'string' && key !== '$')
  if (isPlain)
    return Object.fromEntries([...map].map(([key, value]) => [String(key), countedValue(value)]))
  const pairs = [...map].map(([key, value]) => [countedKey(key), countedValue(value)] as const)
  // Maps have no order.
  const byKey = new Map(pairs.map((pair) => [JSON.stringify(pair[0]), pair]))
  return tagged(
    'map',
    [...byKey.keys()].toSorted().map((key) => byKey.get(key)),
  )
}

function tagged(tag: string, content: unknown): unknown {
  return { $: tag, v: content }
}
