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
      summary: 'the work on a table could not be done',
      details: firstLine(error),
      hint: 'look at the params, and at the room on the disk',
      cause: error,
    })
  } finally {
    session.close()
  }
}
