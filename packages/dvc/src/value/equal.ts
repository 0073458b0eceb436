import { isList, isMap, isScalar, type DvcKey, type DvcValue } from './value.ts'

/** Whether two values are equal in Python, where `1 == 1.0 == True`, and maps have no order. */
export function equalValues(one: DvcValue, other: DvcValue): boolean {
  if (one === other) return true
  if (isScalar(one) || isScalar(other)) {
    return isScalar(one) && isScalar(other) && sameKey(one) === sameKey(other)
  }
  if (isList(one)) {
    if (!isList(other) || one.length !== other.length) return false
    return one.every((item, index) => equalValues(item, other[index] ?? null))
  }
  if (isMap(one)) return isMap(other) && equalMaps(one, other)
  if (isList(other) || isMap(other)) return false
  if (one.kind === 'date') return other.kind === 'date' && one.text === other.text
  if (other.kind === 'date' || one.items.length !== other.items.length) return false
  return one.items.every((item) => other.items.some((candidate) => equalValues(item, candidate)))
}

function equalMaps(
  one: ReadonlyMap<DvcKey, DvcValue>,
  other: ReadonlyMap<DvcKey, DvcValue>,
): boolean {
  if (one.size !== other.size) return false
  const keyed = new Map([...other].map(([key, value]) => [sameKey(key), value]))
  for (const [key, value] of one) {
    const twin = keyed.get(sameKey(key))
    if (twin === undefined || !equalValues(value, twin)) return false
  }
  return true
}

/** Something that is the same for what Python holds to be equal. NaN equals nothing, itself included. */
export function sameKey(value: DvcKey): unknown {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isNaN(value)) return Symbol('nan')
  return value
}
