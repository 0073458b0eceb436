import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dir, file, glob, pipeline, step, type Engine, type Pipeline } from '../src/index.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

/** Modes of all that is in a directory, and of itself, in octal. */
function modesIn(root: string): Record<string, string> {
  const names = ['.', ...(readdirSync(root, { recursive: true }) as string[])]
  return Object.fromEntries(
    names.toSorted().map((name) => [name, (lstatSync(join(root, name)).mode & 0o7777).toString(8)]),
  )
}

async function statusOf(engine: Engine, of: Pipeline): Promise<string | undefined> {
  const { steps } = await engine.run(of).result
  return steps['make']?.error?.message ?? steps['make']?.status
}

function objectModes(project: string): number[] {
  const all = readdirSync(join(project, '.stepwell/objects'), {
    recursive: true,
    withFileTypes: true,
  })
  return all.flatMap((entry) =>
    entry.isFile() ? [statSync(join(entry.parentPath, entry.name)).mode & 0o777] : [],
  )
}

function withUmask(mask: number): void {
  const before = process.umask(mask)
  onTestFinished(() => void process.umask(before))
}

const DIRS = {
  private: 0o700,
  shared: 0o2775,
  sticky: 0o1777,
  closed: 0o555,
  'private/inner': 0o750,
}
const FILES = {
  open: 0o644,
  read: 0o444,
  own: 0o600,
  mine: 0o400,
  tool: 0o755,
  group: 0o640,
  'private/inner/x': 0o666,
}

function makeAll(root: string): void {
  for (const name of Object.keys(DIRS)) mkdirSync(join(root, name))
  for (const [name, mode] of Object.entries(FILES)) {
    writeFileSync(join(root, name), name)
    chmodSync(join(root, name), mode)
  }
  writeFileSync(join(root, 'closed/y'), 'y')
  for (const [name, mode] of Object.entries(DIRS).toReversed()) chmodSync(join(root, name), mode)
  chmodSync(root, 0o710)
}

describe('what comes back is what was made', () => {
  for (const link of ['copy', 'hard'] as const) {
    test(`modes of files and directories (${link})`, async () => {
      const project = temporaryDir()
      const engine = await engineOn(project, { link })
      const make = step({
        outs: { all: dir('all'), read: file('read'), own: file('own'), tool: file('tool') },
        version: link,
        run: (_, { outs }) => {
          makeAll(outs.all)
          for (const [name, mode] of [
            ['read', 0o444],
            ['own', 0o600],
            ['tool', 0o711],
          ] as const) {
            writeFileSync(outs[name], name)
            chmodSync(outs[name], mode)
          }
        },
      })
      const making = pipeline('making', { make })
      expect(await statusOf(engine, making)).toBe('succeeded')
      const before = modesIn(project)
      if (link === 'copy')
        expect(before).toMatchObject({ 'all/read': '444', 'all/shared': '2775', all: '710' })
      await engine.gc()
      for (const name of ['all', 'read', 'own', 'tool']) {
        if (name === 'all') chmodSync(join(project, 'all/closed'), 0o755)
        rmSync(join(project, name), { recursive: true })
      }
      expect(await statusOf(engine, making)).toBe('cached')
      const ours = (modes: Record<string, string>) =>
        Object.entries(modes).filter(([name]) => !name.startsWith('.stepwell'))
      expect(ours(modesIn(project))).toEqual(ours(before))
      chmodSync(join(project, 'all/closed'), 0o755)
    })
  }

  test('which file of a directory was written before which', async () => {
    const project = temporaryDir()
    const engine = await engineOn(project)
    const order = Array.from({ length: 60 }, (_, n) => [`f${n}`, (n * 37) % 20] as const)
    const make = step({
      outs: { all: dir('all') },
      params: { order },
      run: (_, { outs, params }) => {
        for (const [name, nth] of params.order) {
          writeFileSync(join(outs.all, name), name)
          utimesSync(join(outs.all, name), 1_700_000_000 + nth, 1_700_000_000 + nth)
        }
      },
    })
    const making = pipeline('making', { make })
    await engine.run(making).result
    rmSync(join(project, 'all'), { recursive: true })
    expect(await statusOf(engine, making)).toBe('cached')
    const timeOf = (name: string) => lstatSync(join(project, 'all', name), { bigint: true }).mtimeNs
    for (const [a, first] of order) {
      for (const [b, second] of order) {
        const isBefore = timeOf(a) < timeOf(b)
        expect([a, b, isBefore]).toEqual([a, b, first < second])
      }
    }
    expect(Number(timeOf('f0') / 1_000_000_000n)).toBeGreaterThan(1_700_001_000)
  })

  test('where the modes are lost, it is for its owner alone', async () => {
    const project = temporaryDir()
    const engine = await engineOn(project)
    const make = step({
      outs: { all: dir('all') },
      run: (_, { outs }) => {
        mkdirSync(join(outs.all, 'in'), { mode: 0o755 })
        writeFileSync(join(outs.all, 'in/tool'), '', { mode: 0o755 })
        writeFileSync(join(outs.all, 'in/x'), 'x')
      },
    })
    const making = pipeline('making', { make })
    await engine.run(making).result
    const objects = readdirSync(join(project, '.stepwell/objects'), {
      recursive: true,
      withFileTypes: true,
    })
    for (const entry of objects.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name)
      if (readFileSync(path, 'utf8').startsWith('stepwell attributes')) rmSync(path)
    }
    rmSync(join(project, 'all'), { recursive: true })
    expect(await statusOf(engine, making)).toBe('cached')
    expect(modesIn(join(project, 'all'))).toEqual({
      '.': '700',
      in: '700',
      'in/tool': '700',
      'in/x': '600',
    })
  })
})

describe('of a mode, only whether its owner may execute a file counts', () => {
  test('another umask is no change, of inputs and of outs', async () => {
    const project = temporaryDir()
    const engine = await engineOn(project)
    const make = step({
      inputs: { one: file('in/one'), all: dir('in'), list: glob('in/*') },
      outs: { out: file('out'), dir: dir('outs') },
      run: (_, { outs }) => {
        writeFileSync(outs.out, 'x')
        writeFileSync(join(outs.dir, 'x'), 'x')
      },
    })
    const use = step({ inputs: { out: make.out('out'), dir: make.out('dir') }, run: () => null })
    const making = pipeline('making', { make, use })
    const write = (mask: number) => {
      process.umask(mask)
      rmSync(join(project, 'in'), { recursive: true, force: true })
      writeFiles(project, { 'in/one': '1', 'in/two': '2' })
      writeFileSync(join(project, 'in/tool'), 't', { mode: 0o777 })
    }
    withUmask(0o022)
    write(0o022)
    expect(await statusOf(engine, making)).toBe('succeeded')
    for (const mask of [0o077, 0o002, 0o000, 0o027]) {
      write(mask)
      expect(await statusOf(engine, making)).toBe('cached')
      const { steps } = await engine.run(making, { force: ['make'] }).result
      expect([steps['make']?.status, steps['use']?.status], mask.toString(8)).toEqual([
        'succeeded',
        'cached',
      ])
    }
    chmodSync(join(project, 'in/one'), 0o755)
    expect(await statusOf(engine, making)).toBe('succeeded')
  })

  test('an out whose mode was changed by hand stays so, unless it is executable now', async () => {
    const project = temporaryDir()
    const engine = await engineOn(project)
    const make = step({
      outs: { out: file('out') },
      run: (_, { outs }) => writeFileSync(outs.out, 'x'),
    })
    const making = pipeline('making', { make })
    await engine.run(making).result
    chmodSync(join(project, 'out'), 0o600)
    const { steps } = await engine.run(making).result
    expect(steps['make']).toMatchObject({ status: 'cached', reasons: [{ kind: 'unchanged' }] })
    expect(modesIn(project)['out']).toBe('600')
    chmodSync(join(project, 'out'), 0o700)
    await engine.run(making).result
    expect(statSync(join(project, 'out')).mode & 0o111).toBe(0)
  })
})

describe('only those who may read the source of an object may read the object', () => {
  test('objects have the modes of their files, and of several the least', async () => {
    withUmask(0o000)
    const project = temporaryDir()
    const engine = await engineOn(project)
    const big = 'x'.repeat(1_100_000)
    for (const [nth, modes] of [
      [0o644, 0o600],
      [0o600, 0o644],
      [0o640, 0o604],
    ].entries()) {
      for (const text of [`small ${nth}`, `${nth}${big}`]) {
        const make = step({
          outs: { a: file('a'), b: file('b') },
          params: { modes, text },
          run: (_, { outs, params }) => {
            for (const [at, path] of [outs.a, outs.b].entries()) {
              writeFileSync(path, params.text)
              chmodSync(path, params.modes[at] ?? 0)
            }
          },
        })
        expect(await statusOf(engine, pipeline('making', { make }))).toBe('succeeded')
      }
    }
    const files = objectModes(project).filter((mode) => (mode & 0o200) === 0)
    expect(files.map((mode) => mode.toString(8))).toEqual(files.map(() => '400'))
    expect(files.length).toBe(6)
  })

  test('the state of a project is closed to others, whatever the umask', async () => {
    withUmask(0o000)
    for (const [mode, expected] of [
      [0o755, 0o700],
      [0o777, 0o770],
      [0o775, 0o770],
      [0o700, 0o700],
    ] as const) {
      const project = temporaryDir()
      chmodSync(project, mode)
      const engine = await engineOn(project)
      const make = step({ run: () => 1 })
      await engine.run(pipeline('making', { make })).result
      expect(statSync(join(project, '.stepwell')).mode & 0o777, mode.toString(8)).toBe(expected)
    }
  })

  test.skipIf(process.getuid?.() !== 0)('another user finds nothing of it', async () => {
    withUmask(0o022)
    const project = temporaryDir()
    chmodSync(project, 0o755)
    const engine = await engineOn(project)
    const make = step({
      outs: { own: file('own'), all: dir('all') },
      run: (_, { outs }) => {
        writeFileSync(outs.own, 'private', { mode: 0o600 })
        writeFileSync(join(outs.all, 'x'), 'private')
        chmodSync(outs.all, 0o700)
      },
    })
    const making = pipeline('making', { make })
    await engine.run(making).result
    rmSync(join(project, 'all'), { recursive: true })
    await engine.run(making).result
    const { stdout } = spawnSync('grep', ['-rs', 'private', '.'], {
      cwd: project,
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })
})
