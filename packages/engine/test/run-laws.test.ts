import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openEngine, pinned, pipeline, step, type RunEvent, type Step } from '../src/index.ts'
import { statusesOf } from './support/engine.ts'
import { follow, untilStopped } from './support/follow-run.ts'
import { acyclicGraphs, ancestry, nameOf } from './support/graph.ts'
import { makeTemporaryDir } from './support/temporary.ts'

const STOPPING = 'the run is told to stop'

/** What a step does at each of its attempts before the last one. */
type Attempt = 'throws' | 'waits' | 'ignores' | 'leaves'
/** What it does at last. */
type Last = 'ends' | 'throws' | 'blocks' | 'stops' | 'is not wanted' | 'cannot tell'

const behaviours = fc.record({
  attempts: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Attempt[]>([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom<Attempt>('throws', 'waits', 'ignores', 'leaves'), {
        maxLength: 2,
      }),
    },
  ),
  last: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<Last>('ends', 'blocks') },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Last>('throws', 'stops', 'is not wanted', 'cannot tell'),
    },
  ),
  demand: fc.record(
    { cpu: fc.constantFrom(0, 0.5, 1), x: fc.constantFrom(0, 0.3, 1, 2) },
    { requiredKeys: [] },
  ),
  mutex: fc.subarray(['m', 'n']),
})

const worlds = acyclicGraphs(7).chain((graph) =>
  fc.record({
    graph: fc.constant(graph),
    behaviours: fc.array(behaviours, { minLength: graph.length, maxLength: graph.length }),
    onFailure: fc.constantFrom('finish', 'continue', 'kill'),
    how: fc.constantFrom('finish', 'kill', 'signal'),
    stopAfter: fc.option(fc.nat(40), { nil: undefined }),
    concurrency: fc.integer({ min: 1, max: 3 }),
  }),
)

test('random pipelines end well, whatever happens in them', async () => {
  await fc.assert(
    fc.asyncProperty(
      worlds,
      async ({ graph, how, onFailure, stopAfter, concurrency, ...world }) => {
        const dir = makeTemporaryDir()
        const engine = await openEngine({ dir, concurrency, grace: 1, limits: { x: 2 } })
        const abort = new AbortController()
        const [stopped, released] = [new AbortController(), Promise.withResolvers<void>()]
        const stop = (): void => {
          if (how === 'signal') abort.abort()
          else run.stop(how)
          stopped.abort()
          released.resolve()
        }
        const running: number[] = []
        const late: string[] = []
        let isDisturbed = true
        /** By step: how often it was called. */
        const calls = graph.map(() => 0)
        const steps: Step[] = []
        const inputs = graph.map((): Record<string, Step> => ({}))
        for (const [index, own] of world.behaviours.entries()) {
          const { attempts, last, demand, mutex } = own
          const isQuick = attempts.some((attempt) => attempt !== 'throws')
          steps.push(
            step({
              code: pinned('1'),
              inputs: inputs[index] ?? {},
              params: { index },
              resources: demand,
              mutex,
              retry: { attempts: attempts.length + 1, backoff: 1 },
              ...(isQuick && { timeout: 3 }),
              when: () => {
                if (!isDisturbed || last !== 'cannot tell')
                  return !isDisturbed || last !== 'is not wanted'
                throw new Error('no')
              },
              run: async (read, { signal, log }) => {
                const value =
                  1 + Object.values(read).reduce<number>((sum, each) => sum + Number(each), 0)
                if (!isDisturbed) return value
                running.push(index)
                checkLimits()
                try {
                  const attempt = attempts[calls[index] ?? 0]
                  calls[index] = (calls[index] ?? 0) + 1
                  switch (attempt ?? last) {
                    case 'throws':
                      throw new Error('no')
                    case 'waits':
                      return await untilStopped(signal)
                    case 'ignores':
                      // Longer than the run, or until the next attempt begins.
                      return await new Promise<number>((resolve) => {
                        setTimeout(() => resolve(-1), 20)
                      })
                    case 'leaves':
                      return await new Promise<number>((_, reject) => {
                        setTimeout(() => reject(new Error('late')), 10)
                      })
                    case 'blocks':
                      // Others go on meanwhile.
                      if (!isQuick)
                        await Promise.race([
                          new Promise((resolve) => setImmediate(resolve)),
                          released.promise,
                        ])
                      return value
                    case 'stops':
                      log(STOPPING)
                      stop()
                      return value
                    case 'is not wanted':
                    case 'cannot tell':
                      throw new TypeError('it was called all the same')
                    case 'ends':
                      return value
                  }
                } finally {
                  const at = running.indexOf(index)
                  if (at >= 0) running.splice(at, 1)
                }
              },
            }),
          )
        }
        for (const [index, upstream] of graph.entries()) {
          for (const from of upstream) {
            const [input, read] = [inputs[index], steps[from]]
            if (input !== undefined && read !== undefined) input[nameOf(from)] = read
          }
        }
        const checkLimits = (): void => {
          // One that was left alone counts for nothing any more.
          const sure = running.filter((index) => {
            const { attempts = [] } = world.behaviours[index] ?? {}
            return attempts.every((attempt) => attempt === 'throws' || attempt === 'waits')
          })
          const taken = (name: 'cpu' | 'x', otherwise: number) =>
            sure.reduce((sum, at) => sum + (world.behaviours[at]?.demand[name] ?? otherwise), 0)
          const holders = (name: string) =>
            sure.filter((at) => world.behaviours[at]?.mutex.includes(name)).length
          if (sure.length > concurrency || taken('cpu', 1) > concurrency + 1e-6) late.push('cpu')
          if (taken('x', 0) > 2 + 1e-6 || holders('m') > 1 || holders('n') > 1) late.push('limits')
        }
        const named = Object.fromEntries(steps.map((made, index) => [nameOf(index), made]))
        const names = Object.keys(named)
        const made = pipeline('p', named)
        const run = engine.run(made, { onFailure, signal: abort.signal })
        try {
          let seen = 0
          const { record, events } = await follow(dir, run, names, () => {
            seen += 1
            if (seen === stopAfter) stop()
          })
          expect(late).toEqual([])
          checkEnds(record.status, statusesOf(record))
          const stopping = events.findIndex(
            (event) => event.type === 'step-log' && event.line === STOPPING,
          )
          const begun = (event: RunEvent) => event.type === 'step-started'
          if (stopping >= 0) expect(events.slice(stopping).filter(begun)).toEqual([])
          // What succeeded is kept, and all comes out as if nothing had been.
          isDisturbed = false
          const next = engine.run(made)
          const second = await follow(dir, next, names)
          for (const name of names) {
            const was = record.steps[name]?.status === 'succeeded' ? 'cached' : 'succeeded'
            expect(second.record.steps[name]?.status).toBe(was)
          }
          for (const [index, of] of steps.entries()) {
            expect(await next.value(of)).toBe(valueOf(index))
          }
        } finally {
          await engine.close()
          rmSync(dir, { recursive: true, force: true })
        }

        function valueOf(index: number): number {
          return (graph[index] ?? []).reduce((sum, from) => sum + valueOf(from), 1)
        }

        function checkEnds(status: string, ends: Record<string, string>): void {
          const all = Object.values(ends)
          const isCancelled = all.includes('cancelled')
          if (all.includes('failed')) expect(status).toBe('failed')
          else expect(status).toBe(isCancelled ? 'cancelled' : 'succeeded')
          const isStopped =
            stopped.signal.aborted || (all.includes('failed') && onFailure !== 'continue')
          if (!isStopped) expect(isCancelled).toBe(false)
          for (const index of graph.keys()) {
            const above = [...ancestry(graph, [index])].filter((other) => other !== index)
            const before = above.map((other) => ends[nameOf(other)])
            const end = ends[nameOf(index)]
            const isBlocked = before.some((other) => other === 'failed' || other === 'skipped')
            const { last } = world.behaviours[index] ?? {}
            if (isBlocked) expect(end).toBe('skipped')
            else if (end === 'skipped') expect(last).toBe('is not wanted')
            if (end === 'succeeded')
              expect(before.every((other) => other === 'succeeded')).toBe(true)
            if (end === 'succeeded') expect(['ends', 'blocks', 'stops']).toContain(last)
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})
