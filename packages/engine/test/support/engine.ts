import { onTestFinished } from 'vitest'
import {
  openEngine,
  type Engine,
  type EngineOptions,
  type Run,
  type RunEvent,
  type RunRecord,
} from '../../src/index.ts'

/** An engine that is closed when the test has ended. */
export async function engineOn(dir: string, options: EngineOptions = {}): Promise<Engine> {
  const engine = await openEngine({ dir, ...options })
  onTestFinished(async () => await engine.close())
  return engine
}

/** Every event of a run, once it has ended. */
export async function eventsOf(run: Run): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of run) events.push(event)
  return events
}

/** Waits for the first event of a run that fits. */
export async function eventOf(run: Run, fits: (event: RunEvent) => boolean): Promise<RunEvent> {
  for await (const event of run) if (fits(event)) return event
  throw new Error('the run ended without such an event')
}

export function statusesOf(record: RunRecord): Record<string, string> {
  return Object.fromEntries(Object.values(record.steps).map(({ name, status }) => [name, status]))
}
