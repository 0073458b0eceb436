import { parseDecimal } from '../cell.ts'
import { sqlTypeOf, type DeclaredType } from './column.ts'
import type { Session } from './duckdb.ts'
import { anyOf, numberSql, quoteName, quoteText } from './sql.ts'

// As `parseDecimal`: a text that would lose information as a number is not a number.
const INTEGER = '-?(0|[1-9][0-9]*)'
const DECIMAL = '-?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'
const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const TIME = '[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?'
// Integers from here on are not all doubles.
const UNSAFE = '9007199254740992'

/** Blanks as `String.trim` has them, as far as they occur. */
export function trimmed(text: string): string {
  return `trim(${text}, ' \t\r\n\u00a0\ufeff')`
}

/** A test for the tokens that stand for a missing value, as `missingTest` has it. */
export function isMissingText(text: string, tokens: readonly string[]): string {
  const texts = tokens.map((token) => quoteText(token.trim()))
  const numbers = missingNumbers(tokens)
  const conditions = [`${text} IS NULL`]
  if (texts.length > 0) conditions.push(`${trimmed(text)} IN (${texts.join(', ')})`)
  if (numbers.length > 0) {
    const number = `TRY_CAST(${trimmed(text)} AS DOUBLE)`
    conditions.push(`${number} IN (${numbers.join(', ')}) AND ${matches(trimmed(text), DECIMAL)}`)
  }
  return anyOf(conditions)
}

/** The tokens that are numbers, as SQL. */
export function missingNumbers(tokens: readonly string[]): string[] {
  return tokens
    .map(parseDecimal)
    .filter((value) => value !== undefined)
    .map(numberSql)
}

/**
 * Text as a value of a type, or NULL where it does not fit.
 * @param format of dates, times and time stamps, as strptime has it
 */
export function convert(text: string, type: DeclaredType, format?: string): string {
  const bare = trimmed(text)
  switch (type) {
    case 'text':
      return text
    case 'number': {
      const number = `TRY_CAST(${bare} AS DOUBLE)`
      return `CASE WHEN isfinite(${number}) THEN ${number} END`
    }
    case 'integer':
      return `CASE WHEN ${matches(bare, '[+-]?[0-9]+')} THEN TRY_CAST(${bare} AS BIGINT)
        ELSE ${wholeNumber(`TRY_CAST(${bare} AS DOUBLE)`)} END`
    default: {
      const value = format === undefined ? bare : `try_strptime(${bare}, ${quoteText(format)})`
      return `TRY_CAST(${value} AS ${sqlTypeOf(type)})`
    }
  }
}

/** A double as an integer, or NULL where it is not whole. */
function wholeNumber(number: string): string {
  return `CASE WHEN ${isWhole(number)} THEN CAST(${number} AS BIGINT) END`
}

/** Whether a double is an integer that it holds exactly. */
export function isWhole(number: string): string {
  return `abs(${number}) < ${UNSAFE} AND ${number} = trunc(${number})`
}

/**
 * The types of columns of text, from all of their cells: the first that suits every cell that is not missing;
 * otherwise text.
 */
export async function inferTypes(
  session: Session,
  from: string,
  columns: readonly string[],
  tokens: readonly string[],
): Promise<Map<string, DeclaredType>> {
  if (columns.length === 0) return new Map()
  const bare = columns.map((name, index) => {
    const text = quoteName(name)
    return `CASE WHEN NOT (${isMissingText(text, tokens)}) THEN ${trimmed(text)} END AS b${index}`
  })
  const tests = columns.flatMap((_, index) =>
    CANDIDATES.map(({ type, test }) => `bool_and(${test(`b${index}`)}) AS ${type}${index}`),
  )
  const [found] = await session.rows(
    `SELECT ${tests.join(',\n')} FROM (SELECT ${bare.join(', ')} FROM ${from})`,
  )
  return new Map(
    columns.map((name, index) => [
      name,
      CANDIDATES.find(({ type }) => found?.[`${type}${index}`] === true)?.type ?? 'text',
    ]),
  )
}

// Of text without blanks around it; where it is missing, each gives NULL, which does not count.
const CANDIDATES: readonly { type: DeclaredType; test: (bare: string) => string }[] = [
  {
    type: 'integer',
    test: (bare) =>
      when(matches(bare, INTEGER), `abs(TRY_CAST(${bare} AS DOUBLE)) < ${UNSAFE}`, bare),
  },
  {
    type: 'number',
    test: (bare) =>
      when(
        matches(bare, DECIMAL),
        `isfinite(TRY_CAST(${bare} AS DOUBLE)) AND
          (NOT ${matches(bare, INTEGER)} OR abs(TRY_CAST(${bare} AS DOUBLE)) < ${UNSAFE})`,
        bare,
      ),
  },
  { type: 'boolean', test: (bare) => `lower(${bare}) IN ('true', 'false')` },
  {
    type: 'date',
    test: (bare) => when(matches(bare, DATE), `TRY_CAST(${bare} AS DATE) IS NOT NULL`, bare),
  },
  {
    type: 'timestamp',
    test: (bare) =>
      when(matches(bare, `${DATE}[T ]${TIME}`), `TRY_CAST(${bare} AS TIMESTAMP) IS NOT NULL`, bare),
  },
  {
    type: 'time',
    test: (bare) => when(matches(bare, TIME), `TRY_CAST(${bare} AS TIME) IS NOT NULL`, bare),
  },
]

/** A cast that fails is dear, so that it is made only where the text looks like it. */
function when(looks: string, test: string, bare: string): string {
  return `CASE WHEN ${bare} IS NULL THEN NULL WHEN ${looks} THEN coalesce(${test}, FALSE) ELSE FALSE END`
}

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${quoteText(pattern)})`
}
