import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Watching } from './watching.ts'
import { all, ended, Project, ROOT } from './rig.ts'
import { Schemas } from './schemas.ts'

/** Answers with the content of a file, and notes its process. */
const SERVER = `
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const [, , port, model] = process.argv
const text = readFileSync(model, 'utf8')
appendFileSync('pids.txt', process.pid + '\\n')
process.on('exit', () => appendFileSync('ends.txt', text.trim() + ' '))
process.on('SIGTERM', () => process.exit(0))
createServer((request, response) => {
  console.log('asked for', request.url)
  if (request.url === '/die') process.exit(3)
  response.end(text)
}).listen(port, '127.0.0.1', () => console.log('it listens'))
`

const PIPELINE = `
import { existsSync } from 'node:fs'
import { file, pipeline, service, step } from '@stepwell/engine'

const base = service({
  cmd: ['node', 'server.mjs', '{params.port}', '{inputs.text}'],
  inputs: { text: file('base.txt') },
  params: { port: PORT + 1 },
  ready: { log: 'it listens' },
})
const server = service({
  cmd: 'exec node server.mjs {params.port} {inputs.model}',
  inputs: { model: file('model.txt'), base },
  params: { port: PORT },
  ready: { http: 'http://127.0.0.1:{params.port}/health' },
  value: { url: 'http://127.0.0.1:PORT' },
})
const smoke = step({
  inputs: { server },
  run: async ({ server }, { dir, signal }) => {
    const answer = await (await fetch(server.url + '/predict')).text()
    while (existsSync(dir + '/wait') && !signal.aborted) await new Promise((next) => setTimeout(next, 5))
    return answer
  },
})
const other = step({ inputs: { server }, run: () => 1 })
export default pipeline('served', { base, server, smoke, other })
`

/** A port that is free, and the next one, too, most likely. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function served(): Promise<Project> {
  const project = new Project()
  project.write('server.mjs', SERVER)
  project.write('pipeline.ts', PIPELINE.replaceAll('PORT', String(await freePort())))
  project.write('model.txt', 'one\n')
  project.write('base.txt', 'base\n')
  onTestFinished(() => {
    for (const pid of pids(project)) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return project
}

function pids(project: Project): number[] {
  if (!existsSync(project.path('pids.txt'))) return []
  return project.read('pids.txt').trim().split('\n').map(Number)
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

function places(project: Project): string[] {
  try {
    return readdirSync(project.path('.stepwell/services'))
  } catch {
    return []
  }
}

describe('a service', () => {
  test('is up while steps that read it are executed, and only then; it ends last started first', async () => {
    const project = await served()
    const first = await project.run()
    expect(first.stderr).toBe('')
    expect(first.statuses).toEqual({
      base: 'succeeded',
      server: 'succeeded',
      smoke: 'succeeded',
      other: 'succeeded',
    })
    expect(first.record.steps['smoke']?.output?.about).toBe('"one\\n"')
    expect(project.read('ends.txt')).toBe('one base ')
    expect(pids(project).filter(isAlive)).toEqual([])
    expect(places(project)).toEqual([])
    const { stdout: log } = await project.stepwell('logs', 'server')
    expect(log).toContain('asked for /predict\n')

    // Nobody needs it.
    expect((await project.stepwell('plan')).stdout).toMatch(/^server .* skipped .* not needed$/m)
    expect((await project.stepwell('plan', '--check')).code).toBe(0)
    const second = await project.run()
    expect(second.statuses).toEqual({
      base: 'skipped',
      server: 'skipped',
      smoke: 'cached',
      other: 'cached',
    })
    expect(pids(project)).toHaveLength(2)

    // What is behind it counts for those that read it, although its value is the same.
    project.write('model.txt', 'two\n')
    expect((await project.stepwell('plan')).stdout).toMatch(/^server .* will run .* needed by /m)
    const third = await project.run()
    expect(third.statuses).toMatchObject({ smoke: 'succeeded', other: 'succeeded' })
    expect(third.record.steps['smoke']?.output?.about).toBe('"two\\n"')
    // That of a service that it reads counts, too.
    project.write('base.txt', 'other\n')
    expect((await project.run()).statuses).toMatchObject({ smoke: 'succeeded' })
  })

  test('that is never ready blocks those that read it', async () => {
    const project = await served()
    project.edit('pipeline.ts', '/health', '/die')
    const { code, statuses, record, stderr } = await project.run('-k')
    expect(code).toBe(1)
    expect(statuses).toEqual({
      base: 'succeeded',
      server: 'failed',
      smoke: 'skipped',
      other: 'skipped',
    })
    expect(record.steps['smoke']?.reasons).toEqual([{ kind: 'blocked', by: ['server'] }])
    expect(stderr).toMatch(
      /the service `server` ended with exit code 3 before it was ready; the last that it said:\nit listens\nasked for \/die \(STEPWELL_SERVICE\)/,
    )

    project.edit(
      'pipeline.ts',
      "{ http: 'http://127.0.0.1:{params.port}/die' }",
      "{ log: 'never', timeout: 300 }",
    )
    const late = await project.run('-j', '1')
    expect(late.statuses).toMatchObject({ server: 'failed' })
    // Of those that read it, one was about to be executed, and the other one comes no more.
    expect(Object.values(late.record.steps).flatMap(({ reasons }) => reasons)).toContainEqual({
      kind: 'stopped',
      by: 'server',
    })
    expect(late.stderr).toMatch(/was not ready in time; it had 300 ms; it has not printed "never"/)
    expect(pids(project).filter(isAlive)).toEqual([])
  })

  test('that dies fails, and what was made with it is not kept', async () => {
    const project = await served()
    project.edit(
      'pipeline.ts',
      "fetch(server.url + '/predict')).text()",
      "fetch(server.url + '/die').catch(String)).toString()",
    )
    const { statuses, stderr } = await project.run('smoke', '-j', '1')
    expect(statuses).toEqual({ base: 'succeeded', server: 'failed', smoke: 'failed' })
    expect(stderr).toMatch(/the service `server` ended with exit code 3 while it was needed/)
    expect(stderr).toMatch(/the input `server` changed while the run was using it/)
  })

  test('is not started where something else answers already', async () => {
    const project = await served()
    const port = Number(
      /port: (\d+) \}/.exec(project.read('pipeline.ts').split('server =')[1] ?? '')?.[1],
    )
    const other = createServer((socket) => socket.end())
    await new Promise<void>((done) => other.listen(port, '127.0.0.1', done))
    onTestFinished(() => void other.close())
    const { statuses, stderr } = await project.run()
    expect(statuses).toMatchObject({ server: 'failed', smoke: 'skipped' })
    expect(stderr).toMatch(/the service `server` cannot be started; something else answers already/)
  })

  test('shows as ongoing while it is up, and ends with a run that is stopped, or killed', async () => {
    const project = await served()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      project.write('wait', '')
      project.write('model.txt', `for ${signal}`)
      const run = project.start(['run', '--ui', 'plain', '-v'])
      const exit = ended(run)
      await new Promise<void>((done) => {
        run.stdout?.on('data', (text: string) => {
          if (text.includes('asked for /predict')) done()
        })
      })
      expect((await project.stepwell('runs', 'show')).stdout).toMatch(/^server .* ongoing /m)
      expect((await project.stepwell('status')).stdout).toMatch(/^server +running /m)
      run.kill(signal)
      if (signal === 'SIGINT') {
        await new Promise((told) => run.stderr?.once('data', told))
        rmSync(project.path('wait'))
      }
      await exit
      const left = pids(project).filter(isAlive)
      if (signal !== 'SIGKILL') expect(left).toEqual([])
      else expect(left).toHaveLength(2)
    }
    // Those of a run that was killed are found by the next one.
    expect((await project.stepwell('runs', 'show')).stdout).toMatch(/^server .* interrupted /m)
    const { record } = await project.run('base')
    expect(record.warnings.join('\n')).toMatch(
      /the service `server` was still up after its run was killed/,
    )
    expect(pids(project).filter(isAlive)).toEqual([])
    expect(places(project)).toEqual([])
  })
})

test('the pipeline of docs/services.md runs', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'services.md'), 'utf8')
  const [, code = ''] = /```ts\n([^]*?)```/.exec(text) ?? []
  const project = new Project()
  project.write('pipeline.ts', code.replaceAll('8123', String(await freePort())))
  project.write('data.txt', '2\n1\n')
  project.write(
    'server.js',
    `import { readFileSync } from 'node:fs'
     import { createServer } from 'node:http'
     const [, , port, model] = process.argv
     const lines = readFileSync(model, 'utf8').trim().split('\\n')
     createServer((_, response) => response.end(JSON.stringify(lines))).listen(port, '127.0.0.1')`,
  )
  const { statuses, record } = await project.run()
  expect(statuses).toEqual(all('succeeded', ['model', 'server', 'smoke']))
  expect(record.steps['smoke']?.output?.about).toBe('list of 2')
  const schemas = new Schemas()
  schemas.check((await project.stepwell('runs', 'show', '--json')).stdout)
  project.write('pipeline.ts', `${project.read('pipeline.ts')}\n// A comment.\n`)
  schemas.check((await project.stepwell('plan', '--json')).stdout)
  schemas.check((await project.stepwell('explain', 'server', '--json')).stdout)
  expect(schemas.problems).toEqual([])
})

test('watch keeps services as long as they are the same, and stops them in the end', async () => {
  const project = await served()
  const watching = new Watching(project)
  expect(await watching.idle()).toMatch(/^server: ongoing$/m)
  const first = pids(project)
  expect(first.filter(isAlive)).toHaveLength(2)

  project.edit('pipeline.ts', 'run: () => 1', 'run: () => 2')
  const again = await watching.idle()
  expect(again).toMatch(/^other .* succeeded /m)
  expect(again).toMatch(/^server .* ongoing .* still up, and the same$/m)
  expect(pids(project)).toEqual(first)

  project.write('model.txt', 'two\n')
  expect(await watching.idle()).toMatch(/^smoke .* "two\\n" .* succeeded /m)
  const [base, server, next] = pids(project)
  expect([base, server, next].map((pid) => isAlive(pid ?? 0))).toEqual([true, false, true])

  // One that is no longer in the pipeline.
  project.edit('pipeline.ts', ', base }', ' }')
  project.edit('pipeline.ts', '{ base, server,', '{ server,')
  await watching.idle()
  expect(isAlive(base ?? 0)).toBe(false)
  watching.child.kill('SIGINT')
  expect(await watching.exit).toBe(0)
  expect(watching.all).toMatch(/^stopped server$/m)
  expect(pids(project).filter(isAlive)).toEqual([])
  expect(places(project)).toEqual([])
})
