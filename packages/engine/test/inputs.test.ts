import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { command, dir, file, glob, pipeline, secret, step, url, type Engine } from '../src/index.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const DIR = step({
  inputs: { data: dir('data') },
  run: ({ data }) => data.files.map((each) => [each.path, each.text()]),
})
const dirs = pipeline('dirs', { read: DIR })

async function statusOf(engine: Engine, of: typeof dirs): Promise<string | undefined> {
  const { steps } = await engine.run(of).result
  return steps['read']?.status === 'failed' ? steps['read'].error?.code : steps['read']?.status
}

async function setUp(files: Record<string, string>) {
  const project = temporaryDir()
  writeFiles(project, files)
  const engine = await engineOn(project)
  return { project, engine, path: (name: string) => join(project, name) }
}

describe('dir()', () => {
  test('gives all files at any depth, dot files too, sorted, with their content', async () => {
    const { engine } = await setUp({
      'data/b': '2',
      'data/a/deep/x': '1',
      'data/.hidden': '0',
      'data/.stepwell/format': 'not ours to read',
      'data/ä \n"': 'odd',
    })
    expect(await engine.run(dirs).value(DIR)).toEqual([
      ['data/.hidden', '0'],
      ['data/a/deep/x', '1'],
      ['data/b', '2'],
      ['data/ä \n"', 'odd'],
    ])
  })

  const CHANGES: Readonly<Record<string, (path: (name: string) => string) => void>> = {
    'a file changed': (path) => writeFileSync(path('data/a'), 'A'),
    'a file changed, its time and size put back': (path) => {
      const { atime, mtime } = statSync(path('data/a'))
      writeFileSync(path('data/a'), 'A')
      utimesSync(path('data/a'), atime, mtime)
    },
    'a file added': (path) => writeFileSync(path('data/new'), ''),
    'a file removed': (path) => rmSync(path('data/a')),
    'a file renamed': (path) => renameSync(path('data/a'), path('data/aa')),
    'two files swapped': (path) => {
      renameSync(path('data/a'), path('data/x'))
      renameSync(path('data/b'), path('data/a'))
      renameSync(path('data/x'), path('data/b'))
    },
    'a file made executable': (path) => chmodSync(path('data/a'), 0o755),
    'an empty directory added': (path) => mkdirSync(path('data/empty')),
    'a link added': (path) => symlinkSync('a', path('data/link')),
    'a link turned elsewhere': (path) => {
      rmSync(path('data/to'))
      symlinkSync('b', path('data/to'))
    },
    'a file behind a link that leads outside': (path) => writeFileSync(path('outside/x'), 'X'),
    'a file added behind a link that leads outside': (path) => writeFileSync(path('outside/n'), ''),
  }
  for (const [what, change] of Object.entries(CHANGES)) {
    test(`reruns: ${what}`, async () => {
      const { engine, path } = await setUp({
        'data/a': 'a',
        'data/b': 'b',
        'data/c': 'c',
        'outside/x': 'x',
      })
      symlinkSync('c', path('data/to'))
      symlinkSync(path('outside'), path('data/outside'))
      expect(await statusOf(engine, dirs)).toBe('succeeded')
      expect(await statusOf(engine, dirs)).toBe('cached')
      change(path)
      expect(await statusOf(engine, dirs)).toBe('succeeded')
      expect(await statusOf(engine, dirs)).toBe('cached')
    })
  }

  test('does not rerun for times, nor for what is beside it', async () => {
    const { engine, path } = await setUp({ 'data/a': 'a' })
    await engine.run(dirs).result
    utimesSync(path('data/a'), 1, 1)
    utimesSync(path('data'), 1, 1)
    writeFileSync(path('data2'), '')
    expect(await statusOf(engine, dirs)).toBe('cached')
  })

  test('what has no place in a tree is refused with its path', async () => {
    const { engine, path } = await setUp({ 'data/a': 'a' })
    // `/` holds the project: that is told without reading all there is.
    for (const target of [path('.'), '/']) {
      symlinkSync(target, path('data/circle'))
      expect(await statusOf(engine, dirs)).toBe('STEPWELL_INPUT_TREE')
      rmSync(path('data/circle'))
    }
    symlinkSync(path('.'), path('data/circle'))
    rmSync(path('data/circle'))
    execFileSync('mkfifo', [path('data/pipe')])
    expect(await statusOf(engine, dirs)).toBe('STEPWELL_INPUT_MISSING')
    rmSync(path('data/pipe'))
    writeFileSync(Buffer.concat([Buffer.from(path('data/')), Buffer.from([0xff, 0xfe])]), 'x')
    const { steps } = await engine.run(dirs).result
    expect(steps['read']?.error?.code).toBe('STEPWELL_INPUT_TREE')
    expect(steps['read']?.error?.message).toMatch(/not UTF-8/)
  })

  test('a directory that is missing, or a file, fails the step', async () => {
    const { engine, path } = await setUp({})
    expect(await statusOf(engine, dirs)).toBe('STEPWELL_INPUT_MISSING')
    writeFileSync(path('data'), '')
    expect(await statusOf(engine, dirs)).toBe('STEPWELL_INPUT_MISSING')
  })

  test('a directory that changes while the step runs fails it', async () => {
    const { engine, project } = await setUp({ 'data/a': 'a' })
    const read = step({
      inputs: { data: dir('data') },
      params: { project },
      run: (_, { params }) => writeFileSync(join(params.project, 'data/new'), ''),
    })
    expect(await statusOf(engine, pipeline('moving', { read }))).toBe('STEPWELL_INPUT_CHANGED')
  })
})

describe('file()', () => {
  test('an executable file is another one', async () => {
    const { engine, path } = await setUp({ tool: '#!/bin/sh' })
    const read = step({ inputs: { tool: file('tool') }, run: ({ tool }) => tool.location })
    const files = pipeline('files', { read })
    await engine.run(files).result
    expect(await statusOf(engine, files)).toBe('cached')
    chmodSync(path('tool'), 0o755)
    expect(await statusOf(engine, files)).toBe('succeeded')
  })
})

const GLOB = step({
  inputs: { all: glob(['data/**/*.{csv,tsv}', '!data/old/**']) },
  run: ({ all }) => all.map((each) => `${each.path} ${each.text()}`),
})
const globs = pipeline('globs', { read: GLOB })

describe('glob()', () => {
  test('gives the files that match, sorted by path', async () => {
    const { engine, path } = await setUp({
      'data/b.csv': '2',
      'data/B.csv': '1',
      'data/x/deep/a.tsv': '3',
      'data/old/c.csv': 'no',
      'data/.d.csv': 'no',
      'data/.dot/e.csv': 'no',
      'data/f.txt': 'no',
      'data/node_modules/p/g.csv': 'no',
    })
    symlinkSync('b.csv', path('data/link.csv'))
    expect(await engine.run(globs).value(GLOB)).toEqual([
      'data/B.csv 1',
      'data/b.csv 2',
      'data/link.csv 2',
      'data/x/deep/a.tsv 3',
    ])
  })

  test('reruns when a file that matches changes, comes or goes; for no other', async () => {
    const { engine, path } = await setUp({ 'data/a.csv': 'a', 'data/b.csv': 'b' })
    await engine.run(globs).result
    writeFiles(path('.'), { 'data/c.txt': 'c', 'data/old/d.csv': 'd' })
    expect(await statusOf(engine, globs)).toBe('cached')
    for (const change of [
      { 'data/a.csv': 'A' },
      { 'data/new.csv': '' },
      { 'data/b.csv': undefined },
    ]) {
      writeFiles(path('.'), change)
      expect(await statusOf(engine, globs), JSON.stringify(change)).toBe('succeeded')
    }
  })

  test('nothing that matches is an error, unless that is allowed', async () => {
    const { engine } = await setUp({})
    expect(await statusOf(engine, globs)).toBe('STEPWELL_INPUT_MISSING')
    const read = step({
      inputs: { all: glob('data/*', { optional: true }) },
      run: ({ all }) => all.length,
    })
    expect(await statusOf(engine, pipeline('optional', { read }))).toBe('succeeded')
  })

  test('a file that comes while the step runs is none of its inputs', async () => {
    const { engine, project } = await setUp({ 'data/a': 'a' })
    const read = step({
      inputs: { all: glob('data/*') },
      params: { project, file: 'new' },
      run: (_, { params }) => writeFileSync(join(params.project, 'data', params.file), 'x'),
    })
    expect(await statusOf(engine, pipeline('coming', { read }))).toBe('succeeded')
    const spoil = step({
      inputs: { all: glob('data/*') },
      params: { project, file: 'a' },
      run: (_, { params }) => writeFileSync(join(params.project, 'data', params.file), 'x'),
    })
    const code = await statusOf(engine, pipeline('spoiling', { read: spoil }))
    expect(code).toBe('STEPWELL_INPUT_CHANGED')
  })
})

describe('secret()', () => {
  const read = step({
    inputs: { token: secret('STEPWELL_TEST_TOKEN') },
    run: ({ token }) => token.length,
  })
  const secrets = pipeline('secrets', { read })

  test('is given to the step, kept nowhere, and does not count', async () => {
    vi.stubEnv('STEPWELL_TEST_TOKEN', 'hunter2-hunter2')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { engine, path } = await setUp({})
    expect(await engine.run(secrets).value(read)).toBe(15)
    vi.stubEnv('STEPWELL_TEST_TOKEN', 'other-password')
    expect(await statusOf(engine, secrets)).toBe('cached')
    await engine.close()
    const files = readdirSync(path('.stepwell'), { recursive: true, withFileTypes: true })
    for (const each of files.filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(each.parentPath, each.name))
      expect(bytes.includes('hunter2') || bytes.includes('other-password'), each.name).toBe(false)
    }
  })

  test('a step that fails leaves it nowhere: not in what is put aside, nor in its work in progress', async () => {
    vi.stubEnv('STEPWELL_TEST_TOKEN', 'hunter2-hunter2')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { engine, path } = await setUp({})
    const inputs = { token: secret('STEPWELL_TEST_TOKEN') }
    const leave = (at: string, token: string): void => {
      mkdirSync(join(at, 'deep', token), { recursive: true })
      writeFiles(at, { [`deep/${token}/a`]: 'a', 'whole.txt': 'mine', 'leak.txt': `x${token}x` })
      symlinkSync(token, join(at, 'link'))
    }
    const own = step({
      inputs,
      outs: { out: dir('out') },
      run: ({ token }, { outs, scratch }) => {
        leave(outs.out, token)
        leave(scratch(), token)
        throw Object.assign(new Error('no'), { code: token })
      },
    })
    const over = step({ run: () => [1] })
    const each = step.map({
      over,
      inputs,
      run: ({ token }, { scratch }) => {
        leave(scratch(), token)
        throw new Error('no')
      },
    })
    const other = command({
      cmd: 'mkdir -p made && printf %s "$STEPWELL_TEST_TOKEN" > made/leak && printf mine > made/whole && exit 1',
      inputs,
      outs: { made: dir('made') },
      writes: 'in place',
    })
    const run = engine.run(pipeline('p', { own, each, other, over }), { onFailure: 'continue' })
    const { steps } = await run.result
    expect(steps['own']?.error?.code).toBe('***')
    expect(steps['other']?.status).toBe('failed')
    const found = readdirSync(path('.'), { recursive: true, withFileTypes: true })
    const names = found.map((entry) => join(entry.parentPath, entry.name))
    expect(names.join('\n')).not.toContain('hunter2')
    const texts = names.filter((_, at) => found[at]?.isFile()).map((name) => readFileSync(name))
    expect(texts.some((text) => text.includes('hunter2'))).toBe(false)
    // What holds none is kept, for this user alone.
    expect(names.filter((name) => /whole(?:.txt)?$/.test(name))).toHaveLength(4)
    expect(statSync(path('.stepwell')).mode & 0o77).toBe(0)
  })

  test('what a step wrote of it is kept nowhere either', async () => {
    vi.stubEnv('STEPWELL_TEST_TOKEN', 'hunter2-hunter2')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { engine, path } = await setUp({})
    const write = step({
      inputs: { token: secret('STEPWELL_TEST_TOKEN') },
      outs: { leak: file('leak') },
      run: ({ token }, { outs }) => writeFileSync(outs.leak, token),
    })
    expect(await statusOf(engine, pipeline('leaks', { read: write }))).toBe('STEPWELL_SECRET')
    expect(existsSync(path('.stepwell/recycle'))).toBe(false)
  })

  test('fails the step where it is not set', async () => {
    const { engine } = await setUp({})
    expect(await statusOf(engine, secrets)).toBe('STEPWELL_ENV_MISSING')
  })
})

describe('url()', () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener)
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done)
    })
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data/wine.csv?x=1`
  }

  function reading(address: string) {
    const read = step({
      inputs: { csv: url(address) },
      run: ({ csv }) => `${csv.location.endsWith('wine.csv')} ${csv.text()}`,
    })
    return { read, of: pipeline('urls', { read }) }
  }

  test('is downloaded once, and again only when the server says that it changed', async () => {
    const server = { body: 'one', etag: '"1"', asked: [] as (string | undefined)[] }
    const address = await serve((request, response) => {
      server.asked.push(request.headers['if-none-match'])
      const same = request.headers['if-none-match'] === server.etag
      response.writeHead(same ? 304 : 200, { etag: server.etag })
      response.end(same ? undefined : server.body)
    })
    const { engine } = await setUp({})
    const { read, of } = reading(address)
    const before = await engine.plan(of)
    expect(before.steps[0]).toMatchObject({ decision: 'run', reasons: [{ kind: 'problem' }] })
    expect(await engine.run(of).value(read)).toBe('true one')
    expect(await statusOf(engine, of)).toBe('cached')
    expect((await engine.plan(of)).steps[0]?.decision).toBe('cached')
    expect(server.asked).toEqual([undefined, '"1"'])
    // The same bytes under another tag change nothing.
    server.etag = '"2"'
    expect(await statusOf(engine, of)).toBe('cached')
    Object.assign(server, { body: 'two', etag: '"3"' })
    expect(await engine.run(of).value(read)).toBe('true two')
  })

  test('without any tag, the body decides', async () => {
    const server = { body: 'one' }
    const address = await serve((_, response) => void response.end(server.body))
    const { engine } = await setUp({})
    const { of } = reading(address)
    await engine.run(of).result
    expect(await statusOf(engine, of)).toBe('cached')
    server.body = 'two'
    expect(await statusOf(engine, of)).toBe('succeeded')
  })

  test('is asked once a run: all steps are given the same', async () => {
    let asked = 0
    const address = await serve((_, response) => void response.end(`${(asked += 1)}`))
    const { engine } = await setUp({})
    const first = step({ inputs: { csv: url(address) }, run: ({ csv }) => csv.text() })
    const second = step({
      inputs: { first, csv: url(address) },
      run: ({ first: text, csv }) => text === csv.text(),
    })
    expect(await engine.run(pipeline('twice', { first, second })).value(second)).toBe(true)
    expect(asked).toBe(1)
  })

  test('a run that is cancelled while a server is silent is cancelled, not failed', async () => {
    const controller = new AbortController()
    const address = await serve(() => controller.abort())
    const { engine } = await setUp({})
    const run = engine.run(reading(address).of, { signal: controller.signal })
    const { status, steps } = await run.result
    expect([status, steps['read']?.status]).toEqual(['cancelled', 'cancelled'])
  })

  test('a download that was damaged is made again', async () => {
    const address = await serve((request, response) => {
      const same = request.headers['if-none-match'] === '"1"'
      response.writeHead(same ? 304 : 200, { etag: '"1"' }).end(same ? undefined : 'one')
    })
    const { engine, path } = await setUp({})
    const { read, of } = reading(address)
    await engine.run(of).result
    const all = readdirSync(path('.stepwell/downloads'), { recursive: true, withFileTypes: true })
    const csv = all.find(({ name }) => name === 'wine.csv')
    writeFileSync(join(csv?.parentPath ?? '', 'wine.csv'), 'xxx')
    expect(await engine.run(of).value(read)).toBe('true one')
  })

  test('what cannot be had fails the step with the reason, and leaves what was there', async () => {
    const server = { how: 'well' as 'well' | 'missing' | 'part' | 'short' }
    const address = await serve((_, response) => {
      if (server.how === 'missing') response.writeHead(404).end('no')
      else if (server.how === 'part') response.writeHead(206).end('o')
      else if (server.how === 'short') {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half')
        response.destroy()
      } else response.end('one')
    })
    const { engine, path } = await setUp({})
    const { of } = reading(address)
    await engine.run(of).result
    for (const how of ['missing', 'part', 'short'] as const) {
      server.how = how
      const { steps } = await engine.run(of).result
      expect(steps['read']?.error?.code).toBe('STEPWELL_URL')
      if (how === 'missing') expect(steps['read']?.error?.message).toMatch(/404/)
    }
    expect(existsSync(path('.stepwell/downloads'))).toBe(true)
    expect((await engine.plan(of)).steps[0]?.decision).toBe('cached')
    const nobody = reading('http://127.0.0.1:1/x').of
    expect(await statusOf(engine, nobody)).toBe('STEPWELL_URL')
  })

  test('an address is checked when it is declared', () => {
    for (const wrong of ['', 'data.csv', 'ftp://x/y', 'http://me:password@x/']) {
      expect(() => url(wrong), wrong).toThrow(TypeError)
    }
  })
})
