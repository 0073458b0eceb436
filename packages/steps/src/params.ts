import { StepwellError } from '@stepwell/engine/author'

interface NumberRange {
  /** Smallest allowed. */
  readonly min?: number
  /** Largest allowed. */
  readonly max?: number
  /** Must be larger than this. */
  readonly above?: number
  /** Must be smaller than this. */
  readonly below?: number
  readonly integer?: boolean
}

/**
 * Reads a step's params, which may come from a command line or a file, whatever their type says.
 * A missing param takes the fallback; without a fallback it is an error. Every error is a
 * StepwellError STEPWELL_PARAM_INVALID.
 */
export interface ParamReader {
  has(name: string): boolean
  /** Whether the param is this text or number. */
  is(name: string, value: string | number): boolean
  text(name: string, fallback?: string): string
  number(name: string, range: NumberRange, fallback?: number): number
  /** A list of distinct texts, not empty. */
  names(name: string, fallback?: readonly string[]): readonly string[]
  /** A list of texts, which may be empty. */
  texts(name: string, fallback?: readonly string[]): readonly string[]
  /** A list of texts, numbers and nulls, not empty. */
  cells(name: string): readonly (string | number | null)[]
  /** Texts by name, none by default. @param options the only ones that may be @default any */
  record(name: string, options?: readonly string[]): Readonly<Record<string, string>>
  /** Texts, numbers and truth values by name. */
  values(name: string): Readonly<Record<string, string | number | boolean>>
  /** Anything by name, nothing by default. */
  object(name: string): Readonly<Record<string, unknown>>
  /** A text or a number. */
  cell(name: string): string | number
  flag(name: string, fallback: boolean): boolean
  /** A list of anything, not empty. */
  list(name: string): readonly unknown[]
  oneOf<T extends string>(name: string, options: readonly T[], fallback?: T): T
  /** Throws, saying what the param must be. */
  refuse(name: string, expected: string): never
}

/**
 * @param known every param of the step; another one is refused, since it is likely a misspelling.
 * @throws StepwellError STEPWELL_PARAM_INVALID
 */
export function readParams(step: string, params: unknown, known: readonly string[]): ParamReader {
  const values = new Map<string, unknown>()
  if (params !== undefined && params !== null) {
    if (typeof params !== 'object' || Array.isArray(params)) {
      throw invalid(step, 'the params must be an object', `got ${show(params)}`)
    }
    for (const [name, value] of Object.entries(params)) {
      if (!known.includes(name)) {
        const facts = known.length === 0 ? 'it takes none' : `params are ${known.join(', ')}`
        throw invalid(step, `no param ${JSON.stringify(name)}`, facts)
      }
      if (value !== undefined) values.set(name, value)
    }
  }

  const refuse = (name: string, expected: string): never => {
    const got = values.has(name) ? `got ${show(values.get(name))}` : 'it is missing'
    throw invalid(step, `param ${JSON.stringify(name)} must be ${expected}`, got)
  }
  const read = <T>(
    name: string,
    expected: string,
    fallback: T | undefined,
    accepts: (value: unknown) => value is T,
  ): T => {
    const value = values.has(name) ? values.get(name) : fallback
    return accepts(value) ? value : refuse(name, expected)
  }
  return {
    has: (name) => values.has(name),
    is: (name, value) => values.get(name) === value,
    text: (name, fallback) => read(name, 'text that is not empty', fallback, isText),
    number: (name, range, fallback) =>
      read(name, describe(range), fallback, (value) => isWithin(value, range)),
    names: (name, fallback) =>
      read(name, 'a list of distinct texts with at least one', fallback, isNames),
    texts: (name, fallback) => read(name, 'a list of texts', fallback, isTexts),
    cells: (name) => read(name, 'a list of values with at least one', undefined, isCells),
    record: (name, options) =>
      read(
        name,
        `an object of ${options === undefined ? 'texts' : options.join(', ')}`,
        {},
        (value): value is Readonly<Record<string, string>> =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          isTexts(Object.values(value)) &&
          Object.values(value).every((item) => options?.includes(String(item)) ?? item !== ''),
      ),
    values: (name) =>
      read(
        name,
        'an object of texts, numbers and truth values',
        undefined,
        (value): value is Readonly<Record<string, string | number | boolean>> =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.values(value).every((item) => isScalar(item) || typeof item === 'boolean'),
      ),
    object: (name) =>
      read(
        name,
        'an object',
        {},
        (value): value is Readonly<Record<string, unknown>> =>
          typeof value === 'object' && value !== null && !Array.isArray(value),
      ),
    cell: (name) =>
      read(name, 'a text or a number', undefined, (value): value is string | number =>
        isScalar(value),
      ),
    flag: (name, fallback) =>
      read(
        name,
        'true or false',
        fallback,
        (value): value is boolean => typeof value === 'boolean',
      ),
    list: (name) =>
      read(
        name,
        'a list with at least one',
        undefined,
        (value): value is readonly unknown[] => Array.isArray(value) && value.length > 0,
      ),
    oneOf: <T extends string>(name: string, options: readonly T[], fallback?: T) =>
      read(name, `one of ${options.join(', ')}`, fallback, (value): value is T =>
        options.some((option) => option === value),
      ),
    refuse,
  }
}

function invalid(step: string, what: string, facts: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_PARAM_INVALID',
    summary: `${step}: ${what}`,
    details: facts,
    hint: "correct it in the step's params",
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isNames(value: unknown): value is readonly string[] {
  return isTexts(value) && value.length > 0 && new Set(value).size === value.length
}

function isCells(value: unknown): value is readonly (string | number | null)[] {
  const isCell = (item: unknown) =>
    item === null || typeof item === 'string' || typeof item === 'number'
  return Array.isArray(value) && value.length > 0 && value.every(isCell)
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}

function isWithin(value: unknown, range: NumberRange): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range
  if (range.integer === true && !Number.isSafeInteger(value)) return false
  return value >= min && value <= max && value > above && value < below
}

function describe({ min, max, above, below, integer }: NumberRange): string {
  const bounds = [
    min === undefined ? undefined : `from ${min} up`,
    above === undefined ? undefined : `above ${above}`,
    max === undefined ? undefined : `at most ${max}`,
    below === undefined ? undefined : `below ${below}`,
  ].filter((bound) => bound !== undefined)
  const noun = integer === true ? 'a whole number' : 'a number'
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(' and ')}`
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
