import { expect, test } from 'vitest'
import { Project } from './rig.ts'

// A program of its own, so that nothing of the test runner takes part.
const PROGRAM = `
import { openEngine } from '@stepwell/engine'
import first from './first.ts'
import second, { total } from './second.ts'

const before = [process.listenerCount('exit'), process.listenerCount('SIGINT'), Object.keys(globalThis).length]
const engines = [
  await openEngine({ dir: 'one', concurrency: 1 }),
  await openEngine({ dir: 'two', concurrency: 2 }),
]
const runs = [engines[0].run(first), engines[1].run(second)]
const seen = await Promise.all(runs.map(async (run) => {
  const types = []
  for await (const event of run) types.push(event.type)
  return types
}))
const records = await Promise.all(runs.map((run) => run.result))
const value = await runs[1].value(total)
await Promise.all(engines.map((engine) => engine.close()))
const after = [process.listenerCount('exit'), process.listenerCount('SIGINT'), Object.keys(globalThis).length]
process.stdout.write(JSON.stringify({ seen, records, value, before, after }))
`

test('a module that changed after it was loaded is never taken for what runs', async () => {
  const project = new Project()
  project.write('helper.ts', 'export const answer = () => 1\n')
  project.write(
    'pipeline.ts',
    `import { pipeline, step } from '@stepwell/engine'
     import { answer } from './helper.ts'
     export const ask = step({ run: () => answer() })
     export default pipeline('asks', { ask })`,
  )
  project.write(
    'program.ts',
    `import { openEngine } from '@stepwell/engine'
     import { writeFileSync } from 'node:fs'
     import asks, { ask } from './pipeline.ts'
     await using engine = await openEngine()
     const first = await engine.run(asks).value(ask)
     writeFileSync('helper.ts', 'export const answer = () => 2\\n')
     const run = engine.run(asks)
     const { warnings } = await run.result
     process.stdout.write(JSON.stringify([first, await run.value(ask), warnings]))`,
  )
  const { stdout, stderr } = await project.program('program.ts')
  expect(stderr).toBe('')
  const [first, second, warnings] = JSON.parse(stdout) as [number, number, string[]]
  // The old code still runs in that process, so its result must not be filed under the new one.
  expect([first, second]).toEqual([1, 1])
  expect(warnings.join()).toContain('a module that changed after it was loaded at helper.ts:1')
  const { outputs } = await project.run()
  project.write(
    'other.ts',
    "import { digestValue } from '@stepwell/engine/author'\nprocess.stdout.write(digestValue(2))",
  )
  expect(outputs['ask']).toBe((await project.program('other.ts')).stdout)
})

test('two engines run in one process, print nothing, and tell what happens by events', async () => {
  const project = new Project()
  project.write('one/numbers.txt', '1 2 3')
  project.write('two/numbers.txt', '10 20 30')
  for (const name of ['first', 'second']) {
    project.write(
      `${name}.ts`,
      `import { file, pipeline, step } from '@stepwell/engine'
       export const numbers = step({
         inputs: { text: file('numbers.txt') },
         run: ({ text }) => text.text().split(' ').map(Number),
       })
       export const total = step({
         inputs: { numbers },
         run: ({ numbers }, { log, metric }) => {
           const total = numbers.reduce((sum, n) => sum + n, 0)
           log('adding')
           metric('total', total)
           return total
         },
       })
       export default pipeline('${name}', { numbers, total })`,
    )
  }
  project.write('program.ts', PROGRAM)
  const { code, stdout, stderr } = await project.program('program.ts')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const { seen, records, value, before, after } = JSON.parse(stdout) as {
    seen: string[][]
    records: { status: string; pipeline: string; steps: Record<string, { metrics: object }> }[]
    value: number
    before: number[]
    after: number[]
  }
  const one = [
    'run-started',
    'step-started',
    'step-finished',
    'step-started',
    'step-log',
    'step-metric',
    'step-finished',
    'run-finished',
  ]
  expect(seen).toEqual([one, one])
  expect(records.map(({ status, pipeline }) => [pipeline, status])).toEqual([
    ['first', 'succeeded'],
    ['second', 'succeeded'],
  ])
  expect(records.map(({ steps }) => steps['total']?.metrics)).toEqual([{ total: 6 }, { total: 60 }])
  expect(value).toBe(60)
  expect(after).toEqual(before)
})
