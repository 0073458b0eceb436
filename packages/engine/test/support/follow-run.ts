import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Run, RunEvent, RunRecord } from '../../src/index.ts'
import { foldEvents } from '../../src/record/run-record.ts'
import { statusesOf } from './engine.ts'

/** Ends when the step is told to stop, and only then. */
export async function untilStopped(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  if (signal.aborted) reject(signal.reason as Error)
  signal.addEventListener('abort', () => reject(signal.reason as Error))
  return await promise
}

/** Follows a run to its end; `on` is told each event. What must hold of any run is checked. */
export async function follow(
  dir: string,
  run: Run,
  steps: readonly string[],
  on: (event: RunEvent) => void = () => undefined,
): Promise<{ readonly record: RunRecord; readonly events: readonly RunEvent[] }> {
  const events: RunEvent[] = []
  for await (const event of run) {
    events.push(event)
    on(event)
  }
  const record = await run.result
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: record.status })
  const ends = events.filter((event) => event.type === 'step-finished')
  expect(ends.map((each) => each.step).toSorted()).toEqual([...steps].toSorted())
  expect(Object.fromEntries(ends.map((each) => [each.step, each.status]))).toEqual(
    statusesOf(record),
  )
  for (const name of steps) {
    const own = events.filter((event) => 'step' in event && event.step === name)
    expect(own.findLast(({ type }) => type !== 'warning')?.type).toBe('step-finished')
    const attempts = own.filter((event) => event.type === 'step-started').map((e) => e.attempt)
    expect(attempts).toEqual(attempts.map((_, index) => index + 1))
  }
  expect(foldEvents(events)).toEqual(record)
  const files = join(dir, '.stepwell/runs', record.id)
  const plain: unknown = JSON.parse(JSON.stringify(record))
  expect(JSON.parse(readFileSync(join(files, 'summary.json'), 'utf8'))).toEqual(plain)
  const lines = readFileSync(join(files, 'events.ndjson'), 'utf8').trim().split('\n')
  expect(foldEvents(lines.map((line) => JSON.parse(line) as RunEvent))).toEqual(plain)
  return { record, events }
}
