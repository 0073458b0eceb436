import { loadProject, shellArguments, stageEnvironment, type DvcProject } from '@stepwell/dvc'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { locate } from '../src/project/location.ts'
import type { CaseFile } from './project-case.ts'
import { adviceOn, temporaryDir, writeFiles } from './sandbox.ts'

function load(files: Readonly<Record<string, CaseFile>>): DvcProject {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFiles(dir, files)
  return loadProject(dir)
}

test('a stage is plain data', () => {
  const { stages } = load({
    'params.yaml': 'name: net\n',
    'sub/dvc.yaml': `stages:
  train:
    desc: Trains
    wdir: ..
    cmd: |
      python train.py

      python eval.py
    deps: [src, "s3://bucket/data", ../outside]
    params: [lr, {sub/p.json: [a.b]}]
    outs:
      - model.pkl: {persist: true, remote: store, labels: [x]}
    metrics: [m.json: {cache: false}]
    plots: [p.csv: {x: epoch}]
    meta:
      stepwell:
        limits: {license: 2}
        resources: {cpu: 2, memory: 1.5GB, license: 1}
        mutex: database
        retry: {attempts: 3, backoff: 5s}
        timeout: 10 min
`,
  })
  const [stage] = stages
  expect(stage).toMatchObject({
    name: 'train',
    address: 'sub/dvc.yaml:train',
    file: 'sub/dvc.yaml',
    place: { file: 'sub/dvc.yaml', line: 2, column: 3 },
    wdir: '.',
    cmd: 'python train.py\n\npython eval.py\n',
    commands: ['python train.py', '', 'python eval.py'],
    frozen: false,
    desc: 'Trains',
    deps: [
      { path: 'src', location: { kind: 'project', path: 'src' } },
      {
        path: 's3://bucket/data',
        location: { kind: 'remote', scheme: 's3', url: 's3://bucket/data' },
      },
      { path: '../outside', location: { kind: 'outside' } },
    ],
    params: [
      { path: 'params.yaml', keys: ['lr'] },
      { path: 'sub/p.json', keys: ['a.b'] },
    ],
    outs: [
      {
        path: 'model.pkl',
        kind: 'out',
        cache: true,
        persist: true,
        remote: 'store',
        labels: ['x'],
      },
      { path: 'm.json', kind: 'metric', cache: false },
      { path: 'p.csv', kind: 'plot', plot: new Map([['x', 'epoch']]) },
    ],
    options: {
      execution: {
        resources: { cpu: 2, memory: '1.5GB', license: 1 },
        mutex: ['database'],
        retry: { attempts: 3, backoff: '5s' },
        timeout: '10 min',
      },
      limits: { license: 2 },
    },
  })
})

test('a command is given to the shell as DVC gives it', () => {
  expect(shellArguments('echo 1', undefined)).toEqual(['/bin/sh', '-c', 'echo 1'])
  expect(shellArguments('x', '/bin/bash')).toEqual([
    '/bin/bash',
    '--noprofile',
    '--norc',
    '-c',
    'x',
  ])
  expect(shellArguments('x', '/usr/bin/zsh')).toEqual(['/usr/bin/zsh', '--no-rcs', '-c', 'x'])
  expect(shellArguments('x', '/usr/bin/fish')).toEqual(['/usr/bin/fish', '-c', 'x'])
  const { stages } = load({ 'sub/dvc.yaml': 'stages:\n  s: {cmd: c}\n' })
  const [stage] = stages
  if (stage === undefined) throw new Error('no stage')
  expect(stageEnvironment(stage, '/root', {})).toEqual({
    DVC_ROOT: '/root',
    DVC_STAGE: 'sub/dvc.yaml:s',
  })
  expect(stageEnvironment(stage, '/root', { DVC_ROOT: '/other' })['DVC_ROOT']).toBe('/other')
})

test('limits of all stages go together', () => {
  const stage = (name: string, limit: number): string =>
    `  ${name}: {cmd: c, meta: {stepwell: {limits: {api: ${limit}}}}}\n`
  expect(load({ 'dvc.yaml': `stages:\n${stage('a', 2)}${stage('b', 2)}` }).limits).toEqual({
    api: 2,
  })
  expect(() => load({ 'dvc.yaml': `stages:\n${stage('a', 2)}${stage('b', 3)}` })).toThrow(
    "dvc.yaml:3:3: 'b' limits api to 3, another stage to 2",
  )
})

test.each([
  ['[]', 'meta.stepwell is a list; expected a map'],
  ['{retry: 0}', 'meta.stepwell.retry is a number (0); expected how often'],
  ['{retry: {backoff: 1s}}', 'meta.stepwell.retry.attempts is nothing (null)'],
  ['{retry: {attempts: 2, jitter: 1}}', 'meta.stepwell.retry.jitter is a number (1)'],
  ['{retry: {attempts: 2, delay: 1s}}', "unknown key 'delay' in meta.stepwell.retry"],
  ['{timeout: 600}', 'meta.stepwell.timeout is a number (600); expected a time with its unit'],
  ['{resources: [gpu]}', 'meta.stepwell.resources is a list; expected a map'],
  ['{resources: {gpu: -1}}', 'meta.stepwell.resources.gpu is a number (-1)'],
  ['{resources: {memory: 4}}', 'meta.stepwell.resources.memory is a number (4); expected a size'],
  ['{resources: {memory: 4G}}', 'meta.stepwell.resources.memory is text; expected a size'],
  ['{resources: {memory: lots}}', 'meta.stepwell.resources.memory is text; expected a size'],
  ['{resources: {"a b": 1}}', 'meta.stepwell.resources is text; expected names of letters'],
  ['{limits: {api: two}}', 'meta.stepwell.limits.api is text'],
  ['{mutex: [1]}', 'meta.stepwell.mutex is a number (1)'],
])('meta.stepwell that is %s is refused', (options, message) => {
  const dvcYaml = `stages:\n  s:\n    cmd: c\n    meta:\n      stepwell: ${options}\n`
  expect(adviceOn(() => load({ 'dvc.yaml': dvcYaml }))).toContain(`dvc.yaml:5:7: ${message}`)
})

test('ten thousand stages of one foreach', () => {
  const items = Array.from({ length: 10_000 }, (_, index) => `n${index}`)
  const { stages, graph } = load({
    'params.yaml': `items: [${items.join(', ')}]\n`,
    'dvc.yaml':
      'stages:\n  s:\n    foreach: ${items}\n    do:\n      cmd: echo ${item}\n      outs: ["out/${item}"]\n  all:\n    cmd: ls out\n    deps: [out]\n',
  })
  expect(stages.length).toBe(10_001)
  expect(stages[9999]).toMatchObject({ name: 's@n9999', cmd: 'echo n9999' })
  expect(graph.upstream.get('all')?.length).toBe(10_000)
  expect(graph.order.at(-1)).toBe('all')
})

test('a chain of ten thousand stages, and a circle of as many', () => {
  const chain = (last: string): string =>
    Array.from({ length: 10_000 }, (_, index) => {
      const from = index === 0 ? last : `f${index - 1}`
      return `  s${index}: {cmd: c, deps: [${from}], outs: [f${index}]}\n`
    })
      .toReversed()
      .join('')
  const { graph } = load({ 'dvc.yaml': `stages:\n${chain('start')}` })
  expect([graph.order[0], graph.order.at(-1)]).toEqual(['s0', 's9999'])
  expect(() => load({ 'dvc.yaml': `stages:\n${chain('f9999')}` })).toThrow('in a circle')
})

test('names that are members of every object are names', () => {
  const { stages } = load({
    'params.yaml': '__proto__: {x: 1}\nconstructor: 2\n',
    'dvc.yaml':
      'stages:\n  __proto__: {cmd: "echo ${__proto__.x}"}\n  constructor: {cmd: "echo ${constructor}", outs: [toString]}\n',
  })
  expect(stages.map(({ name, cmd }) => [name, cmd])).toEqual([
    ['__proto__', 'echo 1'],
    ['constructor', 'echo 2'],
  ])
  expect(() => load({ 'dvc.yaml': 'stages:\n  s: {cmd: "echo ${toString}"}\n' })).toThrow(
    "could not find 'toString'",
  )
})

test('other projects below, and outs, are not looked into', () => {
  const { stages } = load({
    'dvc.yaml': 'stages:\n  s: {cmd: c, outs: [made]}\n',
    'made/dvc.yaml': 'nonsense',
    'other/.dvc/config': '',
    'other/dvc.yaml': 'nonsense',
    '.stepwell/dvc.yaml': 'nonsense',
    'sub/dvc.yaml': 'stages:\n  t: {cmd: c}\n',
  })
  expect(stages.map(({ address }) => address)).toEqual(['s', 'sub/dvc.yaml:t'])
})

test('what a repository around the project ignores is ignored', () => {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFiles(dir, {
    '.git/info/exclude': 'private/\n',
    '.gitignore': '/projects/one/made/\n',
    'projects/one/dvc.yaml': 'stages:\n  s: {cmd: c}\n',
    'projects/one/made/dvc.yaml': 'nonsense',
    'projects/one/private/dvc.yaml': 'nonsense',
  })
  const { stages } = loadProject(join(dir, 'projects/one'))
  expect(stages.map(({ address }) => address)).toEqual(['s'])
})

test('an empty file has no stages', () => {
  expect(load({ 'dvc.yaml': '' }).stages).toEqual([])
  expect(load({ 'dvc.yaml': '# only this\n' }).stages).toEqual([])
  expect(load({ 'dvc.yaml': 'stages: {}\n' }).stages).toEqual([])
})

test('a file in one line of another encoding is refused', () => {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFiles(dir, { 'dvc.yaml': 'stages: {}\n', 'params.yaml': { link: '/proc/self/exe' } })
  expect(() => loadProject(dir)).toThrow('params.yaml: the file is not UTF-8')
})

test('a source knows where its data is and came from', () => {
  const { sources } = load({
    'data/raw.csv.dvc':
      'outs:\n- path: raw.csv\n  md5: ABC0\n  size: 3\n  hash: md5\n  cache: false\n',
    'lib.dvc':
      'frozen: true\ndeps:\n- path: lib\n  repo:\n    url: https://example.com/x\n    rev_lock: abc\nouts:\n- path: lib\n  md5: d.dir\n  nfiles: 2\n',
  })
  expect(sources).toMatchObject([
    {
      address: 'lib.dvc',
      frozen: true,
      from: { kind: 'repo', text: 'https://example.com/x' },
      outs: [{ location: { kind: 'project', path: 'lib' }, content: { md5: 'd.dir', nfiles: 2 } }],
    },
    {
      address: 'data/raw.csv.dvc',
      wdir: 'data',
      outs: [
        {
          path: 'raw.csv',
          cache: false,
          location: { kind: 'project', path: 'data/raw.csv' },
          content: { hash: 'md5', md5: 'abc0', size: 3 },
        },
      ],
    },
  ])
})

test('a name that begins with two dots does not lead outside', () => {
  expect(locate('/p', '.', '/p/..data')).toEqual({
    path: '..data',
    location: { kind: 'project', path: '..data' },
  })
  expect(locate('/p', 'sub', '../..data').location).toEqual({ kind: 'project', path: '..data' })
  expect(locate('/p', '.', '/p/../x').location.kind).toBe('outside')
})
