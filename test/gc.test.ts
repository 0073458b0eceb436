import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { files, left } from './files.ts'
import { ended, Project } from './rig.ts'

const CACHED = { make: 'cached', sum: 'cached', read: 'cached' }

/** A project that has run with some sizes of its files, the last one last. */
async function ran(...sizes: number[]): Promise<Project> {
  const project = files()
  let before = 10
  for (const size of sizes) {
    project.edit('pipeline.ts', `size: ${before} `, `size: ${size} `)
    before = size
    expect((await project.run()).code).toBe(0)
  }
  return project
}

interface Report {
  readonly waitsFor: readonly string[]
  readonly runs: readonly string[]
  readonly entries: readonly { readonly step?: string }[]
  readonly artifacts: number
  readonly bytes: number
  readonly kept: { readonly runs: number; readonly entries: number; readonly bytes: number }
}

async function gc(project: Project, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await project.stepwell('gc', '--json', ...args)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Report
}

/** Ids of the recorded runs, latest first. */
function runsOf(project: Project): string[] {
  const names = readdirSync(project.path('.stepwell/runs')).filter((name) => /^\d/.test(name))
  return names.toSorted().toReversed()
}

const verify = async (project: Project) => await project.stepwell('cache', 'verify', '--json')
const objects = (project: Project): string[] => Object.keys(project.tree('.stepwell/objects'))

describe('gc', () => {
  test('keeps what the latest runs used, and lets go of the rest, records and bytes together', async () => {
    const project = await ran(11, 12, 13)
    const before = left(project)
    const dry = await gc(project, '--keep-runs', '1', '--dry-run')
    const count = objects(project).length
    const report = await gc(project, '--keep-runs', '1')
    expect({ ...dry, dryRun: false }).toEqual(report)
    expect(report.runs).toHaveLength(2)
    expect(report.entries.map(({ step = '' }) => step).toSorted()).toEqual([
      'make',
      'make',
      'read',
      'read',
      'sum',
      'sum',
    ])
    expect(report.artifacts).toBeGreaterThan(6)
    expect(objects(project)).toHaveLength(count - report.artifacts)
    expect(await gc(project, '--keep-runs', '1')).toMatchObject({
      runs: [],
      entries: [],
      artifacts: 0,
    })
    expect((await verify(project)).code).toBe(0)
    rmSync(project.path('out'), { recursive: true })
    expect((await project.run()).statuses).toEqual(CACHED)
    expect(left(project)).toEqual(before)
    project.edit('pipeline.ts', 'size: 13 ', 'size: 11 ')
    expect((await project.run()).statuses['make']).toBe('succeeded')
  })

  test('keeps pinned runs, and all of them by default', async () => {
    const project = await ran(11, 12)
    expect((await gc(project)).runs).toEqual([])
    const [, first = ''] = runsOf(project)
    expect((await project.stepwell('runs', 'pin', first.slice(-4))).code).toBe(0)
    expect((await gc(project, '--keep-runs', '1')).runs).toEqual([])
    await project.stepwell('runs', 'unpin', first)
    expect((await gc(project, '--keep-runs', '1')).runs).toEqual([first])
  })

  test('makes room, but never of what the latest run needs', async () => {
    const project = await ran(20_000, 30_000)
    const all = await gc(project, '--dry-run')
    const room = `${all.kept.bytes - 1}B`
    const report = await gc(project, '--max-size', room)
    expect(report.kept.bytes).toBeLessThan(all.kept.bytes)
    // A bare number would be one of bytes: all but ten of them would go.
    const bare = await project.stepwell('gc', '--max-size', '10')
    expect(bare.code).toBe(2)
    expect(bare.stderr).toMatch('Expected a size with its unit, such as 10GB, 10GiB or 512kB.')
    const { stdout } = await project.stepwell('gc', '--max-size', '1kB')
    expect(stdout).toMatch(/the latest runs need more than 1\.0 kB, which is kept/)
    expect((await project.run()).statuses).toEqual(CACHED)
  })

  test('an index that is lost afterwards still knows what was kept', async () => {
    const project = await ran(11, 12)
    await project.run()
    await gc(project, '--keep-runs', '1')
    rmSync(project.path('.stepwell/index'), { recursive: true })
    rmSync(project.path('.stepwell/state'), { recursive: true })
    expect((await project.run()).statuses).toEqual(CACHED)
  })

  test('removes nothing while a run goes on, and says so', async () => {
    const project = new Project()
    project.write(
      'pipeline.ts',
      `import { existsSync } from 'node:fs'
       import { setTimeout as delay } from 'node:timers/promises'
       import { pipeline, step } from '@stepwell/engine'
       const first = step({ params: { n: 1 }, run: (_, { params }) => params.n })
       const slow = step({
         inputs: { first },
         run: async (_, { dir }) => {
           while (!existsSync(dir + '/release')) await delay(5)
         },
       })
       export default pipeline('slow', { first, slow })`,
    )
    project.write('release', '')
    await project.run()
    project.edit('pipeline.ts', 'n: 1', 'n: 2')
    await project.run()
    rmSync(project.path('release'))
    project.edit('pipeline.ts', 'n: 2', 'n: 3')
    const child = project.start(['run', '--events'])
    onTestFinished(() => void child.kill('SIGKILL'))
    let events = ''
    for await (const text of child.stdout ?? []) {
      events += String(text)
      if (/"step-started".*"slow"/.test(events)) break
    }
    const count = objects(project).length
    const report = await gc(project, '--keep-runs', '1')
    expect(report.waitsFor).toHaveLength(1)
    expect(report.entries.length).toBeGreaterThan(0)
    expect(objects(project)).toHaveLength(count)
    const { stdout } = await project.stepwell('gc', '--keep-runs', '1')
    expect(stdout).toMatch(
      new RegExp(
        `because of 1 run under way.*\\n +${report.waitsFor[0]} of slow since .*, process ${child.pid} on `,
      ),
    )
    project.write('release', '')
    child.stdout?.resume()
    await ended(child)
    expect((await gc(project, '--keep-runs', '1')).waitsFor).toEqual([])
    expect((await project.run()).statuses).toEqual({ first: 'cached', slow: 'cached' })
  })

  test('killed at any moment leaves a project in which all still holds', async () => {
    const whole = await ran(5000, 6000, 7000)
    const undisturbed = Project.copy(whole)
    const started = performance.now()
    await gc(undisturbed, '--keep-runs', '1')
    const took = performance.now() - started
    const expected = objects(undisturbed)
    for (let round = 0; round < 15; round += 1) {
      const project = Project.copy(whole)
      const child = project.start(['gc', '--keep-runs', '1'])
      const timer = setTimeout(() => child.kill('SIGKILL'), took * (0.4 + 0.6 * Math.random()))
      await ended(child)
      clearTimeout(timer)
      expect((await verify(project)).code).toBe(0)
      expect((await project.run()).statuses).toEqual(CACHED)
      await gc(project, '--keep-runs', '1')
      expect(objects(project)).toEqual(expected)
    }
  })

  test('keeps what a killed run has committed, though its events do not tell of it', async () => {
    const project = await ran(11)
    const [id = ''] = runsOf(project)
    const [begun = ''] = project.read(`.stepwell/runs/${id}/events.ndjson`).split('\n')
    project.write(`.stepwell/runs/${id}/events.ndjson`, `${begun}\n`)
    rmSync(project.path(`.stepwell/runs/${id}/summary.json`))
    rmSync(project.path('.stepwell/state'), { recursive: true })
    expect((await gc(project)).entries).toEqual([])
    expect((await project.run()).statuses).toEqual(CACHED)
  })

  test('keeps what kept runs left though it may not be cached, as long as there is room', async () => {
    const project = files()
    project.edit('pipeline.ts', 'const make = step({', 'const make = step({ cache: false,')
    const tables: string[] = []
    for (const size of [11, 12]) {
      project.edit('pipeline.ts', `size: ${size - 1} `, `size: ${size} `)
      await project.run()
      tables.push(project.read('out/table.csv'))
    }
    const [, first = ''] = runsOf(project)
    await gc(project)
    expect((await project.stepwell('restore', 'make', '--run', first)).code).toBe(0)
    expect(project.read('out/table.csv')).toBe(tables[0])
    await gc(project, '--max-size', '1B')
    // Nobody could make again what the project has there now: it is like an edit.
    expect((await project.stepwell('restore', 'make')).stdout).toContain('stays so')
    expect((await project.stepwell('restore', 'make', '--force')).code).toBe(0)
    expect(project.read('out/table.csv')).toBe(tables[1])
    const { code, stdout } = await project.stepwell('restore', 'make', '--run', first)
    expect([code, stdout]).toEqual([5, expect.stringContaining('cannot be put back')])
    expect(project.read('out/table.csv')).toBe(tables[1])
  })

  test('one at a time: of two, the second finds nothing to do', async () => {
    const project = await ran(11, 12)
    const reports = await Promise.all([1, 2].map(async () => await gc(project, '--keep-runs', '1')))
    expect(reports.flatMap(({ runs }) => runs)).toHaveLength(1)
    expect(reports.map(({ kept }) => kept)).toEqual([reports[0]?.kept, reports[0]?.kept])
    expect((await verify(project)).code).toBe(0)
    expect((await project.run()).statuses).toEqual(CACHED)
  })

  test('runs and collectors at once, some of them killed: nothing is wrong, and nothing is lost', async () => {
    const project = await ran(11, 12)
    const before = left(project)
    for (let round = 0; round < 4; round += 1) {
      const children = ['gc', 'run', 'gc', 'run'].map((verb) =>
        project.start(verb === 'gc' ? ['gc', '--keep-runs', '1'] : ['run', '--json']),
      )
      const victim = children[round]
      const timer = setTimeout(() => victim?.kill('SIGKILL'), 200 + 300 * Math.random())
      const exits = await Promise.all(children.map(async (child) => await ended(child)))
      clearTimeout(timer)
      for (const { code, signal, stderr } of exits)
        if (signal === null) expect(code, stderr).toBe(0)
      expect((await verify(project)).code).toBe(0)
      expect((await project.run()).statuses).toEqual(CACHED)
      expect(left(project)).toEqual(before)
    }
  })
})

test('cache ls tells of each entry whose it is, how large, and how long it took', async () => {
  const project = await ran(11)
  const { stdout } = await project.stepwell('cache', 'ls', '--json')
  const { entries } = JSON.parse(stdout) as { entries: Record<string, string>[] }
  expect(entries.map(({ step = '' }) => step).toSorted()).toEqual(['make', 'read', 'sum'])
  for (const entry of entries) {
    expect(entry).toMatchObject({
      pipeline: 'files',
      size: expect.any(Number),
      duration: expect.any(Number),
    })
    expect(entry['lastRun']).toBe(entry['run'])
  }
  expect((await project.stepwell('cache', 'ls')).stdout).toMatch(
    /^step +(pipeline +)?key +size[\s\S]*\n3 cache entries of \d+/,
  )
})

test('cache verify finds what is damaged, whatever its time stamps say, and puts it aside', async () => {
  const project = await ran(11)
  expect((await verify(project)).code).toBe(0)
  const object = objects(project).find((path) => project.read(path).includes('a,b')) ?? ''
  rmSync(project.path(object))
  writeFileSync(project.path(object), 'damaged')
  rmSync(project.path('out'), { recursive: true })
  const { code, stdout } = await verify(project)
  expect(code).toBe(5)
  const { damaged, lost } = JSON.parse(stdout) as {
    damaged: { aside: string }[]
    lost: { step: string }[]
  }
  expect(damaged).toHaveLength(1)
  expect(readFileSync(damaged[0]?.aside ?? '', 'utf8')).toBe('damaged')
  expect(lost.map(({ step }) => step)).toEqual(['make'])
  expect((await verify(project)).code).toBe(0)
  expect((await project.run()).code).toBe(0)
  expect((await verify(project)).code).toBe(0)
})

test('cache verify stores again what is still in the project, and mends journals', async () => {
  const project = await ran(11)
  const table = project.read('out/table.csv')
  const object = objects(project).find((path) => project.read(path) === table) ?? ''
  rmSync(project.path(object))
  writeFileSync(project.path(object), 'damaged')
  const [id = ''] = runsOf(project)
  const journal = `.stepwell/runs/${id}/entries.ndjson`
  // A torn last line is what a crash leaves.
  project.write(journal, `${project.read(journal).replace('"duration":', '"duration":9')}xxh64x2:`)
  const edited = project.read(journal).split('\n')
  expect(edited).toHaveLength(4)
  const { code, stdout } = await verify(project)
  expect([code, JSON.parse(stdout)]).toMatchObject([
    5,
    { healed: ['out/table.csv'], lost: [], lines: 1 },
  ])
  expect(stdout).toContain('.stepwell/quarantine/')
  expect((await verify(project)).code).toBe(0)
  expect((await project.run()).statuses).toEqual(CACHED)
  expect(project.read(object)).toBe(table)
})

test('a summary that was damaged is read from the events', async () => {
  const project = await ran(11)
  const [id = ''] = runsOf(project)
  project.write(`.stepwell/runs/${id}/summary.json`, '{"steps":')
  expect((await gc(project)).kept.runs).toBe(1)
  expect((await project.stepwell('runs')).stdout).toContain('succeeded')
})

test('restore puts outs back, keeps edits unless told, and executes nothing', async () => {
  const project = await ran(11)
  const before = left(project)
  const say = async (...args: string[]) =>
    (await project.stepwell('restore', ...args)).stdout.trim()
  expect(await say()).toBe('all outs are in place')
  rmSync(project.path('out'), { recursive: true })
  writeFileSync(project.path('report.txt'), 'mine')
  expect((await say('make')).split('\n')).toEqual([
    'out/parts was missing: put back',
    'out/table.csv was missing: put back',
  ])
  expect(await say()).toBe('report.txt was edited, and stays so; --force puts it back')
  expect(project.read('report.txt')).toBe('mine')
  const [, aside = ''] = /now (.*)$/.exec(await say('--force')) ?? []
  expect(readFileSync(aside, 'utf8')).toBe('mine')
  expect(left(project)).toEqual(before)
  expect(readdirSync(project.path('.stepwell/runs'))).toHaveLength(1)
  const { code, stderr } = await project.stepwell('restore', 'none')
  expect([code, stderr]).toEqual([2, expect.stringContaining('STEPWELL_TARGET_UNKNOWN')])
})

test('restore --run brings back what an earlier run left', async () => {
  const project = await ran(11, 12)
  const [, first = ''] = runsOf(project)
  await project.stepwell('restore', '--run', first)
  expect(project.read('out/table.csv')).toHaveLength(11)
  expect((await project.run()).statuses).toEqual(CACHED)
  expect(project.read('out/table.csv')).toHaveLength(12)
})
