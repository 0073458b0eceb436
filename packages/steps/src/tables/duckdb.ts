import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/** What a query may give for a cell. */
export type SqlValue = string | number | bigint | boolean | Date | null

export type SqlRow = Readonly<Record<string, SqlValue>>

/** A database in memory, which reads and writes files. Statements run one after the other. */
export interface Session {
  run(sql: string): Promise<void>
  /** For few rows: aggregates, examples. */
  rows(sql: string): Promise<readonly SqlRow[]>
  /** As `rows`, on one thread: the sum of doubles depends on the order in which they are added. */
  orderedRows(sql: string): Promise<readonly SqlRow[]>
  /** A result of one column as numbers; missing values are `NaN`. @param count at least as many as there are */
  numbers(sql: string, count: number): Promise<Float64Array>
  /** A result of one column as it is. */
  values(sql: string): Promise<readonly SqlValue[]>
  /** Appends rows to a table of the session, whose columns are all text. */
  append(table: string, rows: AsyncIterable<readonly (string | null)[]>): Promise<void>
  close(): void
}

export interface SessionOptions {
  /** A directory for what does not fit into memory; asked for at once, filled when needed. */
  readonly temp: string
  readonly signal?: AbortSignal
  /** @default as many as the machine has; two at least, since one alone writes in another way */
  readonly threads?: number
}

// Beyond it, work is done on disk. Several steps may run at once.
const MEMORY = '1GB'

/** Opens a database in memory. It reads and writes files of this machine only, and loads nothing. */
export async function openSession({ temp, signal, threads }: SessionOptions): Promise<Session> {
  signal?.throwIfAborted()
  // Loaded here, since it is large: who only plans a pipeline does without.
  const { DuckDBInstance, DuckDBDateValue, DuckDBTimeValue } = await import('@duckdb/node-api')
  const count = String(Math.max(2, threads ?? availableParallelism()))
  const instance = await DuckDBInstance.create(':memory:', {
    threads: count,
    memory_limit: MEMORY,
    temp_directory: join(temp, 'duckdb'),
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_persistent_secrets: 'false',
    // The side that is built is the right one: then rows keep the order of the left one.
    disabled_optimizers: 'join_order,build_side_probe_side',
  })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  let interrupting: NodeJS.Timeout | undefined
  const interrupt = (): void => {
    // One that comes before the statement has begun is lost, so that they go on until the end.
    interrupting ??= setInterval(() => connection.interrupt(), 10)
  }
  signal?.addEventListener('abort', interrupt)

  const guarded = async <T>(work: (db: DuckDBConnection) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted()
    try {
      const result = await work(connection)
      signal?.throwIfAborted()
      return result
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }
  const plain = (value: DuckDBValue): SqlValue => {
    if (value === null) return null
    if (typeof value === 'bigint') return toNumber(value)
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
      return value
    }
    if (value instanceof DuckDBDateValue || value instanceof DuckDBTimeValue) return String(value)
    if (typeof value === 'object' && 'micros' in value && !('months' in value)) {
      return new Date(Number(value.micros / 1000n))
    }
    if (typeof value === 'object' && 'toDouble' in value) return value.toDouble()
    return String(value)
  }
  const rows = async (sql: string): Promise<readonly SqlRow[]> =>
    guarded(async (db) => {
      const result = await db.run(sql)
      const names = result.columnNames()
      const all = await result.getRows()
      return all.map((row) =>
        Object.fromEntries(names.map((name, index) => [name, plain(row[index] ?? null)])),
      )
    })

  return {
    rows,
    async run(sql) {
      await guarded((db) => db.run(sql))
    },
    async orderedRows(sql) {
      await connection.run('SET threads = 1')
      try {
        return await rows(sql)
      } finally {
        await connection.run(`SET threads = ${count}`)
      }
    },
    numbers: (sql, length) =>
      guarded(async (db) => {
        const result = await db.stream(`SELECT CAST(x AS DOUBLE) FROM (${sql}) AS t(x)`)
        const numbers = new Float64Array(length).fill(Number.NaN)
        let at = 0
        for (;;) {
          const chunk = await result.fetchChunk()
          if (chunk === null || chunk.rowCount === 0) break
          const vector = chunk.getColumnVector(0)
          for (let row = 0; row < chunk.rowCount; row += 1) {
            const value = vector.getItem(row)
            if (typeof value === 'number') numbers[at + row] = value
          }
          at += chunk.rowCount
        }
        return numbers.subarray(0, at)
      }),
    values: (sql) =>
      guarded(async (db) => {
        const result = await db.stream(sql)
        const values: SqlValue[] = []
        for (;;) {
          const chunk = await result.fetchChunk()
          if (chunk === null || chunk.rowCount === 0) break
          for (const value of chunk.getColumnValues(0)) values.push(plain(value))
        }
        return values
      }),
    async append(table, given) {
      const appender = await connection.createAppender(table)
      for await (const row of given) {
        for (const cell of row) {
          if (cell === null) appender.appendNull()
          else appender.appendVarchar(cell)
        }
        appender.endRow()
      }
      appender.closeSync()
    },
    close() {
      signal?.removeEventListener('abort', interrupt)
      clearInterval(interrupting)
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Whether something that was thrown is what DuckDB has to say: `Conversion Error: ...`. */
export function isDuckDbError(thrown: unknown): boolean {
  return thrown instanceof Error && /^[A-Z][A-Za-z-]*( [A-Za-z-]+)* Error: /.test(thrown.message)
}

function toNumber(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
