import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimateRun, type Estimated } from '../src/plan/estimate.ts'
import { narrow, words } from './fixtures/words.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

function planned(
  name: string,
  decision: Estimated['decision'],
  duration?: number,
  upstream: readonly string[] = [],
): Estimated {
  const last = duration === undefined ? {} : { last: { run: 'r', at: 0, duration } }
  return { name, decision, upstream, ...last }
}

describe('estimateRun', () => {
  const chain = [planned('a', 'run', 10), planned('b', 'run', 20, ['a'])]
  const cases: Readonly<Record<string, [Estimated[], number, least: number, most: number]>> = {
    'nothing to do': [[planned('a', 'cached', 10)], 2, 0, 0],
    'no steps': [[], 1, 0, 0],
    'a chain takes its length, however many at once': [chain, 8, 30, 30],
    'apart, one at a time': [[planned('a', 'run', 10), planned('b', 'run', 20)], 1, 30, 30],
    'apart, two at once': [[planned('a', 'run', 10), planned('b', 'run', 20)], 2, 20, 20],
    'more work than the concurrency takes': [
      [planned('a', 'run', 10), planned('b', 'run', 10), planned('c', 'run', 10)],
      2,
      15,
      15,
    ],
    'what is cached costs nothing, and does not cut the path': [
      [planned('a', 'run', 10), planned('b', 'cached', 99, ['a']), planned('c', 'run', 5, ['b'])],
      4,
      15,
      15,
    ],
    'what depends is in the upper bound only': [
      [planned('a', 'run', 3), planned('b', 'depends', 9, ['a'])],
      2,
      3,
      12,
    ],
  }
  test.for(Object.entries(cases))('%s', ([, [steps, concurrency, least, most]]) => {
    expect(estimateRun(steps, concurrency)).toEqual({ least, most, concurrency, unknown: [] })
  })

  test('what may run and never did is named, and left out of the numbers', () => {
    const steps = [
      planned('a', 'run'),
      planned('b', 'depends', undefined, ['a']),
      planned('c', 'cached'),
      planned('d', 'run', 4),
    ]
    expect(estimateRun(steps, 2)).toEqual({
      least: 4,
      most: 4,
      concurrency: 2,
      unknown: ['a', 'b'],
    })
  })

  test('never more at once makes it longer, never less than the longest step', () => {
    const decision = fc.constantFrom('run', 'cached', 'depends')
    const step = fc.tuple(decision, fc.nat(1000), fc.array(fc.nat(30), { maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (made, n) => {
        const steps = made.map(([how, duration, reads], index) => {
          const upstream = reads.filter((read) => read < index).map(String)
          return planned(String(index), how, duration, upstream)
        })
        const { least, most } = estimateRun(steps, n)
        expect(most).toBeGreaterThanOrEqual(least)
        expect(estimateRun(steps, n + 1).most).toBeLessThanOrEqual(most)
        const running = steps.filter((each) => each.decision === 'run')
        const longest = Math.max(0, ...running.map(({ last }) => last?.duration ?? 0))
        expect(least).toBeGreaterThanOrEqual(longest)
      }),
    )
  })
})

test('a plan has the last execution of each step, and an estimate made of them', async () => {
  const dir = temporaryDir()
  writeFiles(dir, { 'words.txt': 'one two' })
  const engine = await engineOn(dir, { concurrency: 3 })
  const { estimate } = await engine.plan(words)
  expect(estimate).toEqual({
    least: 0,
    most: 0,
    concurrency: 3,
    unknown: ['read', 'count', 'longest', 'report'],
  })
  const first = await engine.run(narrow).result
  const second = await engine.run(narrow).result
  expect(second.steps['read']?.status).toBe('cached')
  writeFiles(dir, { 'words.txt': 'two three' })
  const plan = await engine.plan(narrow)
  const [read, count] = plan.steps
  // What deciding took in the run that took it from the cache is no execution.
  expect(read?.last).toMatchObject({ run: first.id, duration: first.steps['read']?.duration })
  expect(plan.estimate).toMatchObject({
    least: read?.last?.duration,
    most: (read?.last?.duration ?? 0) + (count?.last?.duration ?? 0),
    unknown: [],
  })
})
