import { spawn, type ChildProcess } from 'node:child_process'
import { watch, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ended, Project, ROOT } from './rig.ts'
import { Schemas } from './schemas.ts'

const PIPELINE = `
import { existsSync } from 'node:fs'
import { pipeline, step } from '@stepwell/engine'

export const quick = step({ run: () => 1 })
export const slow = step({
  inputs: { quick },
  run: async ({ quick }, { log, dir, signal }) => {
    for (const [at, word] of ['one', 'two', 'three'].entries()) {
      log('ä ' + word)
      while (!existsSync(dir + '/release-' + at)) await new Promise((next) => setTimeout(next, 5))
    }
    return quick + 1
  },
})
export const after = step({ inputs: { slow }, run: ({ slow }) => slow + 1 })
export default pipeline('live', { quick, slow, after })
`

function live(): Project {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  return project
}

async function appears(dir: string, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher = watch(dir, () => {
    if (existsSync(join(dir, name))) resolve()
  })
  if (!existsSync(join(dir, name))) await promise
  watcher.close()
}

/** Waits until what a process has written to standard output so far fits. */
async function says(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = ''
  await new Promise<void>((done, fail) => {
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (pattern.test(text)) done()
    })
    child.on('close', () => fail(new Error(`it ended, and had said only ${text}`)))
  })
}

/** A process that has the database open all the time, so that whoever opens it must wait. */
async function holdDatabase(project: Project): Promise<ChildProcess> {
  const script = join(ROOT, 'packages/engine/test/fixtures/hold-index.ts')
  const args = ['--conditions=@stepwell/source', script, project.dir]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  onTestFinished(() => void child.kill('SIGKILL'))
  await appears(project.dir, 'holding')
  return child
}

test('while a run goes on and the database is held, whoever asks is answered at once', async () => {
  const project = live()
  const run = project.start(['run', '--events'])
  onTestFinished(() => void run.kill('SIGKILL'))
  const exit = ended(run)
  await says(run, /"ä one"/)
  const schemas = new Schemas()
  const holder = await holdDatabase(project)
  const log = join(project.dir, '.stepwell/index')
  expect(statSync(log).isDirectory()).toBe(true)
  const owner = readFileSync(join(project.dir, '.stepwell/index.owner'), 'utf8')

  const status = await project.stepwell('status', '--exit-code')
  expect(status.code).toBe(3)
  expect(status.stdout).toMatch(/^quick +fresh +\d{4}-\S+ \S+ +\d+ ms +-$/m)
  expect(status.stdout).toMatch(/^slow +running +now +.* never succeeded before$/m)
  expect(status.stdout).toMatch(/^after +never run +- +- +/m)
  expect(status.stdout).toMatch(
    new RegExp(
      `^run \\S+: running since \\S+ \\S+ \\(process ${run.pid} on .+\\), 1 of 3 steps done, now slow$`,
      'm',
    ),
  )
  const json = await project.stepwell('status', '--json')
  schemas.check(json.stdout)
  schemas.check((await project.stepwell('runs', '--json')).stdout)
  schemas.check((await project.stepwell('explain', 'slow', '--json')).stdout)
  expect(schemas.problems).toEqual([])
  expect(
    schemas.unseen.filter((field) => /^(live run|current run|step status: since)/.test(field)),
  ).toEqual([])
  // What the run has made so far counts already, although it has not ended.
  expect((await project.stepwell('plan')).stdout).toMatch(/^quick .* cached /m)
  expect((await project.stepwell('explain', 'after')).stdout).toMatch(/first cause: slow will run/)
  expect((await project.stepwell('explain', 'slow')).stdout).toMatch(
    /^ {2}is executed now in run \S+, since \S+ \S+\n {4}because never succeeded before$/m,
  )
  expect((await project.stepwell('runs')).stdout).toMatch(
    / running .* 1 running, 1 succeeded, 1 waiting$/m,
  )
  const shown = await project.stepwell('runs', 'show')
  expect(shown.stdout).toMatch(/^slow .* running +[\d.]+ m?s /m)
  expect(shown.stdout).toMatch(/: running for .*, 3 steps: 1 running, 1 succeeded, 1 waiting$/m)
  expect((await project.stepwell('logs', 'slow')).stdout).toBe('ä one\n')
  expect((await project.stepwell('accept', '--list')).stdout).toBe('nothing is accepted\n')
  expect(readFileSync(join(project.dir, '.stepwell/index.owner'), 'utf8')).toBe(owner)

  const following = project.start(['logs', '-f', 'slow'])
  const followed = ended(following)
  await says(following, /ä one\n/)
  project.write('release-0', '')
  await says(following, /ä two\n/)
  project.write('release-1', '')
  await says(following, /ä three\n/)
  project.write('release', '')
  await ended(holder)
  project.write('release-2', '')
  expect(await followed).toMatchObject({ code: 0, stdout: 'ä one\nä two\nä three\n' })
  expect((await followed).stderr).toMatch(
    /^following step slow .*\nstep slow succeeded after .*\n$/,
  )
  expect((await exit).code).toBe(0)
  expect((await project.stepwell('status', '--exit-code')).code).toBe(0)
})

test('who follows a step of a run whose process dies is told', async () => {
  const project = live()
  const run = project.start(['run', '--events'])
  await says(run, /"ä one"/)
  const following = project.start(['logs', '-f', 'after'])
  const followed = ended(following)
  await new Promise((told) => following.stderr?.once('data', told))
  run.kill('SIGKILL')
  expect((await followed).stderr).toMatch(
    new RegExp(`run \\S+ was interrupted: its process ${run.pid} on .+ is gone\n$`),
  )
  // It was executed, and nobody knows how that ended.
  const { stdout } = await project.stepwell('runs', 'show')
  expect(stdout).toMatch(/^slow .* interrupted +- /m)
  // What it had put into the cache by then is known.
  expect((await project.stepwell('status')).stdout).toMatch(/^quick +fresh /m)
  for (const name of ['release-0', 'release-1', 'release-2']) project.write(name, '')
  expect((await project.run()).statuses).toEqual({
    quick: 'cached',
    slow: 'succeeded',
    after: 'succeeded',
  })
})

test('a log of a run that is over is printed, and the following ends', async () => {
  const project = live()
  for (const name of ['release-0', 'release-1', 'release-2']) project.write(name, '')
  await project.run()
  const { code, stdout } = await project.stepwell('logs', '-f', 'slow')
  expect([code, stdout]).toEqual([0, 'ä one\nä two\nä three\n'])
  expect((await project.stepwell('logs', '-f', 'slow', '--json')).code).toBe(2)
})

test('status tells what failed the last time, and what is stale since', async () => {
  const project = new Project()
  project.write(
    'pipeline.ts',
    `import { pipeline, step } from '@stepwell/engine'
     const one = step({ params: { n: 1 }, run: (_, { params }) => params.n })
     const two = step({ inputs: { one }, run: ({ one }) => {
       if (one > 1) throw new Error('too much\\nof it')
       return one
     } })
     const three = step({ inputs: { two }, run: ({ two }) => two })
     export default pipeline('x', { one, two, three })`,
  )
  const states = async () => {
    const { stdout } = await project.stepwell('st', '--json')
    const { steps } = JSON.parse(stdout) as { steps: { name: string; state: string }[] }
    return steps.map(({ state }) => state)
  }
  expect(await states()).toEqual(['never', 'never', 'never'])
  await project.run()
  expect(await states()).toEqual(['fresh', 'fresh', 'fresh'])
  project.edit('pipeline.ts', 'n: 1', 'n: 2')
  expect(await states()).toEqual(['stale', 'stale', 'stale'])
  await project.run()
  expect(await states()).toEqual(['fresh', 'failed', 'stale'])
  const { stdout } = await project.stepwell('status')
  expect(stdout).toMatch(/^two +failed last time +\S+ \S+ +\d+ ms +too much$/m)
  expect(stdout).toMatch(/^1 failed last time, 1 stale, 1 fresh$/m)
  project.edit('pipeline.ts', 'n: 2', 'n: 1')
  expect(await states()).toEqual(['fresh', 'fresh', 'fresh'])
})
