import { expect, test } from 'vitest'
import { ended, Project } from './rig.ts'

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
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['--conditions=@stepwell/source', 'program.ts'], {
    cwd: project.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, stdout, stderr } = await ended(child)
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
