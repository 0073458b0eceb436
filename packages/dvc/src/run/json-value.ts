import { pythonText } from '../value/text.ts'
import { isList, isMap, type DvcValue } from '../value/value.ts'

/** A value as JSON, for people and programs that read it: what JSON cannot hold is text. */
export function jsonOf(value: DvcValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (isList(value)) return value.map(jsonOf)
  if (isMap(value)) {
    return Object.fromEntries([...value].map(([key, member]) => [pythonText(key), jsonOf(member)]))
  }
  return value.kind === 'date' ? value.text : { set: value.items.map(jsonOf) }
}
