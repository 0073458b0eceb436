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
  given: Relation,
  key: string,
  bounds: readonly number[],
  stratum?: string,
): Promise<Parts> {
  // Pushed down into the reading of a file, each mention of the key would be computed anew.
  await session.run("SET disabled_optimizers = 'join_order,build_side_probe_side,filter_pushdown'")
  const relation = { ...given, from: `(SELECT *, ${key} AS ${KEY} FROM ${given.from})` }
  const value = stratum === undefined ? 'NULL' : `CAST(${quoteName(stratum)} AS VARCHAR)`
  const strata = await countStrata(session, relation, value, stratum)
  const cuts = await keysAt(
    session,
    relation,
    value,
    strata.map((each) => ({
      ...each,
      ranks: bounds.map((bound) => share(bound, each.count)),
    })),
  )
  const part = (keys: readonly number[]): string =>
    keys.map((each) => `(${KEY} >= ${each})::INTEGER`).join(' + ')
  if (stratum === undefined) return { relation, part: part(cuts[0] ?? []), isUnordered: false }
  const cases = strata.map(
    (each, index) => `WHEN ${isValue(value, each.value)} THEN ${part(cuts[index] ?? [])}`,
  )
  return { relation, part: `CASE ${cases.join(' ')} END`, isUnordered: false }
}

const KEY = '"stepwell key"'
// A key has 32 bits; a bucket is told by the upper ones.
const BUCKET = 20

interface Stratum {
  readonly value: string | null
  readonly count: number
}

async function countStrata(
  session: Session,
  { from }: Relation,
  value: string,
  column: string | undefined,
): Promise<Stratum[]> {
  const counted = await session.rows(
    `SELECT ${value} AS value, count(*) AS n FROM ${from} GROUP BY 1 ORDER BY 1 LIMIT ${MOST + 1}`,
  )
  if (counted.length <= MOST) {
    return counted.map((row) => ({
      value: row['value'] === null ? null : String(row['value']),
      count: Number(row['n']),
    }))
  }
  throw new StepwellError({
    code: 'STEPWELL_CATEGORIES_MANY',
    summary: `column ${JSON.stringify(column)} has more than ${MOST} values to stratify by`,
    hint: 'stratify by a column that has fewer, or not at all',
  })
}

/**
 * For each stratum the keys at some ranks, from 0, in ascending order. Nothing is sorted but the few keys
 * of the buckets in which they lie.
 */
async function keysAt(
  session: Session,
  { from }: Relation,
  value: string,
  strata: readonly (Stratum & { readonly ranks: readonly number[] })[],
): Promise<number[][]> {
  const keyed = `(SELECT ${value} AS value, ${KEY} AS key FROM ${from})`
  const wanted = strata.flatMap(({ value: each, ranks }) =>
    ranks.map((rank) => `(${each === null ? 'NULL' : quoteText(each)}, ${rank})`),
  )
  await session.run(
    `CREATE OR REPLACE TEMP TABLE buckets AS
     SELECT DISTINCT b.value, b.bucket, b.before FROM (
       SELECT value, bucket, n, sum(n) OVER (PARTITION BY value ORDER BY bucket) - n AS before
       FROM (SELECT value, key >> ${BUCKET} AS bucket, count(*) AS n FROM ${keyed} GROUP BY 1, 2)) b
     JOIN (VALUES ${wanted.join(', ')}) w (value, rank)
       ON b.value IS NOT DISTINCT FROM w.value AND w.rank >= b.before AND w.rank < b.before + b.n`,
  )
  const found = await session.rows(
    `SELECT k.value, key, before + row_number() OVER (PARTITION BY k.value, bucket ORDER BY key) - 1 AS rank
     FROM ${keyed} k JOIN buckets b ON k.value IS NOT DISTINCT FROM b.value AND key >> ${BUCKET} = bucket`,
  )
  const keys = new Map(
    found.map((row) => [JSON.stringify([row['value'], Number(row['rank'])]), Number(row['key'])]),
  )
  return strata.map(({ value: each, ranks }) =>
    ranks.map((rank) => {
      const key = keys.get(JSON.stringify([each, rank]))
      // Each rank is below the number of rows.
      if (key === undefined) throw new TypeError(`no key at rank ${rank}`)
      return key
    }),
  )
}

function isValue(sql: string, value: string | null): string {
  return value === null ? `${sql} IS NULL` : `${sql} = ${quoteText(value)}`
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
