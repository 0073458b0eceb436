import { formatPath } from './json.ts'

/** A number in a JSON document that would be read as another one. */
export class LossyJsonError extends Error {
  override readonly name = 'LossyJsonError'
  /** Path from the root of the document, such as `.ids[3]`; empty for the root itself. */
  readonly path: string

  constructor(path: readonly (string | number)[], { source, problem }: Lossy) {
    const place = formatPath(path)
    super(`${place === '' ? 'the value itself' : place} is ${source}, ${problem}`)
    this.path = place
  }
}

export interface ReadJsonOptions {
  /** What becomes of integers beyond 2^53 - 1, up and down, of which doubles have some only. @default 'refuse' */
  readonly large?: 'bigint' | 'refuse'
}

// Only a document that has such a text can lose something, in a number or in a string: an integer of 16 digits, a
// long number, or a large exponent. All others are parsed as fast as can be.
const SUSPECT = /(?:^|[^.\d])\d{16,}(?![\d.eE])|\d{200}|[eE]\+?\d{3}/
const INTEGER = /^-?\d+$/
const SHOWN = 40

/**
 * Reads JSON that comes from elsewhere, without changing a number silently: an integer that a double does not hold, and
 * a number beyond all doubles (`1e400`), are refused. A number with a fraction or an exponent is the double next to it,
 * as everywhere. Of two members with one name the last counts; `__proto__` is a member like any other.
 *
 * @throws SyntaxError when it is not JSON; LossyJsonError.
 */
export function readJson(text: string, { large = 'refuse' }: ReadJsonOptions = {}): unknown {
  if (!SUSPECT.test(text)) return JSON.parse(text)
  let isLossy = false
  const revive: SourcedReviver = (_, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value
    const read = numberOf(source, value, large)
    isLossy ||= read instanceof Lossy
    return read
  }
  const value: unknown = JSON.parse(text, revive as (key: string, value: unknown) => unknown)
  if (isLossy) refuse(value, [])
  return value
}

/** The first number of a JSON document that `readJson` refuses, without reading documents that cannot have one. */
export function lossIn(text: string): LossyJsonError | undefined {
  try {
    if (SUSPECT.test(text)) readJson(text)
  } catch (error) {
    if (error instanceof LossyJsonError) return error
  }
  return undefined
}

/** For a value that is neither an object nor an array, `source` is its text. */
type SourcedReviver = (
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown

/** Stands for a number until its place is known: a reviver is not told of it. */
class Lossy {
  readonly source: string
  readonly problem: string

  constructor(source: string, problem: string) {
    this.source = source.length > SHOWN ? `${source.slice(0, SHOWN)}…` : source
    this.problem = problem
  }
}

function numberOf(
  source: string,
  value: number,
  large: ReadJsonOptions['large'],
): number | bigint | Lossy {
  const isInteger = INTEGER.test(source)
  if (isInteger && large === 'bigint') return Number.isSafeInteger(value) ? value : BigInt(source)
  if (!Number.isFinite(value)) return new Lossy(source, 'which is beyond all numbers')
  // What JavaScript writes for a double is read as that very double, although its last digits are zeros.
  if (!isInteger || Number.isSafeInteger(value) || String(value) === source) return value
  if (BigInt(source) === BigInt(value)) return value
  return new Lossy(source, `which would be read as ${BigInt(value)}`)
}

function refuse(value: unknown, path: readonly (string | number)[]): void {
  if (value instanceof Lossy) throw new LossyJsonError(path, value)
  if (typeof value !== 'object' || value === null) return
  const isList = Array.isArray(value)
  for (const [key, member] of Object.entries(value))
    refuse(member, [...path, isList ? Number(key) : key])
}
