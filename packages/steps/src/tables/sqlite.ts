import { StepwellError, type FileInput } from '@stepwell/engine/author'
import { existsSync, statSync } from 'node:fs'
import { messageOf } from '@stepwell/base/errors'

/** A result of SQLite, in which each cell has a type of its own. */
export interface SqliteResult {
  readonly names: readonly string[]
  readonly rows: Iterable<readonly unknown[]>
}

/**
 * Runs a query on an SQLite file, which is not changed.
 *
 * @throws StepwellError STEPWELL_DATABASE
 */
export async function querySqlite<T>(
  { path, location }: FileInput,
  query: string,
  work: (result: SqliteResult) => Promise<T>,
): Promise<T> {
  for (const suffix of ['-wal', '-journal']) {
    // What is there belongs to the database and is not in the file.
    if (!existsSync(location + suffix) || statSync(location + suffix).size === 0) continue
    throw new StepwellError({
      code: 'STEPWELL_DATABASE',
      summary: `${path} is in use`,
      details: `${path}${suffix} holds changes that are not in it yet`,
      hint: 'end what writes to it, or let it do `PRAGMA wal_checkpoint(TRUNCATE)`',
    })
  }
  const { DatabaseSync } = await import('node:sqlite')
  let database: InstanceType<typeof DatabaseSync> | undefined
  try {
    database = new DatabaseSync(location, { readOnly: true })
    const statement = database.prepare(query)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    const names = statement.columns().map(({ name }) => name)
    return await work({
      names,
      rows: statement.iterate() as Iterable<unknown> as Iterable<unknown[]>,
    })
  } catch (error) {
    if (error instanceof StepwellError) throw error
    throw new StepwellError({
      code: 'STEPWELL_DATABASE',
      summary: `the query on ${path} could not be run`,
      details: messageOf(error),
      hint: "check the file and the param 'query'",
      cause: error,
    })
  } finally {
    database?.close()
  }
}
