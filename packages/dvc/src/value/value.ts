/**
 * What YAML, JSON, TOML and Python files hold. `bigint` is an integer and `number` a float, as `1` and
 * `1.0` differ in every command and in `dvc.lock`. Maps keep the order of the file.
 */
export type DvcValue =
  null | boolean | bigint | number | string | readonly DvcValue[] | DvcMap | DvcDate | DvcSet
export type DvcKey = null | boolean | bigint | number | string
export type DvcMap = ReadonlyMap<DvcKey, DvcValue>

/** A date or a time, as Python's `isoformat` writes it. */
export interface DvcDate {
  readonly kind: 'date'
  readonly text: string
}

/** A Python set, without any order. */
export interface DvcSet {
  readonly kind: 'set'
  readonly items: readonly DvcValue[]
}

export function isMap(value: DvcValue): value is DvcMap {
  return value instanceof Map
}

export function isList(value: DvcValue): value is readonly DvcValue[] {
  return Array.isArray(value)
}

/** Whether a value is a single one: no list, map, set or date. */
export function isScalar(value: DvcValue): value is DvcKey {
  return value === null || typeof value !== 'object'
}

/** What a value is, in words for a message. */
export function kindName(value: DvcValue): string {
  if (value === null) return 'nothing (null)'
  if (typeof value === 'boolean') return `a boolean (${value})`
  if (typeof value === 'bigint') return `a number (${value})`
  if (typeof value === 'number') return `a number (${value})`
  if (typeof value === 'string') return 'text'
  if (isList(value)) return 'a list'
  if (isMap(value)) return 'a map'
  return value.kind === 'date' ? `a date (${value.text})` : 'a set'
}
