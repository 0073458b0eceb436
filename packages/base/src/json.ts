/** What canonical JSON can hold. An `undefined` member of an object is the same as no member. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

/** Says which part of a value could not be encoded, and why. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'
  /** Path from the root of the value, such as `.model.weights[3]`; empty for the root itself. */
  readonly path: string
  readonly problem: string

  constructor(path: readonly (string | number)[], problem: string) {
    const place = formatPath(path)
    super(`${place === '' ? 'the value itself' : place} is ${problem}`)
    this.path = place
    this.problem = problem
  }
}

/** Encodes what plain JSON cannot, as text of its own, or returns `undefined` to refuse the value. */
export type Extension = (value: unknown, writer: CanonicalWriter) => string | undefined

const MAX_DEPTH = 1000

/**
 * Writes JSON of which there is one text per value: no white space, the keys of objects sorted by
 * UTF-16 code units. It differs from `JSON.stringify` where that would lose something silently:
 *
 * - `undefined`: an object member is left out; in an array or as the root it is an error.
 * - functions, symbols, bigints, class instances (also those with `toJSON`), holes in arrays, cycles:
 *   an error.
 * - `NaN` and the infinities: an error, since JSON has no such numbers.
 * - `-0` is written `-0`, which `JSON.parse` reads back as `-0`: it is not the same value as `0`.
 *
 * An extension may give meaning to what is an error here.
 */
export class CanonicalWriter {
  readonly #extension: Extension
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []

  constructor(extension: Extension = () => undefined) {
    this.#extension = extension
  }

  /** @throws UnencodableError naming the path within the root value. */
  write(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'number':
        if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
        break
      case 'object':
        if (value === null) return 'null'
        if (Array.isArray(value)) return this.nested(value, () => this.#array(value))
        if (isPlain(value)) {
          const extended = this.#extension(value, this)
          return extended ?? this.nested(value, () => this.object(value))
        }
        break
      default:
    }
    return this.#extension(value, this) ?? this.refuse(kindOf(value))
  }

  /** The members of a plain object, whatever the extension makes of the object itself. */
  object(value: object): string {
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('an object with symbol keys')
    const members: string[] = []
    for (const key of Object.keys(value).toSorted()) {
      const member: unknown = Reflect.get(value, key)
      if (member === undefined && this.#extension(undefined, this) === undefined) continue
      members.push(`${JSON.stringify(key)}:${this.at(key, member)}`)
    }
    return `{${members.join(',')}}`
  }

  /** Writes a part of the value, for which an error names `key` as the place. */
  at(key: string | number, value: unknown): string {
    this.#path.push(key)
    const text = this.write(value)
    this.#path.pop()
    return text
  }

  /** Guards the descent into an object against cycles and against running out of stack. */
  nested(value: object, write: () => string): string {
    if (this.#ancestors.includes(value)) this.refuse('a cyclic reference')
    if (this.#ancestors.length >= MAX_DEPTH)
      this.refuse(`nested more than ${MAX_DEPTH} levels deep`)
    this.#ancestors.push(value)
    const text = write()
    this.#ancestors.pop()
    return text
  }

  refuse(problem: string): never {
    throw new UnencodableError(this.#path, problem)
  }

  #array(value: readonly unknown[]): string {
    if (Object.getPrototypeOf(value) !== Array.prototype) this.refuse(kindOf(value))
    // Indexes come first, in ascending order: the last key tells whether there are names behind them.
    const keys = Object.keys(value)
    const last = keys.at(-1)
    if (keys.length > value.length) this.refuse('an array with named members')
    if (keys.length < value.length) this.refuse('an array with holes')
    if (last !== undefined && last !== String(value.length - 1)) this.refuse('an array with holes')
    return `[${value.map((item, index) => this.at(index, item)).join(',')}]`
  }
}

/** @throws UnencodableError naming the part that is not JSON. */
export function canonicalJson(value: unknown): string {
  return new CanonicalWriter().write(value)
}

/** The members of an object in the order of canonical JSON, whatever order they were set in. */
export function sortedEntries<T>(object: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Whether an object is one as written in braces, not an instance of a class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'function') return `a function${value.name === '' ? '' : ` (${value.name})`}`
  if (typeof value === 'object' && value !== null) {
    const { constructor } = value
    return `an instance of ${typeof constructor === 'function' ? constructor.name : 'a class'}`
  }
  return typeof value === 'number' ? String(value) : `a ${typeof value}`
}

/** A path in a document as one would write it: `.ids[3]`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
}
