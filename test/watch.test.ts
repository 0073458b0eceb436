import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Project } from './rig.ts'
import { Watching } from './watching.ts'

const PIPELINE = `
import { writeFileSync } from 'node:fs'
import { dir, file, glob, pipeline, step } from '@stepwell/engine'
import { scale } from './lib/scale.ts'

const load = step({ inputs: { table: file('data/a.csv') }, run: ({ table }) => table.text().length })
const list = step({
  inputs: { parts: glob('parts/**/*.txt', { optional: true }) },
  outs: { index: file('parts/index.txt') },
  run: ({ parts }, { outs }) => {
    writeFileSync(outs.index, parts.map((part) => part.text()).join())
    return parts.length
  },
})
const sum = step({ inputs: { load, list }, run: ({ load, list }) => scale(load + list) })
const look = step({ dependsOn: [dir('conf')], run: () => 1 })
export default pipeline('watched', { load, list, sum, look })
`

function watched(): Project {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  project.write('lib/scale.ts', 'export const scale = (n: number): number => n * 10\n')
  project.write('data/a.csv', 'a')
  project.write('conf/one.json', '{}')
  return project
}

// Events of the file system come late, or in other portions, on a machine that is busy with other things.
describe('watch', { retry: 3, timeout: 30_000 }, () => {
  test('runs what a change affects: data, code, files that come and go, directories', async () => {
    const project = watched()
    const watching = new Watching(project)
    expect(await watching.idle()).toMatch(/^watching 5 files; Ctrl-C to end$/m)

    project.write('data/a.csv', 'ab')
    expect(await watching.says(/ of watched: /)).toMatch(/^data\/a\.csv changed: running\n/m)
    const data = await watching.idle()
    expect(data).toMatch(/^list: cached/m)
    expect(data).toMatch(/^load: started/m)
    expect(data).toMatch(/^sum: started/m)

    project.edit('lib/scale.ts', '10', '100')
    await watching.says(/^lib\/scale\.ts changed: running$/m)
    const code = await watching.idle()
    expect(code).toMatch(/^load: cached/m)
    expect(code).toMatch(/^sum: started/m)

    // As editors save.
    project.write('data/a.csv.tmp', 'abc')
    renameSync(project.path('data/a.csv.tmp'), project.path('data/a.csv'))
    await watching.says(/^data\/a\.csv changed: running$/m)
    expect(await watching.idle()).toMatch(/^load: started/m)

    // A directory that was not there, and what no step reads.
    project.write('parts/deep/p.md', 'no')
    project.write('parts/deep/p.txt', 'p')
    await watching.says(/^parts\/deep\/p\.txt changed: running$/m)
    expect(await watching.idle()).toMatch(/^list: started[^]*^watching 6 files;/m)

    rmSync(project.path('parts/deep'), { recursive: true })
    await watching.says(/^parts\/deep\/p\.txt changed: running$/m)
    expect(await watching.idle()).toMatch(/^watching 5 files;/m)

    project.write('conf/new/two.json', '{}')
    await watching.says(/^conf\/new(\/two\.json)?(, conf\/new(\/two\.json)?)? changed: running$/m)
    expect(await watching.idle()).toMatch(/^look: started/m)

    rmSync(project.path('data/a.csv'))
    await watching.says(/^data\/a\.csv changed: running$/m)
    expect(await watching.idle()).toMatch(/STEPWELL_INPUT_MISSING/)
    project.write('data/a.csv', 'abcd')
    await watching.says(/^data\/a\.csv changed: running$/m)
    expect(await watching.idle()).toMatch(/^load: succeeded/m)

    watching.child.kill('SIGINT')
    expect(await watching.exit).toBe(0)
    // What the steps wrote began none.
    expect(watching.runs).toBe(9)
  })

  test('one run for many changes at once; none for what the targets do not need', async () => {
    const project = watched()
    const watching = new Watching(project, 'list', '--ui', 'plain')
    await watching.idle()
    project.write('data/a.csv', 'other')
    project.write('README.md', 'text')
    for (let part = 0; part < 50; part += 1) project.write(`parts/${part}.txt`, '')
    expect(await watching.says(/ changed: running$/m)).toMatch(
      /^parts\/\d+\.txt, parts\/\d+\.txt, parts\/\d+\.txt and 47 more changed: running$/m,
    )
    expect(await watching.idle()).toMatch(/^list .* glob parts/m)
    watching.child.kill('SIGTERM')
    expect(await watching.exit).toBe(0)
    expect(watching.runs).toBe(2)
  })

  test('a pipeline that does not load is shown, and tried again once it may', async () => {
    const project = watched()
    project.edit('pipeline.ts', "'./lib/scale.ts'", "'./lib/other.ts'")
    const watching = new Watching(project)
    expect(await watching.idle()).toMatch(/STEPWELL_PIPELINE_BROKEN/)
    project.write('lib/other.ts', 'export const scale = (')
    await watching.says(/^lib\/other\.ts changed: running$/m)
    expect(await watching.idle()).toMatch(/STEPWELL_PIPELINE_BROKEN/)
    project.write('lib/other.ts', 'process.exit(7)')
    await watching.says(/^lib\/other\.ts changed: running$/m)
    await watching.idle()
    project.write('lib/other.ts', 'export const scale = (n: number): number => n\n')
    await watching.says(/^lib\/other\.ts changed: running$/m)
    expect(await watching.idle()).toMatch(/4 steps: 4 succeeded/)
    // Other targets than there are.
    project.edit('pipeline.ts', '{ load, list, sum, look }', '{ load, list, look }')
    expect(await watching.idle()).toMatch(/3 steps: 3 cached/)
    rmSync(project.path('pipeline.ts'))
    expect(await watching.idle()).toMatch(/STEPWELL_PIPELINE_MISSING/)
    project.write('pipeline.ts', PIPELINE)
    expect(await watching.idle()).toMatch(/4 steps: /)
  })

  test('prints nothing but JSON where it is asked to', async () => {
    const project = watched()
    for (const option of ['--events', '--json']) {
      const watching = new Watching(project, option)
      let out = ''
      watching.child.stdout?.on('data', (text: string) => (out += text))
      await watching.idle()
      project.write('data/a.csv', `by ${option}`)
      await watching.idle()
      watching.child.kill('SIGINT')
      expect(await watching.exit).toBe(0)
      expect(watching.errors).toMatch(/^data\/a\.csv changed: running$/m)
      const lines = out.trim().split('\n')
      const documents = lines.map((line) => JSON.parse(line) as { type?: string; schema?: string })
      if (option === '--json') {
        expect(documents.map(({ schema }) => schema)).toEqual(['stepwell.run/1', 'stepwell.run/1'])
      } else expect(documents.filter(({ type }) => type === 'run-finished')).toHaveLength(2)
    }
  })
})

/** `train` and `beside` each wait for a file of their name. */
const SLOW = `
import { existsSync, writeFileSync } from 'node:fs'
import { file, pipeline, step } from '@stepwell/engine'
import { rate } from './rate.ts'
import { other } from './other.ts'

const wait = async (
  dir: string,
  name: string,
  { signal, log }: { signal: AbortSignal; log: (line: string) => void },
): Promise<void> => {
  log('waits')
  signal.addEventListener('abort', () => writeFileSync(dir + '/stopped-' + name, ''))
  while (!existsSync(dir + '/release-' + name)) {
    signal.throwIfAborted()
    await new Promise((next) => setTimeout(next, 5))
  }
}
const train = step({
  inputs: { table: file('table.csv') },
  run: async ({ table }, { dir, signal, log }) => {
    const text = table.text()
    await wait(dir, 'train', { signal, log })
    return text.length * rate
  },
})
const beside = step({
  inputs: { more: file('more.csv') },
  run: async ({ more }, { dir, signal, log }) => {
    const text = more.text()
    await wait(dir, 'beside', { signal, log })
    return text + other
  },
})
const report = step({ inputs: { train, note: file('note.txt') }, run: ({ train, note }) => train + note.text() })
export default pipeline('slow', { train, beside, report })
`

function slow(): Project {
  const project = new Project()
  project.write('pipeline.ts', SLOW)
  project.write('rate.ts', 'export const rate = 2\n')
  project.write('other.ts', 'export const other = 2\n')
  for (const name of ['table.csv', 'more.csv', 'note.txt']) project.write(name, name)
  return project
}

describe('while a run goes on', { retry: 3, timeout: 30_000 }, () => {
  test('it is stopped when a change makes what it executes outdated', async () => {
    const project = slow()
    const watching = new Watching(project, 'report', '-v')
    await watching.says(/^train: \| waits$/m)
    project.write('table.csv', 'other')
    await watching.says(/^table\.csv changed: stopping the running steps$/m)
    expect(await watching.says(/^train: \| waits$/m)).toMatch(
      /^train: cancelled [^]*^table\.csv changed: running$/m,
    )
    project.write('rate.ts', 'export const rate = 3\n')
    await watching.says(/^rate\.ts changed: stopping the running steps$/m)
    await watching.says(/^train: \| waits$/m)
    project.write('release-train', '')
    expect(await watching.idle()).toMatch(/2 steps: 2 succeeded/)
    expect(watching.runs).toBe(3)
  })

  test('what a change does not affect may end, and is kept', async () => {
    const project = slow()
    const watching = new Watching(project, '-j', '2', '-v')
    // Both of them, in any order.
    await watching.says(/\| waits\n[^]*\| waits$/m)
    project.write('more.csv', 'other')
    await watching.says(/^more\.csv changed: train may end$/m)
    project.write('release-train', '')
    project.write('release-beside', '')
    const after = await watching.idle()
    expect(after).toMatch(/^train: succeeded [^]*^more\.csv changed: running$[^]*^train: cached /m)
    expect(after).toMatch(/^beside: succeeded /m)
    expect(watching.runs).toBe(2)
  })

  test('it goes on when what changed makes no difference to it, or does not load', async () => {
    const project = slow()
    const watching = new Watching(project, 'report', '-v')
    await watching.says(/^train: \| waits$/m)
    // Neither of both is of any step that takes part.
    project.write('other.ts', 'export const other = 3\n')
    project.edit('pipeline.ts', 'const train', '// A comment.\nconst train')
    project.write('rate.ts', 'export const rate = (\n')
    // Only what is outdated is told of: the run goes on until then.
    project.write('rate.ts', 'export const rate = 2 // the same\n')
    project.write('release-train', '')
    expect(await watching.says(/^train: succeeded/m)).not.toMatch(/stopping|may finish/)
    expect(await watching.says(/^train: .*$/m)).toMatch(/^train: cached/m)
    expect(await watching.idle()).not.toMatch(/started/)
  })

  test('Ctrl-C lets what runs end, twice stops it; the exit code is 130', async () => {
    const project = slow()
    const first = new Watching(project, 'report', '-v')
    await first.says(/^train: \| waits$/m)
    first.child.kill('SIGINT')
    await first.says(/running steps may finish/)
    project.write('release-train', '')
    expect(await first.exit).toBe(130)
    expect(first.all).toMatch(/^train: succeeded/m)
    expect(first.all).not.toMatch(/^report: started/m)

    rmSync(project.path('release-train'))
    project.write('table.csv', 'other')
    const second = new Watching(project, 'report', '-v')
    await second.says(/^train: \| waits$/m)
    second.child.kill('SIGINT')
    await second.says(/running steps may finish/)
    second.child.kill('SIGINT')
    expect(await second.exit).toBe(130)
    expect(second.all).toMatch(/^train: cancelled/m)
  })

  test('it is stopped when the process that watches is killed', async () => {
    const project = slow()
    const watching = new Watching(project, 'report', '-v')
    await watching.says(/^train: \| waits$/m)
    watching.child.kill('SIGKILL')
    // Its output is closed when the run has ended, too.
    await watching.exit
    expect(project.read('stopped-train')).toBe('')
    expect((await project.stepwell('runs')).stdout).toMatch(/ cancelled .* 2 cancelled$/m)
  })
})

test('what is outside of the project is watched', async () => {
  const project = watched()
  const away = new Project()
  away.write('data/a.csv', 'away')
  project.edit('pipeline.ts', "file('data/a.csv')", `file('${away.path('data/a.csv')}')`)
  mkdirSync(project.path('parts'))
  const watching = new Watching(project, 'load')
  const first = await watching.idle()
  expect(first).toMatch(/1 succeeded/)
  away.write('data/a.csv', 'other')
  expect(await watching.idle()).toMatch(/^load: started/m)
})
