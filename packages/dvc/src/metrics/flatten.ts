import { pythonRepr } from '../value/repr.ts'
import { pythonText } from '../value/text.ts'
import { isList, isMap, type DvcValue } from '../value/value.ts'

/** Values by their dotted names; a value that is not a map has the empty name. Lists are text, as in DVC. */
export type FlatValues = ReadonlyMap<string, DvcValue>

export function flatten(value: DvcValue): FlatValues {
  const flat = new Map<string, DvcValue>()
  const add = (name: string, each: DvcValue): void => {
    if (isMap(each)) {
      for (const [key, member] of each) {
        const text = pythonText(key)
        add(name === '' ? text : `${name}.${text}`, member)
      }
    } else flat.set(name, isList(each) ? pythonRepr(each) : each)
  }
  add('', value)
  return flat
}
