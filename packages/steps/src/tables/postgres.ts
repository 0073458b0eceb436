import { messageOf } from '@stepwell/base/errors'
import { StepwellError } from '@stepwell/engine/author'
import type { DeclaredType } from './column.ts'

/** The result of a query, as text, in the order in which the database gives it. */
export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: DeclaredType }[]
  readonly rows: AsyncIterable<readonly (string | null)[]>
}

// By the numbers that PostgreSQL has for its types; what is not here stays text.
const TYPES: Readonly<Record<number, DeclaredType>> = {
  16: 'boolean',
  20: 'integer',
  21: 'integer',
  23: 'integer',
  700: 'number',
  701: 'number',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamp',
  1700: 'number',
}

const BATCH = 10_000

/**
 * Runs a query, and gives its rows in batches, within one read-only transaction.
 *
 * @param work is given the result; the connection is closed after it
 * @throws StepwellError STEPWELL_DATABASE, without the password
 */
export async function queryPostgres<T>(
  connection: string,
  query: string,
  signal: AbortSignal,
  work: (result: QueryResult) => Promise<T>,
): Promise<T> {
  const { Client } = await import('pg')
  const client = new Client({
    connectionString: connection,
    // As text, so that nothing is rounded on the way.
    types: { getTypeParser: () => (value: unknown) => value },
  })
  const end = (): void => void client.end().catch(() => undefined)
  signal.addEventListener('abort', end)
  // A connection that breaks also fails the query that waits for it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query("SET TIME ZONE 'UTC'")
    await client.query("SET DateStyle = 'ISO'")
    await client.query('BEGIN READ ONLY')
    await client.query(`DECLARE stepwell NO SCROLL CURSOR FOR ${query}\n`)
    const fetch = async () =>
      await client.query<(string | null)[]>({
        text: `FETCH ${BATCH} FROM stepwell`,
        rowMode: 'array',
      })
    const first = await fetch()
    return await work({
      columns: first.fields.map(({ name, dataTypeID }) => ({
        name,
        type: TYPES[dataTypeID] ?? 'text',
      })),
      rows: (async function* all() {
        for (let batch = first; batch.rows.length > 0; batch = await fetch()) yield* batch.rows
      })(),
    })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StepwellError) throw error
    throw new StepwellError({
      code: 'STEPWELL_DATABASE',
      summary: 'the query could not be run',
      details: reason(error),
      hint: "check the connection string and the param 'query', which is one SELECT",
    })
  } finally {
    signal.removeEventListener('abort', end)
    await client.end().catch(() => undefined)
  }
}

/** Several addresses that all refuse are one error without a message. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ')
  return messageOf(error)
}
