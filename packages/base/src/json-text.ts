import { sortedEntries } from './json.ts'
import { readJson } from './read-json.ts'

/**
 * JSON of which there is one text per value: the keys of objects are sorted, and what JSON has no
 * number for (`NaN`, the infinities) is `null`.
 *
 * @param indent blanks per level; without it the text is one line
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value), null, indent)
}

/** The value as it comes back from its JSON text. */
export function throughJson(value: unknown): unknown {
  return JSON.parse(jsonText(value))
}

/**
 * Reads JSON, or returns `undefined` if the text is not JSON, or holds a number that would be read as another
 * one.
 */
export function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** A member of an object that was read from somewhere, or `undefined`. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = sortedEntries(value as Readonly<Record<string, unknown>>)
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]))
}
