import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readPredictions, readServed } from '../packages/registry/src/index.ts'
import { all, ended, Project, type Exit } from './rig.ts'
import { serving } from './serving.ts'

const PIPELINE = `
import { pipeline, secret, step } from '@stepwell/engine'
import { promoteModel, trainRegression } from '@stepwell/steps'
const rows = step({
  params: { slope: 1 },
  run: (_, { params }) => [1, 2, 3, 4].map((x) => ({ x, y: params.slope * x })),
})
const train = step({
  inputs: { rows },
  params: { kind: 'simple', features: ['x'], target: 'y' },
  run: trainRegression,
})
const promote = step({
  inputs: { model: train, training: rows },
  params: { name: 'line' },
  run: promoteModel,
})
export default pipeline('lines', { rows, train, promote })
`
const NAMES = ['rows', 'train', 'promote']

function lines(): Project {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  return project
}

/** Trains on another slope from now on: its predictions tell the version. */
function slope(project: Project, from: number, to: number): void {
  project.edit('pipeline.ts', `slope: ${from} `, `slope: ${to} `)
}

interface Moves {
  readonly version: string
  readonly aliases: readonly string[]
  readonly lineage?: { readonly run: string; readonly step: string; readonly status: string }
  readonly history: readonly {
    readonly action: string
    readonly version?: string
    readonly why?: string
  }[]
}

async function shown(project: Project, ref = 'line'): Promise<Moves> {
  const { stdout, stderr } = await project.stepwell('model', 'show', ref, '--json')
  if (!stdout.startsWith('{')) throw new Error(stderr)
  return JSON.parse(stdout) as Moves
}

interface Answer {
  readonly status: number
  readonly body: {
    readonly prediction?: number
    readonly version?: string
    readonly request?: string
  }
}

async function predict(url: string, x: number, agent?: Agent, token?: string): Promise<Answer> {
  return await new Promise((done, fail) => {
    const headers = {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    const sent = request(
      `${url}/predict`,
      { method: 'POST', headers, agent: agent ?? false },
      (got) => {
        let text = ''
        got.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        got.on('error', fail)
        got.on('end', () =>
          done({ status: got.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
        )
      },
    )
    sent.on('error', fail)
    sent.end(JSON.stringify({ x }))
  })
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}

test('a pipeline promotes, a server follows without being told, and logs what it answers', async () => {
  const project = lines()
  expect((await project.run()).statuses).toEqual(all('succeeded', NAMES))
  expect((await project.run()).statuses).toEqual(all('cached', NAMES))
  const { url, child, exit } = await serving(project, 'line')
  const first = await predict(url, 2)
  expect(first.status).toBe(200)
  expect(first.body.prediction).toBeCloseTo(2, 9)
  slope(project, 1, 3)
  await project.run()
  await until(async () => (await predict(url, 2)).body.version !== first.body.version)
  const second = await predict(url, 2)
  expect(second.body.prediction).toBeCloseTo(6, 9)
  const { version, lineage, history } = await shown(project)
  expect(version).toBe(second.body.version)
  expect(lineage).toMatchObject({ step: 'train', status: 'succeeded' })
  expect(history.map(({ action }) => action)).toEqual(['promote', 'promote'])
  child.kill('SIGTERM')
  const { code, stderr } = await exit
  expect(code).toBe(0)
  expect(stderr).toContain(`version ${version} answers now`)
  const logged = [...readPredictions(project.path('predictions/line'))]
  expect(logged[0]).toMatchObject({ version: first.body.version, features: { x: 2 } })
  expect(logged.at(-1)).toMatchObject({ version, request: second.body.request })
})

test('stepwell serve --keep logs members that the model does not read, also of rows that it refuses', async () => {
  const project = lines()
  await project.run()
  const keep = ['--keep', 'time, customer', '--keep', 'paid']
  const { url, child, exit } = await serving(project, 'line', keep)
  const row = { time: '2026-11-24', customer: 7, paid: false }
  for (const x of [2, 'two']) {
    const body = JSON.stringify({ ...row, x, note: 'not kept' })
    await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  }
  child.kill('SIGTERM')
  expect((await exit).code).toBe(0)
  expect([...readServed(project.path('predictions/line'))]).toMatchObject([
    { features: { x: 2 }, kept: row },
    { refused: { x: 'type' }, kept: row },
  ])
  const { code, stderr } = await project.stepwell('serve', 'line', '--port', '0', '--keep', 'a,,b')
  expect([code, stderr]).toEqual([2, expect.stringContaining('names of columns')])
})

test('promoteModel asks the server, and takes back what it does not answer with', async () => {
  const project = lines()
  await project.run()
  const { url, child, exit } = await serving(project, 'line', ['--token-env', 'TOKEN'], {
    TOKEN: 's3cret',
  })
  project.edit('pipeline.ts', 'training: rows }', "training: rows, token: secret('SERVE') }")
  project.edit('pipeline.ts', "name: 'line'", `name: 'line', url: '${url}', timeout: 20`)
  const run = async (token: string) => {
    const { stderr } = await ended(project.start(['run', '--quiet'], { SERVE: token }))
    return stderr
  }
  slope(project, 1, 2)
  expect(await run('s3cret')).toBe('')
  const good = await shown(project)
  expect((await predict(url, 2, undefined, 's3cret')).body.version).toBe(good.version)

  slope(project, 2, 3)
  expect(await run('wrong')).toMatch(
    /it answers with 401.*points to \w{16} again.*STEPWELL_SMOKE_FAILED/,
  )
  expect((await shown(project)).version).toBe(good.version)
  await until(
    async () => (await predict(url, 2, undefined, 's3cret')).body.version === good.version,
  )

  child.kill('SIGTERM')
  await exit
  project.edit('pipeline.ts', 'timeout: 20', 'timeout: 0.2')
  expect(await run('s3cret')).toMatch(/no answer from .*STEPWELL_SMOKE_FAILED/)
  const { version, history } = await shown(project)
  expect(version).toBe(good.version)
  expect(history.map(({ action }) => action)).toEqual([
    'promote',
    'promote',
    'promote',
    'revert',
    'promote',
    'revert',
  ])
})

test('what a person has rolled back, no pipeline promotes again', async () => {
  const project = lines()
  await project.run()
  const first = await shown(project)
  slope(project, 1, 2)
  await project.run()
  const second = await shown(project)
  const back = await project.stepwell('model', 'rollback', 'line', '--because', 'it was wrong')
  expect(back).toMatchObject({ code: 0, stderr: '' })
  expect(back.stdout).toBe(`line@champion points to ${first.version}; before: ${second.version}\n`)
  const refused = await project.stepwell('run', '--quiet')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/was taken back .*; it was wrong.*STEPWELL_ROLLED_BACK/)
  expect((await shown(project)).version).toBe(first.version)
  const again = await project.stepwell('model', 'promote', `line@${second.version}`)
  expect(again.code).toBe(0)
  expect((await project.run()).statuses).toEqual(all('cached', NAMES))
})

test('stepwell model lists, shows, moves and exports, and refuses what cannot be', async () => {
  const project = lines()
  await project.run()
  slope(project, 1, 2)
  await project.run()
  const { version } = await shown(project)
  const model = async (...args: string[]): Promise<Exit> => await project.stepwell('model', ...args)
  expect((await model('list')).stdout).toMatch(new RegExp(`^line +2 +champion ${version}$`, 'm'))
  const listed = await model('list', 'line')
  expect(listed.stdout).toMatch(new RegExp(`^${version} +champion +\\d{4}-`, 'm'))
  const [, other = ''] = /^(\w{16}) +\d{4}-/m.exec(listed.stdout) ?? []
  expect((await model('alias', `line@${other}`, 'challenger')).code).toBe(0)
  const { stdout } = await model('show', 'line@challenger')
  expect(stdout).toMatch(/^aliases +challenger$/m)
  expect(stdout).toMatch(/^run +\S+ of lines$/m)
  expect(stdout).toMatch(/^x +number +- +1 to 4$/m)
  expect((await model('promote', 'line', '--because', 'better')).stdout).toBe(
    `line@champion points to ${other}; before: ${version}\n`,
  )
  expect((await shown(project)).history.at(-1)).toMatchObject({ version: other, why: 'better' })
  expect((await model('alias', 'line', 'challenger', '--remove')).stdout).toContain(
    'points to nothing',
  )
  expect(await model('export', 'line', 'out/line')).toMatchObject({ code: 0 })
  expect(readdirSync(project.path('out/line'))).toEqual([
    'lineage.json',
    'manifest.json',
    'model.json',
    'reference.json',
    'registration.json',
  ])
  for (const [args, code] of [
    [['export', 'line', 'out/line'], 'STEPWELL_USAGE'],
    [['show', 'line@challenger'], 'STEPWELL_ALIAS_UNKNOWN'],
    [['list', 'curve'], 'STEPWELL_MODEL_UNKNOWN'],
    [['alias', 'line', '../champion'], 'STEPWELL_MODEL_NAME'],
    [['rollback', 'line', '--alias', 'none'], 'STEPWELL_ALIAS_UNKNOWN'],
  ] as const) {
    const refused = await model(...args)
    expect([args, refused.code, refused.stdout]).toEqual([args, 2, ''])
    expect(refused.stderr).toContain(`(${code})`)
  }
  writeFileSync(project.path(`models/line/versions/${other}/model.json`), '{}')
  const damaged = await model('show', 'line')
  expect(damaged).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('model.json is damaged'),
  })
  // A machine that serves needs the registry alone.
  const bare = new Project()
  const shownThere = await bare.stepwell('model', 'list', '--dir', project.path('models'))
  expect(shownThere.code).toBe(5)
})

test('the token comes from a variable or a file, and an empty one is none', async () => {
  const project = lines()
  await project.run()
  project.write('token', 's3cret\n')
  project.write('empty', '\n')
  const { url } = await serving(project, 'line', ['--token-file', 'token'])
  expect((await predict(url, 2)).status).toBe(401)
  expect((await predict(url, 2, undefined, 's3cret')).status).toBe(200)
  for (const args of [
    ['--token-file', 'empty'],
    ['--token-file', 'missing'],
    ['--token-env', 'NO_SUCH_VARIABLE'],
  ]) {
    const { code, stderr } = await project.stepwell('serve', 'line', '--port', '0', ...args)
    expect([args, code]).toEqual([args, 2])
    expect(stderr).toContain('STEPWELL_SERVE_TOKEN')
  }
})

/** Asks as fast as it can until the server is gone; gives the ids of the requests that were answered. */
async function load(url: string, enough: () => void): Promise<{ ids: string[]; ends: string[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  onTestFinished(() => agent.destroy())
  const ids: string[] = []
  const ends: string[] = []
  const clients = Array.from({ length: 8 }, async () => {
    while (ends.length === 0) {
      try {
        const { status, body } = await predict(url, 2, agent)
        expect(status).toBe(200)
        if (ids.push(String(body.request)) === 300) enough()
      } catch (error) {
        ends.push(String((error as NodeJS.ErrnoException).code))
      }
    }
  })
  await Promise.all(clients)
  return { ids, ends }
}

test('told to stop under load, it answers and logs all that it took, and exits with 0', async () => {
  const project = lines()
  await project.run()
  const { url, child, exit } = await serving(project, 'line')
  const { ids, ends } = await load(url, () => child.kill('SIGTERM'))
  expect((await exit).code).toBe(0)
  expect(new Set(ends)).toEqual(new Set(['ECONNREFUSED']))
  const logged = [...readPredictions(project.path('predictions/line'))].map((line) => line.request)
  expect(logged.toSorted()).toEqual(ids.toSorted())
})

test('killed under load, it leaves whole lines, and the next one goes on', async () => {
  const project = lines()
  await project.run()
  const { url, child, exit } = await serving(project, 'line')
  const { ids } = await load(url, () => child.kill('SIGKILL'))
  expect((await exit).signal).toBe('SIGKILL')
  const folder = project.path('predictions/line')
  const [name = ''] = readdirSync(folder)
  // As a kill in the middle of a line leaves it.
  const whole = readFileSync(join(folder, name), 'utf8')
  writeFileSync(join(folder, name), whole.slice(0, whole.lastIndexOf('"prediction"')))
  const before = [...readPredictions(folder)]
  expect(before.length).toBeGreaterThan(0)
  const known = new Set(ids)
  // Up to eight were logged, and their answers had not come through.
  expect(before.filter(({ request: id }) => !known.has(id)).length).toBeLessThanOrEqual(8)
  const next = await serving(project, 'line')
  const { body } = await predict(next.url, 3)
  next.child.kill('SIGTERM')
  await next.exit
  expect([...readPredictions(folder)].map(({ request: id }) => id)).toEqual([
    ...before.map(({ request: id }) => id),
    body.request,
  ])
})
