import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ERROR_CODES } from '../packages/base/src/error-codes.ts'
import * as steps from '../packages/steps/src/index.ts'
import { expect, onTestFinished, test } from 'vitest'
import { all, ended, Project, ROOT } from './rig.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The code block after a marker in the README. */
function block(name: string): string {
  const [, code] = new RegExp(`<!-- ${name} -->\\s+\`\`\`ts\\n([^]*?)\`\`\``).exec(README) ?? []
  if (code === undefined) throw new Error(`the README has no block ${name}`)
  return code
}

function bikes(): Project {
  const project = Project.example('bike-sharing')
  project.write('pipeline.ts', block('pipeline.ts'))
  return project
}

async function program(project: Project, name: string): Promise<string> {
  project.write(name, block(name))
  const { code, stdout, stderr } = await project.program(name)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

test("the README's pipeline runs, in at most 30 lines, and reruns as it says", async () => {
  expect(block('pipeline.ts').trim().split('\n').length).toBeLessThanOrEqual(30)
  const project = bikes()
  const names = ['collect', 'clean', 'split', 'train', 'evaluate', 'check', 'deploy']
  expect((await project.run()).statuses).toEqual(all('succeeded', names))
  project.edit('pipeline.ts', "'temp'", "'atemp'")
  expect((await project.run()).statuses).toEqual({
    ...all('cached', ['collect', 'clean', 'split']),
    ...all('succeeded', ['train', 'evaluate', 'check', 'deploy']),
  })
})

test("the README's embedding and linear form run", async () => {
  const project = bikes()
  expect(await program(project, 'embed.ts')).toMatch(
    /^collect succeeded\n[^]*succeeded \{\n {2}n: 3472,\n {2}r2: 0\.3/,
  )
  expect(await program(project, 'linear.ts')).toBe('succeeded 1\n')
})

// Not errors: what a user may set.

test('the pipeline of docs/files.md runs, and restores what it left', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'files.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = new Project()
  project.write('pipeline.ts', code)
  for (const day of ['mon', 'tue']) project.write(`data/${day}.csv`, `${day}\n`)
  const { record, statuses } = await project.run()
  expect(statuses).toEqual(all('succeeded', ['collect', 'count']))
  expect(record.steps['count']?.output?.about).toBe('{ bytes 8, files 2 }')
  const left = {
    'out/days/0.csv': 'mon\n',
    'out/days/1.csv': 'tue\n',
    'out/table.csv': 'mon\ntue\n',
  }
  expect(project.tree('out')).toEqual(left)
  rmSync(project.path('out'), { recursive: true })
  expect((await project.run()).statuses).toEqual(all('cached', ['collect', 'count']))
  expect(project.tree('out')).toEqual(left)
})

test('the commands of docs/commands.md run, and rerun when the script changes', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'commands.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = new Project()
  project.write('pipeline.ts', code)
  project.write('train.sh', 'cat "$1" > "$3"; echo "$2" >> "$3"\n')
  for (const day of ['mon', 'tue']) project.write(`data/${day}.csv`, `${day}\n`)
  const names = ['collect', 'train', 'score', 'report']
  const { record, statuses } = await project.run()
  expect(statuses).toEqual(all('succeeded', names))
  expect(record.steps['report']?.output?.about).toBe('{ lines 3 }')
  expect(project.tree('out')).toEqual({
    'out/model.txt': 'mon\ntue\n--rate=0.1\n',
    'out/table.csv': 'mon\ntue\n',
  })
  expect((await project.run()).statuses).toEqual(all('cached', names))
  project.edit('train.sh', 'echo', 'printf "%s\\n"')
  expect((await project.run()).statuses).toEqual({
    ...all('cached', names),
    train: 'succeeded',
  })
})

test('the pipeline of docs/shapes.md runs, and maps over one file more', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'shapes.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = new Project()
  project.write('pipeline.ts', code)
  for (const name of ['a', 'b']) project.write(`notes/${name}.txt`, name)
  const { record, statuses, stderr } = await project.run()
  expect(stderr).toBe('')
  expect(statuses).toMatchObject({ sizes: 'succeeded', good: 'succeeded', tell: 'skipped' })
  expect(record.steps['best']?.output?.about).toBe('4')
  project.write('notes/c.txt', 'c')
  const { record: next } = await project.run()
  expect(next.steps['sizes']?.items).toMatchObject({ total: 3, executed: 1 })
  project.edit('pipeline.ts', 'degree: [1, 2]', 'degree: [1, 2, 3]')
  expect((await project.run()).statuses).toMatchObject({
    sizes: 'cached',
    'scores.degree-1-lambda-0_1': 'cached',
    'scores.degree-3-lambda-0': 'succeeded',
  })
  project.edit('pipeline.ts', 'loud: false', 'loud: true')
  expect((await project.run()).statuses).toMatchObject({ tell: 'succeeded' })
})

test('the examples of docs/steps.md are one pipeline that runs, and every function has one', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'steps.md'), 'utf8')
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code)
  const project = new Project()
  project.write('pipeline.ts', blocks.join('\n'))
  mkdirSync(project.path('data'), { recursive: true })
  for (const name of ['penguins-raw.csv', 'auto-mpg.csv']) {
    copyFileSync(join(ROOT, 'packages/steps/test/data', name), project.path(`data/${name}`))
  }
  for (const day of ['mon', 'tue'])
    project.write(`data/days/${day}.ndjson`, `{"day":"${day}","n":1}\n`)
  const shop = new DatabaseSync(project.path('data/shop.db'))
  shop.exec(
    'CREATE TABLE items (id INTEGER, price REAL); INSERT INTO items VALUES (1, 2.5), (2, 3)',
  )
  shop.close()
  const { record, statuses, stderr } = await project.run()
  expect(Object.values(statuses), stderr).toEqual(Object.values(statuses).map(() => 'succeeded'))
  expect(record.steps['collect']?.output?.about).toContain('rows 344')
  expect(record.steps['split']?.output?.about).toBe('{ train 272, test 70 }')
  // The champion, now that there is one, is compared with itself.
  expect((await project.run()).statuses).toEqual({
    ...all('cached', Object.keys(statuses)),
    ...all('succeeded', ['champion', 'rivals', 'better', 'promote']),
  })
  expect((await project.run()).statuses).toEqual(all('cached', Object.keys(statuses)))

  // Once the server has answered, the log is monitored.
  const [version = ''] = readdirSync(project.path('models/mpg/versions'))
  const features = { weight: 2223, horsepower: 88, model_year: 81 }
  const line = {
    at: 0,
    request: 'r',
    row: 0,
    model: 'mpg',
    version,
    features,
    prediction: 30,
    ms: 1,
  }
  project.write('predictions/mpg/20240101T000000000Z-1-000001.ndjson', `${JSON.stringify(line)}\n`)
  const next = await project.run()
  expect(next.statuses, next.stderr).toMatchObject({ monitor: 'cached', monitored: 'succeeded' })
  expect(JSON.parse(project.read('work/monitoring.json'))).toMatchObject({
    windows: [{ window: '1969-12-29', rows: 1, versions: { [version]: 1 } }],
  })
  expect(project.read('work/monitoring.html')).toContain(version)

  // Those for models have a page of their own; see the test of it.
  const pages = text + readFileSync(join(ROOT, 'docs', 'models.md'), 'utf8')
  const headings = [...pages.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
  const functions = Object.entries(steps).flatMap(([name, member]) =>
    typeof member === 'function' ? [name] : [],
  )
  expect(new Set(headings)).toEqual(new Set(functions))
  for (const name of functions) expect(pages).toContain(`steps.${name}`)
})

test('the pipeline of docs/serving.md runs, and the server answers as it says', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'serving.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = Project.example('bike-sharing')
  project.write('pipeline.ts', code)
  const { statuses } = await project.run()
  expect(statuses).toEqual(all('succeeded', Object.keys(statuses)))
  const server = project.start(['serve', 'bikes', '--port', '0'])
  onTestFinished(() => void server.kill('SIGKILL'))
  const [line] = (await once(server.stdout?.setEncoding('utf8') ?? server, 'data')) as [string]
  const [, version, url = ''] = /version (\w+), at (\S+)/.exec(line) ?? []
  const examples = text.matchAll(
    /<!-- request (\S+) -->\s+```json\n([^]*?)```\s+<!-- answer -->\s+```json\n([^]*?)```/g,
  )
  let count = 0
  for (const [, path = '', body = '', answer = ''] of examples) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const given = (await response.json()) as { readonly request?: string }
    const plain = JSON.stringify(given, null, 2)
      .replaceAll(version ?? '', 'VERSION')
      .replaceAll(given.request ?? 'none', 'REQUEST')
      .replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(2))
    const expected = JSON.stringify(JSON.parse(answer), null, 2)
      .replaceAll(/[0-9a-f]{16}/g, 'VERSION')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'REQUEST')
    expect(plain).toBe(expected)
    count += 1
  }
  expect(count).toBe(3)
  server.kill('SIGTERM')
  expect((await ended(server)).code).toBe(0)
})

test('the examples of docs/models.md are one pipeline that runs', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'models.md'), 'utf8')
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code)
  const project = new Project()
  project.write('pipeline.ts', blocks.join('\n'))
  const cars = join(ROOT, 'packages', 'steps', 'test', 'data', 'auto-mpg.csv')
  project.write('data/auto-mpg.csv', readFileSync(cars, 'utf8'))
  const [, line = ''] = /<!-- data\/line\.json -->\s+```json\n([^]*?)```/.exec(text) ?? []
  project.write('data/line.json', line)
  const wave = join(ROOT, 'packages', 'steps', 'test', 'data', 'onnx', 'forest.onnx')
  copyFileSync(wave, project.path('data/wave.onnx'))
  const { record, statuses, stderr } = await project.run()
  expect(Object.values(statuses), stderr).toEqual(Object.values(statuses).map(() => 'succeeded'))
  expect(record.steps['scores']?.items).toMatchObject({ total: 16, executed: 16 })
  expect(record.steps['scored']?.metrics['r2']).toBeGreaterThan(0.6)
  const report = project.read('report.html')
  expect(report).toContain('boosting over depth')
  project.edit('pipeline.ts', 'depth: [1, 2, 4]', 'depth: [1, 2, 4, 8]')
  const next = await project.run()
  expect(next.record.steps['scores']?.items).toMatchObject({ total: 20, executed: 4 })
  expect(next.statuses).toMatchObject({ train: 'cached', evaluate: 'cached', good: 'cached' })
})

test('the loop of docs/loop.md goes as it says, also in a program', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'loop.md'), 'utf8')
  const [code = '', embedded = ''] = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, ts]) => ts)
  const project = new Project()
  project.write('pipeline.ts', code)
  project.write('program.ts', embedded)
  project.write('sales/46.json', '104')
  const calm = await project.program('program.ts')
  expect(calm.stderr).toBe('')
  expect(calm.stdout).toBe('arrivals succeeded\n')
  project.write('sales/47.json', '171')
  expect((await project.program('program.ts')).stdout).toBe(
    'arrivals succeeded\ndrifted succeeded\n',
  )
  const list = await project.stepwell('schedule', '--list')
  expect(list.stdout).toContain('0 6 * * 1 (Europe/Vienna)')
  expect(list.stdout).toContain('monitor says alert: sales are 171, not about 100')
  const alerts = project.read('alerts.ndjson').match(/"kind":"\w+"/g)
  expect(alerts?.toSorted()).toEqual(['"kind":"drift"', '"kind":"updated"'])
})

test('the pipeline of docs/dvc.md runs stages of dvc.yaml, and reruns what a param changes', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'dvc.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = new Project()
  project.write('pipeline.ts', code)
  project.write(
    'dvc.yaml',
    `stages:
  train:
    cmd: echo '\${rate}' > model.txt
    params: [rate]
    outs: [model.txt]
  evaluate:
    cmd: echo "{\\"r2\\":$(cat model.txt)}" > scores.json
    deps: [model.txt]
    outs: [scores.json]
  other:
    cmd: echo other > other.txt
    outs: [other.txt]
`,
  )
  project.write('params.yaml', 'rate: 0.5\n')
  const names = ['dvc.train', 'dvc.evaluate', 'dvc.other', 'report']
  const { statuses, record, stderr } = await project.run()
  expect([statuses, stderr]).toEqual([all('succeeded', names), ''])
  expect(record.steps['report']?.output?.about).toBe('{ r2 0.5 }')
  expect((await project.run()).statuses).toEqual(all('cached', names))
  project.edit('params.yaml', '0.5', '0.7')
  const next = await project.run()
  expect(next.statuses).toEqual({ ...all('succeeded', names), 'dvc.other': 'cached' })
  expect(next.record.steps['report']?.output?.about).toBe('{ r2 0.7 }')
  // A directory is the same project, and the steps are the same.
  project.edit('pipeline.ts', "'dvc.yaml'", 'import.meta.dirname')
  expect((await project.run('dvc.evaluate')).statuses).toEqual(
    all('cached', ['dvc.train', 'dvc.evaluate']),
  )
})

test('every error code has a heading, and every heading a code', () => {
  const docs = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8')
  const headings = [...docs.matchAll(/^### (STEPWELL_[A-Z_]+)$/gm)].map(([, code = '']) => code)
  expect(headings.toSorted()).toEqual([...ERROR_CODES].toSorted())
})

test('every error code is used', () => {
  const names = readdirSync(join(ROOT, 'packages'))
  const sources = names.flatMap((name) => {
    const dir = join(ROOT, 'packages', name, 'src')
    if (!existsSync(dir)) return []
    return readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('error-codes.ts'))
      .map((file) => readFileSync(join(dir, file), 'utf8'))
  })
  const used = new Set(sources.flatMap((source) => source.match(/\bSTEPWELL_[A-Z_]+\b/g) ?? []))
  expect(ERROR_CODES.filter((code) => !used.has(code))).toEqual([])
})

test('links between documents lead somewhere', () => {
  const dirs = ['.', 'docs']
  for (const dir of dirs) {
    const files = readdirSync(join(ROOT, dir)).filter((file) => file.endsWith('.md'))
    for (const file of files) {
      const text = readFileSync(join(ROOT, dir, file), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
        expect(() => readdirSync(join(ROOT, dir, target, '..')), `${file}: ${target}`).not.toThrow()
        const parent = readdirSync(join(ROOT, dir, target, '..'))
        expect(parent, `${file}: ${target}`).toContain(target.split('/').at(-1))
      }
    }
  }
})
