import type { StepContext } from '@stepwell/engine/author'
import { openSession, type Session } from './duckdb.ts'

/** Does a step's work in a session that is closed after it. */
export async function withSession<T>(
  context: Pick<StepContext, 'scratch' | 'signal'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession({ temp: context.scratch(), signal: context.signal })
  try {
    return await work(session)
  } finally {
    session.close()
  }
}
