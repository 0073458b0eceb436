import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moveAlias, registerVersion } from '../packages/registry/src/index.ts'
import { COMPARISONS, comparisons } from './comparisons.ts'
import { ended, ROOT, type Project } from './rig.ts'
import { Schemas } from './schemas.ts'
import { Talking } from './talking.ts'
import { words } from './words.ts'

const FILES = `
import { writeFileSync } from 'node:fs'
import { dir, file, pinned, pipeline, step } from '@stepwell/engine'
const make = step({
  inputs: { images: dir('images') },
  outs: { one: file('out/one'), all: dir('out/all') },
  run: ({ images }, { outs }) => {
    writeFileSync(outs.one, images.files.map(({ path }) => path).join())
    writeFileSync(outs.all + '/x', process.env.STEPWELL_NO_SUCH ?? '')
  },
})
const doubtful = step({ run: () => eval('1') })
const twice = step({ retry: { attempts: 2, backoff: 0 }, run: () => { throw new Error('no') } })
const never = step({ params: { on: false }, when: (_, { params }) => params.on, run: () => 1 })
const list = step({ run: () => [1, 2] })
const each = step.map({ over: list, run: ({ item }) => item })
const some = step.map({ over: list, run: ({ item }) => { if (item === 2) throw new Error('no'); return item } })
const fixed = step({ code: pinned('v1'), run: () => 1 })
export default pipeline('files', { make, doubtful, fixed, twice, never, list, each, some })
`

const MODEL = `
import { pipeline, step } from '@stepwell/engine'
import { metricGate, promoteModel, trainRegression } from '@stepwell/steps'
const rows = step({ run: () => [1, 2, 3].map((x) => ({ x, y: 2 * x })) })
const train = step({
  inputs: { rows },
  params: { kind: 'power', features: ['x'], target: 'y' },
  run: trainRegression,
})
const metrics = step({ run: () => ({ r2: 1 }) })
const passed = step({ inputs: { metrics }, params: { metric: 'r2', min: 0 }, run: metricGate })
const promote = step({
  inputs: { model: train, metrics, gate: passed, training: rows },
  params: { name: 'line', bounds: { x: { min: 0.5, max: 9, values: [1, 2, 3, 4] } } },
  run: promoteModel,
})
export default pipeline('model', { rows, train, metrics, passed, promote })
`

const LOOP = `
import { file, glob, pipeline, step } from '@stepwell/engine'
import { loop, onDrift, onNewData, onSchedule } from '@stepwell/loop'
const look = step({ inputs: { data: file('data/a') }, run: () => ({ status: 'alert' as const }) })
const mend = step({ run: () => { throw new Error('no') } })
const all = pipeline('loop', { look, mend })
export default all
export const updates = loop(all, {
  triggers: {
    come: onNewData([file('data/a'), glob('data/*')], { run: [look], every: 20 }),
    off: onDrift(look, { run: [mend] }),
    yearly: onSchedule('0 0 1 1 *', { run: [look], timezone: 'UTC' }),
  },
})
`

/** What there is to ask about a loop, while it is up. */
async function askLoop(project: Project, ask: (...args: string[]) => Promise<void>): Promise<void> {
  project.write('data/a', '1')
  project.write('pipeline.ts', LOOP)
  const loop = new Talking(project, ['schedule'])
  await loop.says(/^waiting/m)
  await ask('schedule', '--list')
  await ask('status')
  loop.child.kill('SIGINT')
  await loop.exit
  await ask('runs')
}

/** What there is to ask about models. */
async function askModels(
  project: Project,
  ask: (...args: string[]) => Promise<void>,
): Promise<void> {
  project.write('pipeline.ts', MODEL)
  await project.run()
  const dir = project.path('models')
  const schema = { inputs: [], output: { name: 'y', type: 'number' } } as const
  const version = registerVersion(dir, { name: 'line', model: {}, schema }, 'test')
  const place = { model: 'line', alias: 'challenger', version, by: 'test' }
  moveAlias(dir, { ...place, action: 'promote' })
  await ask('model', 'list')
  await ask('model', 'promote', 'line', '--because', 'better')
  await ask('model', 'rollback', 'line')
  await ask('model', 'alias', 'line', 'challenger', '--remove')
  await ask('model', 'show', 'line')
  await ask('model', 'export', 'line', 'out/line')
}

test('what --json prints is what docs/json.md describes: no field less, and none more', async () => {
  const schemas = new Schemas()
  const project = words()
  const printed = new Set<string>()
  const ask = async (...args: string[]): Promise<void> => {
    const { stdout, stderr } = await project.stepwell(...args, '--json')
    if (!stdout.startsWith('{')) throw new Error(`${args.join(' ')}: ${stderr}`)
    printed.add(schemas.check(stdout))
  }
  await ask('plan')
  await ask('status')
  await ask('runs')
  await ask('run')
  await ask('run')
  await ask('runs', 'show')
  await ask('runs', 'show', '--variables')
  await ask('logs', 'read')
  await ask('graph')
  await ask('explain', 'report')
  for (const line of ['one', 'two', 'three']) {
    project.edit('pipeline.ts', "log('reading')", `log('${line}'); log('reading')`)
    await ask('accept', 'read', '--because', line)
  }
  await ask('accept', '--list')
  await ask('run')
  await ask('accept', 'read', '--revoke')
  await ask('run')
  project.edit('pipeline.ts', 'factor: 1', 'factor: 2')
  project.edit(
    'pipeline.ts',
    "metric('words'",
    "if (words.length > 3) throw new Error('no'); metric('words'",
  )
  await ask('plan')
  await ask('diff')
  await ask('run')
  await ask('diff')
  await ask('explain', 'report')
  await ask('explain', 'count')
  await ask('status')
  project.write('words.txt', 'other')
  await ask('explain', 'report')
  await project.run('read')
  await ask('explain', 'count')
  await ask('runs')
  await project.run()
  const names = readdirSync(project.path('.stepwell/runs')).toSorted()
  await ask('diff', names.find((name) => /^\d/.test(name)) ?? '')
  project.edit('pipeline.ts', "file('words.txt')", "file('none.txt')")
  await ask('plan')
  await ask('run')
  await ask('status')
  await ask('explain', 'read')
  project.write('images/a.png', 'a')
  project.write('pipeline.ts', FILES)
  await ask('run', '-k')
  project.write('images/b.png', 'b')
  project.write('out/one', 'edited')
  await ask('plan')
  await ask('explain', 'some')
  await ask('run')
  await ask('cache', 'ls')
  const latest = readdirSync(project.path('.stepwell/runs')).find((name) => /^\d/.test(name)) ?? ''
  await ask('runs', 'pin', latest)
  await ask('gc', '--keep-runs', '1')
  project.write('out/one', 'edited again')
  await ask('restore', '--force')
  for (const name of Object.keys(project.tree('.stepwell/objects'))) {
    rmSync(project.path(name))
    project.write(name, 'damaged')
  }
  rmSync(project.path('out/one'))
  await ask('restore')
  await ask('cache', 'verify')
  await ask('code', 'make')
  await ask('code', 'doubtful')
  await ask('code', 'fixed')
  await ask('explain', 'fixed')
  project.write('pipeline.ts', FILES.replace("file('out/one')", "file('out/two')"))
  project.write('out/one', 'edited')
  await ask('clean', '--force')
  const history = comparisons()
  for (const args of COMPARISONS) {
    const { stdout, stderr } = await history.stepwell(...args, '--json')
    if (!stdout.startsWith('{')) throw new Error(`${args.join(' ')}: ${stderr}`)
    printed.add(schemas.check(stdout))
  }
  await askLoop(project, ask)
  await askModels(project, ask)
  const server = project.start(['serve', 'line', '--port', '0', '--json'])
  server.stdout?.once('data', () => server.kill('SIGTERM'))
  printed.add(schemas.check((await ended(server)).stdout))
  expect(schemas.problems).toEqual([])
  expect([...printed].toSorted()).toEqual(schemas.documents.toSorted())
  // Those of a run that goes on are checked where there is one: in live.test.ts.
  const isLive = (field: string) =>
    /^(live run|current run|step status: since|stepwell\.explain\/1: running)/.test(field)
  expect(schemas.unseen.filter((field) => !isLive(field))).toEqual([])
})

test('docs/json.md has each kind of reason that there is', () => {
  const source = readFileSync(join(ROOT, 'packages/engine/src/identity/reason.ts'), 'utf8')
  const kinds = [...source.matchAll(/^ {2,}(?:\| \{ )?readonly kind: '([\w-]+)'/gm)].map(
    ([, kind = '']) => kind,
  )
  expect(kinds.length).toBeGreaterThan(15)
  expect([...new Schemas().reasons.keys()].toSorted()).toEqual(kinds.toSorted())
})

test('where there is no run, there is no document', async () => {
  const { code, stdout, stderr } = await words().stepwell('runs', 'show', '--json')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('STEPWELL_RUN_UNKNOWN')
})
