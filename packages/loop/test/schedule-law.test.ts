import fc from 'fast-check'
import { openEngine, pipeline, step } from '@stepwell/engine'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { nextDue, seenUntil, watchOf } from '../src/due.ts'
import type { TriggerMemory } from '../src/loop-files.ts'
import { loop, onSchedule } from '../src/index.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const one = step({ run: () => 1 })
const fleet = pipeline('fleet', { one })

// Around both changes of the clock of Vienna in 2026.
const start = fc.constantFrom(
  Date.UTC(2026, 2, 28, 20),
  Date.UTC(2026, 9, 24, 20),
  Date.UTC(2026, 5),
)
const move = fc.record({
  by: fc.integer({ min: -2 * HOUR, max: 30 * HOUR }),
  // A crash between the end of the run and its being remembered.
  isForgotten: fc.boolean(),
  isRestart: fc.boolean(),
})
const cron = fc.constantFrom(
  '* * * * *',
  '*/30 * * * *',
  '30 2 * * *',
  '0 3 * * *',
  '15 * * * * *',
  '0 6 * * 1',
)

test('each due time is seen to, and none that was remembered is seen to again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-loop-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  await using engine = await openEngine({ dir })
  await fc.assert(
    fc.asyncProperty(
      start,
      cron,
      fc.array(move, { maxLength: 30 }),
      async (from, expression, moves) => {
        const { triggers } = loop(fleet, {
          triggers: { due: onSchedule(expression, { run: [one], timezone: 'Europe/Vienna' }) },
        })
        const [trigger] = triggers
        if (trigger?.kind !== 'schedule') throw new Error('no schedule')
        let watch = watchOf(trigger, engine, 'fleet')
        let now = from
        let memory: TriggerMemory = { until: seenUntil({}, now) }
        // Up to here all due times are behind.
        let done = now
        for (const { by, isForgotten, isRestart } of moves) {
          // Set back, and set back again: never further than what counts as running fast.
          now = Math.max(now + by, done - 2 * HOUR)
          if (isRestart) watch = watchOf(trigger, engine, 'fleet')
          expect(seenUntil(memory, now)).toBe(memory.until)
          const next = nextDue(trigger, done)
          const found = await watch.look(memory, now)
          expect(found !== undefined).toBe(next <= now)
          expect(watch.next(memory, now)).toBe(next)
          if (found === undefined || isForgotten) continue
          memory = found.news
          done = now
          expect(await watch.look(memory, now)).toBeUndefined()
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('a clock that was far ahead, or a memory that is none, counts from now on', () => {
  const now = Date.UTC(2026, 5)
  fc.assert(
    fc.property(fc.anything(), (until) => {
      const found = seenUntil({ until } as TriggerMemory, now)
      expect(found).toBeLessThanOrEqual(now + 3 * HOUR)
      expect(found === until || found === now).toBe(true)
    }),
  )
  expect(seenUntil({ until: Date.UTC(2036, 5) }, now)).toBe(now)
})

test.each([
  '2030-01-01T00:00:00',
  '2030-01-01',
  '0 0 0 1 1 * 2030',
  '0 0 31 2 *',
  '',
  '61 * * * *',
])('no cron expression: %j', (expression) => {
  expect(() => onSchedule(expression, { run: ['one'] })).toThrow(/Expected `cron` of onSchedule/)
})

test('steps that are named twice are run once', () => {
  const { triggers } = loop(fleet, {
    triggers: { due: onSchedule('@daily', { run: [one, 'one', one] }) },
  })
  expect(triggers[0]?.run).toEqual(['one'])
})
