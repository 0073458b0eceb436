import { isList, isMap, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'

/** The values that templates see. A context never changes: adding to it makes another one. */
export interface Context {
  readonly values: DvcMap
  /** Where each value was first named, by its path: for messages. */
  readonly sources: ReadonlyMap<string, string>
  /** The files read so far: all of each, or these keys of it. */
  readonly files: ReadonlyMap<string, 'all' | readonly string[]>
  /** `item` and `key` of a stage made by `foreach` or `matrix`: they hide other values. */
  readonly own: ReadonlyMap<string, DvcValue>
}

export const EMPTY_CONTEXT: Context = {
  values: new Map(),
  sources: new Map(),
  files: new Map(),
  own: new Map(),
}

/** Values that cannot be added to a context. */
export class ContextError extends Error {
  override readonly name = 'ContextError'
}

/** The value at a path, or `undefined` if the path does not exist. */
export function select(context: Context, path: readonly string[]): DvcValue | undefined {
  const [first = '', ...rest] = path
  let value = context.own.get(first) ?? context.values.get(first)
  // A null of `own` hides as well.
  if (context.own.has(first)) value = context.own.get(first)
  for (const part of rest) {
    if (value === undefined) return undefined
    if (isMap(value)) value = value.get(part)
    else if (isList(value)) value = /^[-+]?\d+$/.test(part) ? value.at(Number(part)) : undefined
    else return undefined
  }
  return value
}

/** A context in which `item`, and perhaps `key`, are these. */
export function withOwn(context: Context, own: ReadonlyMap<string, DvcValue>): Context {
  return { ...context, own: new Map([...own].map(([key, value]) => [key, visible(value)])) }
}

/**
 * Adds values to a context. Maps become one; a value that is there already is an error.
 * @throws ContextError
 */
export function merge(context: Context, update: DvcMap, source: string): Context {
  const taken = [...update.keys()].filter((key) => typeof key === 'string' && context.own.has(key))
  if (taken.length > 0) {
    throw new ContextError(
      `${taken.map((key) => `'${String(key)}'`).join(' and ')} cannot be set in ${source}: foreach and matrix set it`,
    )
  }
  const sources = new Map(context.sources)
  const values = mergeMaps(context.values, visible(update) as DvcMap, '', source, sources)
  return { ...context, values, sources }
}

function mergeMaps(
  into: DvcMap,
  update: DvcMap,
  prefix: string,
  source: string,
  sources: Map<string, string>,
): DvcMap {
  const merged = new Map<DvcKey, DvcValue>(into)
  for (const [key, value] of update) {
    const path = `${prefix}${String(key)}`
    const before = merged.get(key)
    if (before === undefined) {
      merged.set(key, value)
      sources.set(path, source)
    } else if (isMap(before) && isMap(value)) {
      merged.set(key, mergeMaps(before, value, `${path}.`, source, sources))
    } else {
      const first = sourceOf(path, sources)
      throw new ContextError(
        `cannot redefine '${path}' from '${source}' as it already exists in '${first}'`,
      )
    }
  }
  return merged
}

function sourceOf(path: string, sources: ReadonlyMap<string, string>): string {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('.'))) {
    const source = sources.get(at)
    if (source !== undefined) return source
    if (!at.includes('.')) return 'vars'
  }
}

// Only members with a text as their key can be named, and so only these are there.
function visible(value: DvcValue): DvcValue {
  if (isList(value))
    return value.some((item) => visible(item) !== item) ? value.map(visible) : value
  if (!isMap(value)) return value
  const seen = [...value].filter(([key]) => typeof key === 'string')
  const same = seen.length === value.size && seen.every(([, item]) => visible(item) === item)
  return same ? value : new Map(seen.map(([key, item]) => [key, visible(item)]))
}
