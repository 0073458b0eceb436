import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ended, Project } from './rig.ts'

const PIPELINE = `import { pipeline, step } from '@stepwell/engine'
import fake from 'fake'
import { scale } from './lib/clean.ts'
import './lib/setup.ts'
export const raw = step({
  run: () => scale(fake, process.env.REGION),
})
export const odd = step({ run: () => eval('1') })
export default pipeline('p', { raw, odd })
`
const CLEAN = `const K = 2

// Twice.
export const scale = (x: unknown, ...more: unknown[]) => {
  return [x, more.length, K]
}
`

function project(): Project {
  const made = new Project()
  made.write('pipeline.ts', PIPELINE)
  made.write('lib/clean.ts', CLEAN)
  made.write('lib/setup.ts', 'export const level = [process.env.LEVEL]\n')
  made.write(
    'node_modules/fake/package.json',
    '{ "name": "fake", "version": "1.2.3", "main": "i.cjs" }',
  )
  made.write('node_modules/fake/i.cjs', 'module.exports = 1\n')
  return made
}

test('code shows by file and line what a step reaches, and leaves no trace', async () => {
  const made = project()
  const { code, stdout, stderr } = await made.stepwell('code', 'raw')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout).toBe(`raw: 3 parts in 2 files, 1 package, 1 environment variable
  K             lib/clean.ts:1
  scale         lib/clean.ts:4-6
  its function  pipeline.ts:6
  package fake 1.2.3
  environment variable REGION
while modules are loaded, for every step: 1 part in 1 file, 1 environment variable; --all lists it
`)
  expect(existsSync(made.path('.stepwell'))).toBe(false)
})

test('code lists what happens while modules are loaded, and says what is in doubt', async () => {
  const { stdout } = await project().stepwell('code', 'odd', '--all')
  expect(stdout).toBe(`odd: 1 part in 1 file
  its function  pipeline.ts:8
while modules are loaded, for every step: 1 part in 1 file, 1 environment variable
  level  lib/setup.ts:1
  environment variable LEVEL
not cached, because of
  eval at pipeline.ts:8; write the code out
`)
})

test('code --json has the same as data', async () => {
  const { stdout } = await project().stepwell('code', 'raw', '--json')
  expect(JSON.parse(stdout)).toEqual({
    schema: 'stepwell.code/1',
    step: 'raw',
    own: {
      files: [
        {
          file: 'lib/clean.ts',
          parts: [
            { name: 'K', lines: [1, 1] },
            { name: 'scale', lines: [4, 6] },
          ],
        },
        { file: 'pipeline.ts', parts: [{ name: 'its function', lines: [6, 6] }] },
      ],
      packages: { fake: '1.2.3' },
      env: ['REGION'],
    },
    loading: {
      files: [{ file: 'lib/setup.ts', parts: [{ name: 'level', lines: [1, 1] }] }],
      packages: {},
      env: ['LEVEL'],
    },
    doubts: [],
  })
})

test('code and explain say that a pinned step is not tracked, and explain when that changed', async () => {
  const made = project()
  await made.run('raw')
  made.edit('pipeline.ts', 'pipeline, step }', 'pinned, pipeline, step }')
  made.edit('pipeline.ts', 'run: () => scale', "code: pinned('v2'), run: () => scale")
  const { stdout } = await made.stepwell('code', 'raw')
  expect(stdout).toBe('raw: code not tracked: pinned at v2\n')
  const explained = (await made.stepwell('explain', 'raw')).stdout
  expect(explained).toContain('  because code: pinned at v2, before tracked\n')
  expect(explained).not.toContain('reached')
  expect(explained).toContain('  code not tracked: pinned at v2\n')
})

test('code of an unknown step is refused', async () => {
  const { code, stderr } = await project().stepwell('code', 'rae')
  expect(stderr).toContain('STEPWELL_TARGET_UNKNOWN')
  expect(code).toBe(2)
})

test('explain names a changed function by file and lines; lines alone change nothing', async () => {
  const made = project()
  await made.run()
  made.write('lib/clean.ts', `\n\n${CLEAN}`)
  expect((await made.stepwell('explain', 'raw')).stdout).toContain('because unchanged since run')
  made.write('lib/clean.ts', `\n${CLEAN.replace('more.length', '9')}`)
  expect((await made.stepwell('explain', 'raw')).stdout).toContain(
    'because code: scale in lib/clean.ts:5-7 changed\n',
  )
})

/** Writes down, when the process ends, how many native parts of parser and resolver it has loaded. */
const SPY = `import { writeFileSync } from 'node:fs'
process.on('exit', () => {
  const { sharedObjects } = process.report.getReport()
  writeFileSync('loaded', String(sharedObjects.filter((path) => path.includes('oxc')).length))
})
`

test('nothing is parsed when no source changed; what only reads writes no manifest', async () => {
  const made = project()
  made.write('spy.mjs', SPY)
  const loaded = async (...args: string[]) => {
    const spy = { NODE_OPTIONS: `--import=${pathToFileURL(made.path('spy.mjs')).href}` }
    await ended(made.start(args, spy))
    return Number(made.read('loaded'))
  }
  expect(await loaded('plan')).toBeGreaterThan(0)
  expect(existsSync(made.path('.stepwell'))).toBe(false)
  expect(await loaded('run')).toBeGreaterThan(0)
  for (const verb of ['run', 'plan']) expect(await loaded(verb), verb).toBe(0)
  for (const verb of ['explain', 'code']) expect(await loaded(verb, 'raw'), verb).toBe(0)
  made.edit('lib/clean.ts', 'more.length', '9')
  expect(await loaded('plan')).toBeGreaterThan(0)
  expect(await loaded('plan')).toBeGreaterThan(0)
  expect((await made.stepwell('explain', 'raw')).stdout).toContain('scale in lib/clean.ts:4-6')
  expect(await loaded('run')).toBeGreaterThan(0)
  expect(await loaded('run')).toBe(0)
})
