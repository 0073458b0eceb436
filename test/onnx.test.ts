import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { all, Project, ROOT } from './rig.ts'
import { post, serving } from './serving.ts'

const FIXTURES = join(ROOT, 'packages', 'steps', 'test', 'data', 'onnx')
interface Row {
  readonly a: number
  readonly b: number
  readonly c: number
}
const fixtures = JSON.parse(readFileSync(join(FIXTURES, 'fixtures.json'), 'utf8')) as {
  readonly rows: readonly Row[]
  readonly y: readonly number[]
  readonly forest: readonly number[]
}

const PIPELINE = `
import { command, file, pipeline, step } from '@stepwell/engine'
import * as steps from '@stepwell/steps'
const features = ['a', 'b', 'c']
const rows = step({ inputs: { csv: file('rows.csv') }, run: steps.readCsv })
const fetch = command({
  cmd: 'cp {inputs.made} {outs.onnx}',
  inputs: { made: file('forest.onnx') },
  outs: { onnx: file('out/forest.onnx') },
})
const model = step({
  inputs: { onnx: fetch.out('onnx') },
  params: { features, target: 'y' },
  run: steps.importOnnx,
})
const evaluate = step({ inputs: { model, rows }, run: steps.evaluateModel, executor: 'thread' })
const good = step({
  inputs: { metrics: evaluate.pick('metrics') },
  params: { metric: 'r2', min: 0.8 },
  run: steps.metricGate,
})
const promote = step({
  inputs: { model, metrics: evaluate.pick('metrics'), gate: good, training: rows },
  params: { name: 'wave', bounds: { a: { max: 100 } } },
  run: steps.promoteModel,
})
const line = step({
  inputs: { rows },
  params: { kind: 'linear', features, target: 'y' },
  run: steps.trainRegression,
})
const challenge = step({
  inputs: { model: line, training: rows },
  params: { name: 'wave', alias: 'challenger' },
  run: steps.promoteModel,
})
export default pipeline('waves', { rows, fetch, model, evaluate, good, promote, line, challenge })
`
const NAMES = ['rows', 'fetch', 'model', 'evaluate', 'good', 'promote', 'line', 'challenge']

function waves(): Project {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  const lines = fixtures.rows.map(({ a, b, c }, row) => [a, b, c, fixtures.y[row]].join(','))
  project.write('rows.csv', `a,b,c,y\n${lines.join('\n')}\n`)
  copyFileSync(join(FIXTURES, 'forest.onnx'), project.path('forest.onnx'))
  return project
}

async function versionOf(project: Project, ref: string): Promise<string> {
  const { stdout } = await project.stepwell('model', 'show', ref, '--json')
  return (JSON.parse(stdout) as { version: string }).version
}

interface Predicted {
  readonly predictions: readonly number[]
  readonly version: string
}

async function predict(
  url: string,
  agent?: Agent,
): Promise<Predicted & { readonly status: number }> {
  const { status, body } = await post(`${url}/predict`, fixtures.rows, agent)
  return { status, ...(body as Predicted) }
}

test('an ONNX file that a command leaves is scored, gated, promoted and served', async () => {
  const project = waves()
  const first = await project.run()
  expect(first.statuses, first.stderr).toEqual(all('succeeded', NAMES))
  expect(first.record.steps['evaluate']?.metrics['r2']).toBeGreaterThan(0.9)
  expect((await project.run()).statuses).toEqual(all('cached', NAMES))
  const { url, child, exit } = await serving(project, 'wave')

  const { status, predictions } = await predict(url)
  expect(status).toBe(200)
  const off = predictions.map((value, row) => Math.abs(value - (fixtures.forest[row] ?? 0)))
  expect(Math.max(...off)).toBeLessThan(1e-5)
  const tensor = (name: 'a' | 'b' | 'c') => ({
    name,
    datatype: 'FP64',
    shape: [fixtures.rows.length],
    data: fixtures.rows.map((row) => row[name]),
  })
  const infer = await post(`${url}/v2/models/wave/infer`, {
    inputs: [tensor('c'), tensor('a'), tensor('b')],
  })
  expect(infer.body).toMatchObject({ outputs: [{ name: 'y', data: predictions }] })

  const refused = await post(`${url}/predict`, { a: 101, b: 0, c: 'no' })
  expect(refused).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } })
  child.kill('SIGTERM')
  expect((await exit).code).toBe(0)
})

test('under load, the alias goes from a network to a model of ours and back, and drops nothing', async () => {
  const project = waves()
  await project.run()
  const network = await versionOf(project, 'wave')
  const ours = await versionOf(project, 'wave@challenger')
  const { url, child, exit } = await serving(project, 'wave')
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  onTestFinished(() => agent.destroy())
  const expected = new Map<string, readonly number[]>()
  const over = new AbortController()
  const seen: string[] = []
  const load = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) {
      const { status, version, predictions } = await predict(url, agent)
      expect(status).toBe(200)
      // What a version says never changes, whatever is loaded or closed beside it.
      const before = expected.get(version) ?? predictions
      expect(predictions).toEqual(before)
      expected.set(version, before)
      if (seen.at(-1) !== version) seen.push(version)
    }
  })
  for (const version of [ours, network, ours, network, ours, network]) {
    const { code } = await project.stepwell('model', 'promote', `wave@${version}`)
    expect(code).toBe(0)
    while ((await predict(url)).version !== version);
  }
  over.abort()
  await Promise.all(load)
  expect(new Set(seen)).toEqual(new Set([network, ours]))
  expect(seen.length).toBeGreaterThan(6)
  expect(expected.get(network)?.[0]).toBeCloseTo(fixtures.forest[0] ?? 0, 4)
  child.kill('SIGTERM')
  const { code, stderr } = await exit
  expect(code).toBe(0)
  expect(stderr.match(/answers now/g)).toHaveLength(6)
})

const NEEDED = 'import sklearn, skl2onnx'
const python = spawnSync('python3', ['-c', NEEDED], { encoding: 'utf8' })
const without = python.status === 0 ? '' : 'python3 has no scikit-learn or no skl2onnx here'

test.skipIf(without !== '')(
  `a Python command trains both kinds of docs/models.md${without && ` (skipped: ${without})`}`,
  async () => {
    const text = readFileSync(join(ROOT, 'docs', 'models.md'), 'utf8')
    const block = (marker: string): string => {
      const [, code] =
        new RegExp(`<!-- ${marker} -->\\s+\`\`\`\\w+\\n([^]*?)\`\`\``).exec(text) ?? []
      if (code === undefined) throw new Error(`docs/models.md has no block ${marker}`)
      return code
    }
    const project = new Project()
    project.write('pipeline.js', block('python'))
    project.write('fit.py', block('fit.py'))
    const cars = join(ROOT, 'packages', 'steps', 'test', 'data', 'auto-mpg.csv')
    project.write('data/auto-mpg.csv', readFileSync(cars, 'utf8'))
    const names = 'rows clean split fit forest line evaluate good promote'.split(' ')
    const first = await project.run()
    expect(first.statuses, first.stderr).toEqual(all('succeeded', names))
    const metrics = first.record.steps['evaluate']?.metrics ?? {}
    expect(metrics['r2']).toBeGreaterThan(0.8)
    expect(metrics['rmse']).toBeLessThan(metrics['champion.rmse'] ?? 0)
    expect((await project.run()).statuses).toEqual(all('cached', names))
    project.edit('fit.py', 'max_depth=8', 'max_depth=9')
    expect((await project.run()).statuses).toEqual({
      ...all('cached', ['rows', 'clean', 'split', 'line']),
      ...all('succeeded', ['fit', 'forest', 'evaluate', 'good', 'promote']),
    })
  },
)
