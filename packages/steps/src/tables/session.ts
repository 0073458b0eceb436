import { StepwellError, type StepContext } from '@stepwell/engine/author'
import { isDuckDbError, openSession, type Session } from './duckdb.ts'
import { firstLine } from './parquet.ts'

/**
 * Does a step's work in a session that is closed after it.
 * @throws StepwellError STEPWELL_TABLE_WORK
 */
export async function withSession<T>(
  context: Pick<StepContext, 'scratch' | 'signal'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession({ temp: context.scratch(), signal: context.signal })
  try {
    return await work(session)
  } catch (error) {
    if (!isDuckDbError(error)) throw error
    throw new StepwellError({
      code: 'STEPWELL_TABLE_WORK',
      summary: 'DuckDB could not process a table',
      details: firstLine(error),
      hint: 'check the params and the free space on the disk',
      cause: error,
    })
  } finally {
    session.close()
  }
}
