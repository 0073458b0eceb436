import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { digestHex, digestText } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  command,
  dir as dirAt,
  file,
  openEngine,
  pipeline,
  step,
  type Pipeline,
  type RunRecord,
  type StepEntry,
  type StepKey,
} from '../src/index.ts'
import { sealed } from '../src/store/cache/journal.ts'
import { LevelIndex } from '../src/store/cache/level-index.ts'
import { entryRecord } from '../src/store/cache/level-step-cache.ts'
import { makeTemporaryDir, writeFiles } from './support/temporary.ts'

// By hand, for many: STEPWELL_HOSTILE=200 npm test -- packages/engine/test/hostile-state.test.ts
const RUNS = Number(process.env['STEPWELL_HOSTILE'] ?? 3)

const items = step({ run: () => [1, 2] })
const listed: Pipeline = pipeline('p', {
  note: step({
    outs: { note: file('out/note.txt') },
    run: (_, { outs }) => writeFileSync(outs.note, 'text'),
  }),
  data: step({
    outs: { data: dirAt('out/data') },
    run: (_, { outs }) => {
      writeFiles(outs.data, { 'a.txt': 'a', 'sub/b.txt': 'b' })
      symlinkSync('../a.txt', join(outs.data, 'sub/link'))
    },
  }),
  place: command({
    cmd: 'printf 1 > out/placed',
    outs: { placed: file('out/placed') },
    writes: 'in place',
  }),
  items,
  each: step.map({ over: items, run: ({ item }) => item * 2 }),
})

let base: string

beforeAll(async () => {
  base = makeTemporaryDir()
  writeFiles(base, {
    'outside/kept.txt': 'theirs',
    'outside/dir/kept.txt': 'theirs',
    'project/dvc.yaml': 'stages: {}',
    'project/package.json': '{"type":"module"}',
    'project/.git/hooks/pre-commit': 'theirs',
    'project/src/code.txt': 'theirs',
  })
  // One that the project has: no out may go through it.
  symlinkSync('../outside/dir', join(base, 'project/linked'))
  const engine = await openEngine({ dir: join(base, 'project') })
  expect((await engine.run(listed).result).status).toBe('succeeded')
  await engine.close()
})

afterAll(() => rmSync(base, { recursive: true, force: true }))

const paths = (root: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      '../outside/kept.txt',
      '../outside/new/file',
      'out/../../outside/kept.txt',
      './/..//outside/kept.txt',
      '..',
      '.',
      '',
      'out/../..',
      'linked/kept.txt',
      'linked/new.txt',
      '.stepwell/format',
      'out/../.stepwell/format',
      'dvc.yaml',
      '.git/hooks/pre-commit',
      'src/code.txt',
      'src',
      'new.txt',
      'out/note.txt\0',
      '..\\outside\\kept.txt',
      'C:\\outside',
      join(root, 'outside/kept.txt'),
      join(root, 'project/out/../../outside/new.txt'),
    ),
    fc
      .array(fc.constantFrom('..', '.', 'out', 'outside', '', 'linked', 'kept.txt', 'src'), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => parts.join('/')),
  )

/** What is planted at the state directory of a project whose root this is. */
type Plant = (root: string, path: string) => void | Promise<void>

const state = (root: string, ...parts: string[]): string =>
  join(root, 'project/.stepwell', ...parts)

const theRun = (root: string): string =>
  readdirSync(state(root, 'runs')).find((name) => !name.startsWith('.')) ?? ''

/** With another path in each out. */
function redirected<T>(value: T, path: string, kind?: string): T {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) => {
      const isOut = typeof member === 'object' && member !== null && 'path' in member
      if (!isOut || !('digest' in member) || !('kind' in member)) return member
      return kind === undefined || member.kind === kind ? { ...member, path } : member
    }),
  ) as T
}

function editSnapshot(root: string, edit: (value: unknown) => unknown): void {
  const at = state(root, 'state/p.json')
  const text = readFileSync(at, 'utf8')
  const json = JSON.stringify(edit(JSON.parse(text.slice(text.indexOf('\n') + 1))))
  writeFileSync(at, `${digestText(json)}\n${json}`)
}

function editSummary(root: string, edit: (value: RunRecord) => unknown): void {
  const at = state(root, 'runs', theRun(root), 'summary.json')
  writeFileSync(at, JSON.stringify(edit(JSON.parse(readFileSync(at, 'utf8')) as RunRecord)))
}

/** As if the index had been lost, so that it is filled from the journals. */
function editJournal(root: string, edit: (entry: StepEntry) => StepEntry): void {
  const at = state(root, 'runs', theRun(root), 'entries.ndjson')
  const lines = readFileSync(at, 'utf8').trimEnd().split('\n')
  const records = lines.map((line) => {
    const { key, entry } = JSON.parse(line.slice(line.indexOf(' ') + 1)) as {
      key: StepKey
      entry: StepEntry
    }
    return { key, entry: edit(entry) }
  })
  writeFileSync(at, records.map((record) => `${sealed(record)}\n`).join(''))
  rmSync(state(root, 'index'), { recursive: true })
  rmSync(state(root, 'state'), { recursive: true })
}

async function editIndex(root: string, edit: (entry: StepEntry) => StepEntry): Promise<void> {
  rmSync(state(root, 'state'), { recursive: true })
  const options = { warn: () => undefined }
  const index = LevelIndex.share(state(root), options)
  for (const [address, text] of await index.page('', 100)) {
    if (!address.startsWith('step ')) continue
    const { key, entry } = JSON.parse(text.slice(text.indexOf(' ') + 1)) as {
      key: StepKey
      entry: StepEntry
    }
    await index.put(...entryRecord(key, edit(entry)))
  }
  await index.close(options)
}

function plantTree(root: string, rows: readonly unknown[]): void {
  const text = ['stepwell tree 1', ...rows.map((row) => JSON.stringify(row)), ''].join('\n')
  const digest = digestText(text)
  const at = state(root, 'objects', digestHex(digest).slice(0, 2), digestHex(digest).slice(2))
  writeFiles(root, { [relative(root, at)]: text })
  const change = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value, (_, member: unknown) =>
        typeof member === 'object' && member !== null && 'files' in member && 'digest' in member
          ? { ...member, digest }
          : member,
      ),
    ) as T
  editSnapshot(root, change)
  editSummary(root, change)
  rmSync(join(root, 'project/out/data'), { recursive: true })
}

const evil = (root: string): string => store(root, 'evil')

function store(root: string, text: string): string {
  const digest = digestText(text)
  const at = state(root, 'objects', digestHex(digest).slice(0, 2), digestHex(digest).slice(2))
  writeFiles(root, { [relative(root, at)]: text })
  return digest
}

function plantTaken(root: string, taken: object, path: string): void {
  const place = state(root, 'staging/20261130-211434.794-d64c/place')
  const last = basename(path).replaceAll('\0', '')
  const name = ['', '.', '..'].includes(last) ? 'x' : last
  writeFiles(place, { 'outs.json': JSON.stringify(taken), [`before/0/${name}`]: 'evil' })
}

const PLANTS: Readonly<Record<string, Plant>> = {
  'the outs of a state': (root, path) => editSnapshot(root, (value) => redirected(value, path)),
  'the directories of a state': (root, path) =>
    editSnapshot(root, (value) => redirected(value, path, 'dir')),
  'the outs of a run': (root, path) => editSummary(root, (value) => redirected(value, path)),
  'the id of a run': (root, path) => editSummary(root, (value) => ({ ...value, id: path })),
  'the events of a run': (root, path) => {
    const run = state(root, 'runs', theRun(root))
    rmSync(join(run, 'summary.json'))
    const lines = readFileSync(join(run, 'events.ndjson'), 'utf8').trimEnd().split('\n')
    const edited = lines.map((line) =>
      JSON.stringify(redirected(JSON.parse(line) as unknown, path)),
    )
    writeFileSync(join(run, 'events.ndjson'), `${edited.join('\n')}\n`)
  },
  'the entries of a journal': (root, path) => editJournal(root, (entry) => redirected(entry, path)),
  'the entries of the index': async (root, path) =>
    await editIndex(root, (entry) => redirected(entry, path)),
  'digests of a state': (root, path) =>
    editSnapshot(root, (value) =>
      JSON.parse(
        JSON.stringify(value).replaceAll(
          /"digest":"[^"]*"/g,
          () => `"digest":${JSON.stringify(path)}`,
        ),
      ),
    ),
  'digests of a run': (root, path) =>
    editSummary(root, (value) =>
      JSON.parse(
        JSON.stringify(value).replaceAll(
          /"(digest|itemBase|items)":"[^"]*"/g,
          (_, name: string) => `"${name}":${JSON.stringify(path)}`,
        ),
      ),
    ),
  'files of a tree': (root, path) => plantTree(root, [['file', path, evil(root), 4, 0o644]]),
  'empty directories of a tree': (root, path) => plantTree(root, [['empty', path]]),
  'links of a tree': (root, path) =>
    plantTree(root, [
      ['link', 'l', path],
      ['file', 'l/kept.txt', evil(root), 4, 0o755],
    ]),
  'targets of links of a tree': (root, path) => plantTree(root, [['link', 'sub/l', path]]),
  'what is no tree': (root, path) => plantTree(root, [path, null, [path], ['file', path], 7]),
  'attributes of a directory': (root, path) => {
    const rows = [['', 0o700], [path, 0o4777], [path, 0o777, 1], [7], null]
    for (const some of [rows, rows.slice(0, 2), rows.slice(0, 3)]) {
      const text = ['stepwell attributes 1', ...some.map((row) => JSON.stringify(row)), ''].join(
        '\n',
      )
      const digest = store(root, text)
      const change = <T>(value: T): T =>
        JSON.parse(
          JSON.stringify(value, (key, member: unknown) => (key === 'attributes' ? digest : member)),
        ) as T
      editSnapshot(root, change)
      editSummary(root, change)
    }
    rmSync(join(root, 'project/out/data'), { recursive: true })
  },
  'what a killed step took': (root, path) =>
    plantTaken(root, { step: 'place', paths: [path] }, path),
  'who took it': (root, path) => {
    plantTaken(root, { step: path, paths: ['out/placed'] }, 'placed')
  },
  'where it is kept': (root, path) => {
    const place = state(root, 'staging/20261130-211434.794-d64c/place')
    writeFiles(place, { 'outs.json': JSON.stringify({ step: 'place', paths: ['out/kept.txt'] }) })
    symlinkSync(path.includes('\0') || path === '' ? '/' : path, join(place, 'before'))
  },
  'links in staging': (root) => {
    mkdirSync(state(root, 'staging/20261130-211434.794-d64c'), { recursive: true })
    symlinkSync(join(root, 'outside'), state(root, 'staging/20261130-211434.794-d64c/place'))
  },
  'links in the state directory': (root, path) => {
    const names = [
      'recycle',
      'staging',
      'scratch',
      'runs/20991231-000000.000-aaaa',
      'state',
      'pins',
      'loop',
      'commands',
      'objects/zz',
      'staging/x',
      'accepted.ndjson',
      'items/x',
    ]
    const name = names[path.length % names.length] ?? ''
    rmSync(state(root, name), { recursive: true, force: true })
    mkdirSync(dirname(state(root, name)), { recursive: true })
    symlinkSync(join(root, 'outside'), state(root, name))
  },
}

/** All that is in a directory, but for the state of Stepwell and what the steps declare. */
function treeOf(root: string): Record<string, string> {
  const found: Record<string, string> = {}
  const look = (path: string): void => {
    const at = join(root, path)
    const stats = lstatSync(at)
    if (stats.isSymbolicLink()) found[path] = `-> ${readlinkSync(at)}`
    else if (!stats.isDirectory()) found[path] = `${stats.mode} ${readFileSync(at, 'utf8')}`
    else {
      found[path] = 'directory'
      for (const name of readdirSync(at)) {
        const inner = path === '' ? name : `${path}/${name}`
        if (!['project/.stepwell', 'project/out'].includes(inner)) look(inner)
      }
    }
  }
  look('')
  return found
}

/** What is in the outs, with what they may be. */
function outsOf(root: string): string[] {
  const out = join(root, 'project/out')
  if (!existsSync(out)) return []
  return readdirSync(out).toSorted()
}

/** All that reads a state directory, and then acts. */
async function useAll(root: string): Promise<void> {
  const project = join(root, 'project')
  const copy = join(root, 'copy')
  const attempt = async (use: () => Promise<unknown>): Promise<void> => {
    try {
      await use()
    } catch (error) {
      // It says so, and what to do: nothing of it is an accident.
      expect(error).toBeInstanceOf(StepwellError)
    }
  }
  let engine
  try {
    engine = await openEngine({ dir: project })
  } catch (error) {
    expect(error).toBeInstanceOf(StepwellError)
    return
  }
  const run = theRun(root)
  await attempt(async () => await engine.plan(listed))
  await attempt(async () => await engine.status(listed))
  for (const of of [{}, { run }]) {
    await attempt(async () => await engine.restore(listed, { ...of, force: true }))
  }
  await attempt(async () => {
    await engine.copyOuts(run, { to: copy })
  })
  await attempt(async () => {
    const before = await engine.runRecord(run)
    await engine.diff(before, before)
  })
  await attempt(async () => {
    const { status } = await engine.run(listed).result
    expect(status).toBe('succeeded')
  })
  await attempt(async () => await engine.cacheEntries())
  await attempt(async () => await engine.verify())
  await attempt(async () => await engine.gc({ keepRuns: 1 }))
  await engine.close()
  rmSync(copy, { recursive: true, force: true })
}

for (const [name, plant] of Object.entries(PLANTS)) {
  test(`nothing is written outside, nor where no step declares it: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, isMissing) => {
        const root = makeTemporaryDir()
        try {
          cpSync(base, root, { recursive: true, verbatimSymlinks: true })
          const [path = ''] = fc.sample(paths(root), { seed, numRuns: 1 })
          if (isMissing) rmSync(join(root, 'project/out'), { recursive: true })
          mkdirSync(join(root, 'project/out/data'), { recursive: true })
          await plant(root, path)
          const before = treeOf(root)
          await useAll(root)
          expect(treeOf(root)).toEqual(before)
          const declared = ['data', 'note.txt', 'placed']
          expect(declared).toEqual(expect.arrayContaining(outsOf(root)))
        } finally {
          rmSync(root, { recursive: true, force: true })
        }
      }),
      { numRuns: RUNS },
    )
  })
}

test.skipIf(process.platform !== 'linux')(
  'no process is ended that a record only claims to know',
  async () => {
    const root = makeTemporaryDir()
    const victim = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    try {
      cpSync(base, root, { recursive: true, verbatimSymlinks: true })
      const keeper = { pid: 1, host: hostname(), started: 'another boot 1' }
      const processes = [
        { pid: victim.pid, host: hostname(), started: null },
        { pid: victim.pid, host: 'elsewhere', started: null },
        { pid: victim.pid, host: hostname(), started: 'another boot 1' },
      ]
      for (const [index, process] of processes.entries()) {
        const record = {
          pipeline: 'p',
          step: 's',
          key: digestText('k'),
          run: 'r',
          process,
          keeper,
          isReady: true,
        }
        writeFiles(root, {
          [`project/.stepwell/services/${index}/service.json`]: JSON.stringify(record),
          [`project/.stepwell/commands/${index}.json`]: `${JSON.stringify({ step: 's', engine: keeper })}\n${JSON.stringify(process)}\n`,
        })
      }
      await useAll(root)
      expect([victim.exitCode, victim.signalCode]).toEqual([null, null])
    } finally {
      victim.kill('SIGKILL')
      await once(victim, 'exit')
      rmSync(root, { recursive: true, force: true })
    }
  },
)
