import { StepwellError } from '@stepwell/engine/author'
import type { Session } from './duckdb.ts'
import type { Relation } from './relation.ts'
import { quoteName, quoteText } from './sql.ts'

/** The number of the part that each row is in, from 0, as SQL over the rows of a relation. */
export interface Parts {
  readonly relation: Relation
  readonly part: string
  /** Whether the rows may have lost their order. */
  readonly isUnordered: boolean
}

const MOST = 1000

/**
 * Cuts rows in the order of a key into parts: the first holds floor(bounds[0] x n) rows, and so on.
 *
 * @param key a number that differs between rows, as SQL
 * @param bounds shares of the rows at which the parts end, ascending, above 0 and below 1
 * @param stratum a column, each value of which is cut by itself
 * @throws StepwellError STEPWELL_CATEGORIES_MANY
 */
export async function cutByKey(
  session: Session,
  relation: Relation,
  key: string,
  bounds: readonly number[],
  stratum?: string,
): Promise<Parts> {
  const value = stratum === undefined ? 'NULL' : `CAST(${quoteName(stratum)} AS VARCHAR)`
  const counted = await session.rows(
    `SELECT ${value} AS value, count(*) AS n FROM ${relation.from} GROUP BY 1 ORDER BY 1 LIMIT ${MOST + 1}`,
  )
  if (counted.length > MOST) {
    throw new StepwellError({
      code: 'STEPWELL_CATEGORIES_MANY',
      what: `column ${JSON.stringify(stratum)} has more than ${MOST} values to stratify by`,
      todo: 'stratify by a column that has fewer, or not at all',
    })
  }
  const cuts = await session.rows(
    `SELECT value, rank, key FROM (
       SELECT value, key, row_number() OVER (PARTITION BY value ORDER BY key) - 1 AS rank
       FROM (SELECT ${value} AS value, ${key} AS key FROM ${relation.from}))
     WHERE ${counted
       .map(({ value: each, n }) => {
         const same = each === null ? 'value IS NULL' : `value = ${quoteText(String(each))}`
         return `(${same} AND rank IN (${bounds.map((bound) => share(bound, Number(n))).join(', ')}))`
       })
       .join(' OR ')}`,
  )
  const part = (each: unknown, n: number): string => {
    const keys = bounds.map((bound) => {
      const rank = share(bound, n)
      return cuts.find((cut) => cut['value'] === each && cut['rank'] === rank)?.['key']
    })
    return keys.map((at) => `(${key} >= ${String(at)})::INTEGER`).join(' + ')
  }
  if (stratum === undefined) {
    return { relation, part: part(null, Number(counted[0]?.['n'])), isUnordered: false }
  }
  const cases = counted.map(({ value: each, n }) => {
    const same = each === null ? `${value} IS NULL` : `${value} = ${quoteText(String(each))}`
    return `WHEN ${same} THEN ${part(each, Number(n))}`
  })
  return { relation, part: `CASE ${cases.join(' ')} END`, isUnordered: false }
}

/**
 * Puts groups of rows into parts, in the order of a key: each into the part in which its middle lies, so
 * that the parts have about their shares of the rows.
 *
 * @param key of the number of a group, from 0, among the sorted groups
 */
export async function cutByGroup(
  session: Session,
  relation: Relation,
  key: (group: string) => string,
  bounds: readonly number[],
  column: string,
): Promise<Parts> {
  const value = `CAST(${quoteName(column)} AS VARCHAR)`
  await session.run(
    `CREATE OR REPLACE TEMP TABLE parts AS
     SELECT value, (${bounds.map((bound) => `(middle >= ${bound} * total)::INTEGER`).join(' + ')}) AS part
     FROM (
       SELECT value, sum(n) OVER (ORDER BY key, value) - n / 2.0 AS middle, sum(n) OVER () AS total
       FROM (
         SELECT value, n, ${key('place')} AS key FROM (
           SELECT value, n, row_number() OVER (ORDER BY value) - 1 AS place
           FROM (SELECT ${value} AS value, count(*) AS n FROM ${relation.from} GROUP BY 1))))`,
  )
  const from = `(SELECT t.*, p.part AS "stepwell part" FROM ${relation.from} t
    JOIN parts p ON CAST(t.${quoteName(column)} AS VARCHAR) IS NOT DISTINCT FROM p.value)`
  return { relation: { ...relation, from }, part: '"stepwell part"', isUnordered: true }
}

/** floor(bound x n), where a product that misses a whole number by rounding alone counts as that number. */
export function share(bound: number, n: number): number {
  const product = bound * n
  const nearest = Math.round(product)
  return Math.abs(product - nearest) <= nearest * Number.EPSILON ? nearest : Math.floor(product)
}
