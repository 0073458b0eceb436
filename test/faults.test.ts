import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { files, left } from './files.ts'
import { ended, Project, ROOT, type RunOutcome } from './rig.ts'

const CACHED = { make: 'cached', sum: 'cached', read: 'cached' }
const NOBODY = 65_534

/** Why file systems cannot be mounted here, if they cannot. */
function noMounts(): string | undefined {
  if (process.platform !== 'linux') return 'tmpfs is of Linux'
  const { status } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()])
  return status === 0 ? undefined : 'this user may not mount'
}

/** Why nothing can be run as another user here, if it cannot. */
function noUsers(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can run something as another user'
  const { status } = spawnSync(
    process.execPath,
    ['-e', `require('fs').statSync(${JSON.stringify(ROOT)})`],
    {
      uid: NOBODY,
      gid: NOBODY,
    },
  )
  return status === 0 ? undefined : 'another user cannot read this checkout'
}

/** An empty file system of so many kB, which goes with the test. */
function fileSystem(size: number): {
  readonly dir: string
  resize(size: number | 'ro' | 'rw'): void
} {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-fs-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}k`, 'tmpfs', dir])
  onTestFinished(() => {
    execFileSync('umount', ['-l', dir])
    rmSync(dir, { recursive: true })
  })
  return {
    dir,
    resize: (to) =>
      void execFileSync('mount', [
        '-o',
        `remount,${typeof to === 'number' ? `size=${to}k` : to}`,
        dir,
      ]),
  }
}

function result({ outputs }: RunOutcome, project: Project) {
  return { outputs, left: left(project) }
}

/** Makes what the steps write fill a small disk. */
const bigger = (project: Project): void => project.edit('pipeline.ts', 'size: 10 ', 'size: 30000 ')

describe.skipIf(noMounts() !== undefined)(`a disk ${noMounts() ?? ''}`, () => {
  test('that is full fails the run, loses nothing, and the next run is as if undisturbed', async () => {
    const undisturbed = files()
    bigger(undisturbed)
    const expected = result(await undisturbed.run(), undisturbed)

    const said = new Set<string>()
    let failures = 0
    for (let room = 4; ; room += 43) {
      const disk = fileSystem(10_000)
      const project = files(disk.dir)
      const before = result(await project.run(), project)
      bigger(project)
      const used = Number(
        execFileSync('df', ['--output=used', disk.dir], { encoding: 'utf8' }).split('\n')[1],
      )
      disk.resize(used + room)
      const full = await project.stepwell('run')
      const what = `with ${room} kB left: ${full.stderr}`
      if (full.code === 0) break
      failures += 1
      expect(full.stderr, what).toMatch(/ENOSPC|no space|room/i)
      said.add(/STEPWELL_\w+/.exec(full.stderr)?.[0] ?? 'the step')
      // Each file is the old one or the new one, whole.
      for (const [path, content] of Object.entries(before.left)) {
        expect([content, expected.left[path]], what).toContain(project.read(path))
      }
      disk.resize(10_000)
      const again = await project.run()
      expect.soft(again.code, `${what} and then ${again.stderr}`).toBe(0)
      expect(result(again, project), what).toEqual(expected)
    }
    expect(failures).toBeGreaterThan(4)
    expect(said.size, [...said].join()).toBeGreaterThan(1)
  })

  test('that is read-only: nothing can run, and all that only reads still answers', async () => {
    const disk = fileSystem(10_000)
    const project = files(disk.dir)
    await project.run()
    disk.resize('ro')
    const run = await project.stepwell('run')
    expect([run.code, run.stdout]).toEqual([2, ''])
    expect(run.stderr).toMatch(/STEPWELL_STATE/)
    for (const verb of ['plan', 'explain make', 'runs', 'runs show', 'graph', 'code make']) {
      const { code, stderr } = await project.stepwell(...verb.split(' '))
      expect([code, stderr], verb).toEqual([0, ''])
    }
  })
})

test.skipIf(noMounts() !== undefined)('outs may be on a file system of their own', async () => {
  const project = files()
  const out = project.path('out')
  mkdirSync(out)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1000k', 'tmpfs', out])
  onTestFinished(() => void execFileSync('umount', ['-l', out]))
  expect((await project.run()).code).toBe(0)
  const before = left(project)
  for (const text of ['other', 'a']) {
    project.write('src/a.txt', text)
    const { code, stderr } = await project.run()
    expect([code, stderr]).toEqual([0, ''])
  }
  expect(left(project)).toEqual(before)
})

describe.skipIf(noUsers() !== undefined)(`permissions ${noUsers() ?? ''}`, () => {
  function owned(): Project {
    const project = files()
    for (const path of [project.dir, project.path('src'), project.path('package.json')]) {
      chownSync(path, NOBODY, NOBODY)
    }
    return project
  }
  const run = async (project: Project) => {
    const exit = await ended(project.start(['run', '--json'], {}, NOBODY))
    const record = exit.stdout.startsWith('{')
      ? (JSON.parse(exit.stdout) as RunOutcome['record'])
      : undefined
    return {
      ...exit,
      statuses: Object.values(record?.steps ?? {}).map(
        ({ name, status, error }) => `${name} ${error?.code ?? status}`,
      ),
    }
  }

  test('a project that cannot be written is told so', async () => {
    const project = owned()
    chmodSync(project.dir, 0o555)
    const { code, stderr } = await run(project)
    expect(code).toBe(2)
    expect(stderr).toMatch(/state directory .* cannot be made.*STEPWELL_STATE/)
  })

  test('an out that cannot be read is put aside, and made anew', async () => {
    const project = owned()
    await run(project)
    chmodSync(project.path('out/table.csv'), 0)
    chmodSync(project.path('out/parts/deep'), 0)
    const { code, stderr, statuses } = await run(project)
    expect([code, statuses], stderr).toEqual([0, ['make cached', 'sum cached', 'read cached']])
  })

  test('a step may leave directories that are read-only, and have them replaced', async () => {
    const project = owned()
    project.edit('pipeline.ts', 'import { mkdirSync,', 'import { chmodSync, mkdirSync,')
    project.edit(
      'pipeline.ts',
      'return sources',
      "chmodSync(join(outs.parts, 'deep/0'), 0o555)\n    chmodSync(outs.parts, 0o555)\n    return sources",
    )
    for (const text of ['a', 'b', 'c']) {
      project.write('src/a.txt', text)
      const { code, stderr } = await run(project)
      expect(code, stderr).toBe(0)
    }
    expect(readdirSync(project.path('.stepwell/staging'))).toEqual([])
  })

  test('leftovers that belong to somebody else keep nobody from running', async () => {
    const project = owned()
    await run(project)
    project.write('.stepwell/recycle/20200101T000000-make-0/make/half', 'x')
    const { code, stderr } = await run(project)
    expect(code, stderr).toBe(0)
  })

  test('an input that cannot be read fails its step', async () => {
    const project = owned()
    chmodSync(project.path('src/a.txt'), 0)
    const { code, statuses } = await run(project)
    expect([code, statuses]).toEqual([
      1,
      ['make STEPWELL_INPUT_MISSING', 'sum skipped', 'read skipped'],
    ])
  })

  test('an out that cannot be put into place fails its step, and needs no second execution', async () => {
    const project = owned()
    mkdirSync(project.path('out'), { mode: 0o555 })
    const refused = await run(project)
    expect([refused.code, refused.statuses]).toEqual([
      1,
      ['make STEPWELL_OUT_PLACE', 'sum skipped', 'read skipped'],
    ])
    chownSync(project.path('out'), NOBODY, NOBODY)
    chmodSync(project.path('out'), 0o755)
    const { statuses } = await run(project)
    expect(statuses).toEqual(['make cached', 'sum succeeded', 'read succeeded'])
  })

  test('a store that cannot be read is an error that says where', async () => {
    const project = owned()
    await run(project)
    chmodSync(project.path('.stepwell/objects'), 0)
    const { code, stderr } = await run(project)
    chmodSync(project.path('.stepwell/objects'), 0o755)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/\.stepwell/)
    expect((await run(project)).statuses).toEqual(['make cached', 'sum cached', 'read cached'])
  })
})

describe('clocks', () => {
  /** Environment in which a process believes that it is another time. */
  function at(project: Project, shift: number): Record<string, string> {
    project.write(
      'clock.mjs',
      `const now = Date.now\nDate.now = () => now() + (${shift})\n` +
        `const Real = Date\nglobalThis.Date = class extends Real {\n` +
        `  constructor(...args) { super(...(args.length === 0 ? [Real.now()] : args)) }\n}\n`,
    )
    return { NODE_OPTIONS: `--import=${project.path('clock.mjs')}` }
  }
  const YEAR = 365 * 86_400_000

  test('one that jumps back or ahead between runs hides no edit', async () => {
    const project = files()
    const seen: unknown[] = []
    for (const [round, shift] of [0, -YEAR, YEAR, -2 * YEAR, 0].entries()) {
      // As long as before, so that only its content and its times tell.
      project.write('src/a.txt', String(round))
      const { atime, mtime } = statSync(project.path('src/b.txt'))
      if (round % 2 === 1) utimesSync(project.path('src/a.txt'), atime, mtime)
      // Where the clock is behind the files, it cannot be told whether they changed after they were loaded.
      for (const expected of ['succeeded', shift < 0 ? 'succeeded' : 'cached']) {
        const exit = await ended(project.start(['run', '--json'], at(project, shift)))
        const { steps } = JSON.parse(exit.stdout) as RunOutcome['record']
        expect(steps['make']?.status, `round ${round}: ${exit.stderr}`).toBe(expected)
      }
      seen.push(project.read('out/table.csv'))
    }
    expect(new Set(seen).size).toBe(seen.length)
  })

  test('files from the future are looked at each time', async () => {
    const project = files()
    const future = new Date(Date.now() + YEAR)
    for (const content of ['1', '2', '3']) {
      project.write('src/a.txt', content)
      utimesSync(project.path('src/a.txt'), future, future)
      expect((await project.run()).statuses['make']).toBe('succeeded')
      expect(project.read('out/table.csv')).toContain(content)
      expect((await project.run()).statuses).toEqual(CACHED)
    }
  })
})

test('a file rewritten at once after the run that read it, its time put back, is seen', async () => {
  const project = files()
  await project.run()
  for (let round = 0; round < 8; round += 1) {
    const { atime, mtime } = statSync(project.path('src/a.txt'))
    project.write('src/a.txt', String(round))
    utimesSync(project.path('src/a.txt'), atime, mtime)
    const { statuses } = await project.run()
    expect(statuses['make'], `round ${round}`).toBe('succeeded')
    expect(project.read('out/table.csv')).toContain(String(round))
  }
  expect(readdirSync(project.path('.stepwell/staging'))).toEqual([])
})
