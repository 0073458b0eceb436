import {
  loadProject,
  lockText,
  ProjectFiles,
  readLock,
  removedReasons,
  staleReasonText,
  writeLock,
  type DvcMap,
  type LockEntry,
} from '@stepwell/dvc'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPlainYaml } from '../src/format/plain-yaml.ts'
import { temporaryDir, writeFiles } from './sandbox.ts'

const entry = (cmd: string): LockEntry => ({
  cmd,
  deps: new Map(),
  params: new Map([['params.yaml', new Map([['x', 1n]])]]),
  outs: new Map(),
})
const written = (cmd: string): string =>
  `    cmd: ${cmd}\n    params:\n      params.yaml:\n        x: 1\n`

function project(files: Readonly<Record<string, string>>): string {
  const dir = temporaryDir()
  onTestFinished(() => {
    chmodSync(dir, 0o755)
    rmSync(dir, { recursive: true, force: true })
  })
  writeFiles(dir, files)
  return dir
}

describe('what others wrote into dvc.lock stays', () => {
  const foreign = `# at the top
schema: '2.0'
# before
stages:
  # of a
  a:
    cmd: old   # odd  spacing
  # of b
  b:
    cmd: "double quoted"
    deps: [{path: x, md5: abc}]

  'c: quoted':
    cmd:
        - four
        - spaces
# of datasets
datasets:
- name: d
  type: dvc
`

  test('an entry is replaced in its place, a new one comes last', () => {
    const text = lockText(
      'dvc.lock',
      foreign,
      new Map([
        ['new', entry('n')],
        ['a', entry('changed')],
      ]),
    )
    expect(text).toBe(
      foreign
        .replace('    cmd: old   # odd  spacing\n', written('changed'))
        .replace('# of datasets\n', `# of datasets\n  new:\n${written('n')}`),
    )
  })

  test('entries are read whatever their layout', () => {
    const dir = project({ 'dvc.lock': foreign })
    const lock = readLock('dvc.lock', new ProjectFiles(dir))
    expect([...lock.keys()]).toEqual(['a', 'b', 'c: quoted'])
    expect(lock.get('a')?.cmd).toBe('old')
    expect(lock.get('b')?.deps.get('x')).toMatchObject({ md5: 'abc' })
    expect(lock.get('c: quoted')?.cmd).toEqual(['four', 'spaces'])
  })

  test('a file in braces is laid out anew', () => {
    const text = lockText(
      'dvc.lock',
      `{schema: '2.0', stages: {a: {cmd: x}}}\n`,
      new Map([['b', entry('y')]]),
    )
    expect(text).toBe(`schema: '2.0'\nstages:\n  a:\n    cmd: x\n  b:\n${written('y')}`)
  })

  test.each([
    ['', `schema: '2.0'\nstages:\n`],
    [`schema: '2.0'\n`, `schema: '2.0'\nstages:\n`],
    [`schema: '2.0'\nstages: {}\n`, `schema: '2.0'\nstages:\n`],
    [`schema: "2.0"\nstages: {}\ndatasets: []`, `schema: "2.0"\nstages:\n`, 'datasets: []'],
    [`schema: '2.0'\nstages:\n  a:\n    cmd: x`, `schema: '2.0'\nstages:\n  a:\n    cmd: x\n`],
  ])('a first entry in %j', (before, head, tail = '') => {
    expect(lockText('dvc.lock', before, new Map([['b', entry('y')]]))).toBe(
      `${head}  b:\n${written('y')}${tail}`,
    )
  })
})

test('what is written is read again', () => {
  const odd: LockEntry = {
    cmd: ['echo "a: b"', "it's", `${'long '.repeat(40)}end`, 'two\nlines'],
    deps: new Map([
      ['z é', { hash: 'md5', md5: '0123', size: 1, isexec: true, other: new Map() }],
      ['#a', { md5: 'abc.dir', size: 2, nfiles: 3, other: new Map() }],
    ]),
    params: new Map<string, DvcMap>([
      ['z.yaml', new Map([['k', null]])],
      [
        'params.yaml',
        new Map<string, bigint | number>([
          ['b', 1n],
          ['a', 1],
        ]),
      ],
    ]),
    outs: new Map([['s3://b/k', { hash: 'md5', etag: 'E', size: 1, other: new Map() }]]),
  }
  const dir = project({})
  writeLock(dir, 'dvc.lock', new Map([['it: is', odd]]))
  expect(readLock('dvc.lock', new ProjectFiles(dir)).get('it: is')).toEqual(odd)
  const text = readFileSync(join(dir, 'dvc.lock'), 'utf8')
  expect(text.indexOf('params.yaml')).toBeLessThan(text.indexOf('z.yaml'))
  expect(text.indexOf("path: '#a'")).toBeLessThan(text.indexOf('path: z é'))
})

test('writing leaves nothing behind, also where it fails', () => {
  const before = `schema: '2.0'\nstages:\n  a:\n    cmd: x\n`
  const dir = project({ 'dvc.lock': before })
  writeLock(dir, 'dvc.lock', new Map([['b', entry('y')]]))
  expect(readdirSync(dir)).toEqual(['dvc.lock'])
  expect(() => writeLock(dir, 'gone/dvc.lock', new Map([['b', entry('y')]]))).toThrow(
    'gone/dvc.lock: it cannot be written',
  )
  // A directory where the file should be: the rename fails, and the temporary file goes.
  mkdirSync(join(dir, 'sub/dvc.lock'), { recursive: true })
  expect(() => writeLock(dir, 'sub/dvc.lock', new Map())).toThrow('sub/dvc.lock: it cannot be read')
  expect(readdirSync(join(dir, 'sub'))).toEqual(['dvc.lock'])
})

test('a damaged file is refused, not overwritten', () => {
  const damaged = `schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: y\n      md5: {\n`
  const dir = project({ 'dvc.lock': damaged })
  expect(() => writeLock(dir, 'dvc.lock', new Map([['b', entry('y')]]))).toThrow('dvc.lock:8:1')
  expect(readFileSync(join(dir, 'dvc.lock'), 'utf8')).toBe(damaged)
  const odd = `schema: '2.0'\nstages:\n  a:\n    cmd: x\n    depz: []\n`
  expect(() => lockText('dvc.lock', odd, new Map())).toThrow("dvc.lock:5:5: unknown key 'depz'")
})

test('ten thousand entries are read without a parser of all of YAML', () => {
  const entries = new Map(
    Array.from({ length: 10_000 }, (_, index) => [`s@${index}`, entry(`c ${index}`)]),
  )
  const text = lockText('dvc.lock', '', entries)
  expect(readPlainYaml(text)?.get('schema')).toBe('2.0')
  const dir = project({ 'dvc.lock': text })
  const lock = readLock('dvc.lock', new ProjectFiles(dir))
  expect(lock.size).toBe(10_000)
  expect(lock.get('s@9999')).toEqual(entries.get('s@9999'))
})

test('what a stage no longer has is told, as DVC does not', () => {
  const dir = project({
    'dvc.yaml': `stages:\n  s:\n    cmd: c\n    deps: [kept]\n    params: [x]\n`,
    'dvc.lock': `schema: '2.0'
stages:
  s:
    cmd: c
    deps:
    - path: gone
      md5: abc
    - path: kept
      md5: abc
    params:
      params.yaml:
        x: 1
        y: 2
      other.yaml:
        z: 1
`,
  })
  const [stage] = loadProject(dir).stages
  const lock = readLock('dvc.lock', new ProjectFiles(dir)).get('s')
  if (stage === undefined || lock === undefined) throw new Error('no stage')
  expect(removedReasons(stage, lock).map(staleReasonText)).toEqual([
    'dep gone was removed from the stage',
    'param y of params.yaml was removed from the stage',
    'param z of other.yaml was removed from the stage',
  ])
})
