import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { WORD_STAGES } from './dvc-words.ts'
import { all, Project } from './rig.ts'

const CHAIN = `${WORD_STAGES}  report:
    cmd: cat scaled.txt > report.txt
    deps: [scaled.txt]
    outs: [report.txt]
`
const WORDS = 'one two three\n'
const DATA = ['words.txt', 'count.txt', 'scaled.txt', 'report.txt']
const STAGES = ['count', 'scale', 'report']

/** A project whose data `dvc add` and `repro` have recorded. */
async function recorded(): Promise<Project> {
  const project = new Project()
  mkdirSync(project.path('.dvc/tmp'), { recursive: true })
  project.write('.dvc/config', '[core]\n    no_scm = True\n')
  project.write('dvc.yaml', CHAIN)
  project.write('params.yaml', 'factor: 2\n')
  project.write('words.txt', WORDS)
  add(project, WORDS)
  expect((await repro(project)).statuses).toEqual(all('succeeded', STAGES))
  return project
}

function add(project: Project, words: string): void {
  const md5 = createHash('md5').update(words).digest('hex')
  project.write(
    'words.txt.dvc',
    `outs:\n- md5: ${md5}\n  size: ${words.length}\n  hash: md5\n  path: words.txt\n`,
  )
}

/** Leaves what Git has of it. */
function clone(project: Project): void {
  for (const name of [...DATA, '.dvc/cache', '.stepwell']) {
    rmSync(project.path(name), { recursive: true, force: true })
  }
}

async function repro(project: Project, ...args: string[]) {
  const { code, stdout, stderr } = await project.stepwell('repro', '--json', ...args)
  const { steps } = JSON.parse(stdout) as {
    steps: Record<string, { status: string; error?: { code?: string } }>
  }
  const of = (what: (step: { status: string; error?: { code?: string } }) => unknown) =>
    Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, what(step)]))
  return { code, stderr, statuses: of(({ status }) => status), errors: of((s) => s.error?.code) }
}

const there = (project: Project): string[] => DATA.filter((name) => existsSync(project.path(name)))

describe('--allow-missing', () => {
  test('stages that lack data and nothing else are up to date, and nothing is written', async () => {
    const project = await recorded()
    clone(project)
    const lock = project.read('dvc.lock')
    const { code, statuses } = await repro(project, '--allow-missing')
    expect([code, statuses]).toEqual([0, all('cached', STAGES)])
    const { stdout } = await project.stepwell('repro', '--allow-missing', '--dry')
    expect(stdout).toContain('dvc.lock has it so, though words.txt is missing')
    expect(stdout).toContain('0 will run')
    expect(there(project)).toEqual([])
    expect(project.read('dvc.lock')).toBe(lock)
    // Without it, the data is needed.
    expect((await repro(project)).errors['count']).toBe('STEPWELL_INPUT_MISSING')
  })

  test('of the cache of DVC, it gets what a stage needs that has to run', async () => {
    const project = await recorded()
    for (const name of [...DATA, '.stepwell']) rmSync(project.path(name), { recursive: true })
    project.edit('params.yaml', '2', '3')
    const { stderr, statuses } = await repro(project, '--allow-missing')
    expect(statuses, stderr).toEqual({ ...all('succeeded', STAGES), count: 'cached' })
    expect(there(project)).toEqual(DATA.slice(1))
    expect(project.read('report.txt')).toBe('9\n')
    expect(project.read('dvc.lock')).toContain('factor: 3')
  })

  test('a stage is made again whose output is needed and nowhere to be had', async () => {
    const project = await recorded()
    clone(project)
    project.write('words.txt', WORDS)
    project.edit('params.yaml', '2', '3')
    expect((await repro(project, '--allow-missing')).statuses).toEqual(all('succeeded', STAGES))
    clone(project)
    project.edit('params.yaml', '3', '4')
    const { code, errors } = await repro(project, '--allow-missing')
    expect([code, errors['count']]).toEqual([1, 'STEPWELL_INPUT_MISSING'])
  })

  test('what ran before to the same result leaves it up to date', async () => {
    const project = await recorded()
    clone(project)
    project.write('words.txt', 'three other words\n')
    expect((await repro(project, '--allow-missing')).statuses).toEqual({
      ...all('cached', STAGES),
      count: 'succeeded',
    })
    expect(there(project)).toEqual(['words.txt', 'count.txt'])
  })

  test('missing data is not unchanged where a *.dvc file records other data', async () => {
    const project = await recorded()
    clone(project)
    add(project, 'four words are there\n')
    const { code, errors } = await repro(project, '--allow-missing')
    expect([code, errors['count']]).toEqual([1, 'STEPWELL_INPUT_MISSING'])
  })

  test('what is gone from a directory that was made again is not missing', async () => {
    const project = await recorded()
    project.write(
      'dvc.yaml',
      'stages:\n' +
        '  split:\n    cmd: mkdir parts && cp words.txt parts/$(cat name.txt)\n' +
        '    deps: [words.txt, name.txt]\n    outs: [parts]\n' +
        '  read:\n    cmd: cat parts/a.txt > a.txt\n    deps: [parts/a.txt]\n    outs: [a.txt]\n',
    )
    project.write('name.txt', 'a.txt')
    await repro(project)
    rmSync(project.path('parts'), { recursive: true })
    clone(project)
    expect((await repro(project, '--allow-missing')).statuses).toEqual(
      all('cached', ['split', 'read']),
    )
    project.write('words.txt', WORDS)
    project.write('name.txt', 'b.txt')
    expect((await repro(project, '--allow-missing')).statuses).toEqual({
      split: 'succeeded',
      read: 'failed',
    })
  })

  test('an output that was edited is not missing; -f runs all', async () => {
    const project = await recorded()
    clone(project)
    project.write('words.txt', WORDS)
    project.write('scaled.txt', '7\n')
    expect((await repro(project, '--allow-missing')).statuses).toEqual({
      ...all('succeeded', STAGES),
      report: 'cached',
    })
    expect((await repro(project, '--allow-missing', '-f')).statuses).toEqual(
      all('succeeded', STAGES),
    )
  })
})

test('a stage alone is recorded, whatever the data of those before it', async () => {
  const project = await recorded()
  rmSync(project.path('words.txt'))
  rmSync(project.path('.dvc/cache'), { recursive: true })
  project.edit('params.yaml', '2', '3')
  expect((await repro(project, '-s', 'scale')).statuses).toEqual({ scale: 'succeeded' })
  expect(project.read('dvc.lock')).toContain('factor: 3')
})

describe('data of a *.dvc file that was edited', () => {
  const COMMENTED = (md5: string, size: number) =>
    `# ours\nouts:\n- md5: ${md5}\n  size: ${size} # bytes\n  hash: md5\n  path: words.txt\n  desc: words\nmeta: {by: ada}\n`
  const md5Of = (text: string) => createHash('md5').update(text).digest('hex')

  test('is recorded there and kept, once a stage has read it; all else stays', async () => {
    const project = await recorded()
    project.write('words.txt.dvc', COMMENTED(md5Of(WORDS), WORDS.length))
    expect((await repro(project)).statuses).toEqual(all('cached', STAGES))
    expect(project.read('words.txt.dvc')).toBe(COMMENTED(md5Of(WORDS), WORDS.length))
    const edited = 'four words are there\n'
    project.write('words.txt', edited)
    const { stdout } = await project.stepwell('repro')
    expect(stdout).toContain('words.txt.dvc, dvc.lock were brought up to date')
    const md5 = md5Of(edited)
    expect(project.read('words.txt.dvc')).toBe(COMMENTED(md5, edited.length))
    expect(project.read(`.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`)).toBe(edited)
    // A stage that fails has read it, but is not recorded either.
    project.write('words.txt', 'other\n')
    project.edit('dvc.yaml', 'wc -w', 'false && wc -w')
    expect((await repro(project)).code).toBe(1)
    expect(project.read('words.txt.dvc')).toBe(COMMENTED(md5, edited.length))
  })

  test('a file that would need other fields is left to dvc', async () => {
    const project = await recorded()
    const old = `outs:\n- md5: ${md5Of(WORDS)}\n  path: words.txt\n`
    project.write('words.txt.dvc', old)
    project.write('words.txt', 'other\n')
    expect((await repro(project)).statuses).toEqual(all('succeeded', STAGES))
    expect(project.read('words.txt.dvc')).toBe(old)
  })
})

describe('--pull', () => {
  test('without a command dvc, it is told what is missing, and nothing runs', async () => {
    const project = await recorded()
    clone(project)
    const child = project.start(['repro', '--pull'], { STEPWELL_DVC: '/nowhere/dvc' })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    expect(await new Promise((done) => child.on('close', done))).toBe(2)
    expect(stderr).toContain('STEPWELL_DVC_PULL')
    expect(stderr).toMatch(/no command \/nowhere\/dvc .*; words\.txt, count\.txt/)
    expect((await project.stepwell('runs')).stdout).not.toContain('dvc')
  })

  test('it asks nobody for what is there, or in the cache of DVC', async () => {
    const project = await recorded()
    rmSync(project.path('scaled.txt'))
    project.edit('params.yaml', '2', '3')
    const child = project.start(['repro', '--pull'], { STEPWELL_DVC: '/nowhere/dvc' })
    expect(await new Promise((done) => child.on('close', done))).toBe(0)
    expect(project.read('report.txt')).toBe('9\n')
  })
})

const dvc = process.env['STEPWELL_DVC'] || 'dvc'
const found = spawnSync(dvc, ['--version'])
const without = found.status === 0 ? '' : `there is no command ${dvc} here`

describe.skipIf(without !== '')(
  `--pull with a real DVC${without && ` (skipped: ${without})`}`,
  { timeout: 120_000 },
  () => {
    /** The data is in a remote of this project only. */
    async function cloned(): Promise<Project> {
      const project = await recorded()
      real(project, 'add', 'words.txt')
      real(project, 'remote', 'add', '-d', 'store', project.path('remote'))
      real(project, 'push')
      clone(project)
      return project
    }

    function real(project: Project, ...args: string[]): string {
      const env = { ...process.env, DVC_NO_ANALYTICS: '1' }
      const { status, stdout, stderr } = spawnSync(dvc, args, {
        cwd: project.dir,
        env,
        encoding: 'utf8',
      })
      expect(status, stderr).toBe(0)
      return stdout
    }

    test('all data that is missing comes from the remote, and nothing runs', async () => {
      const project = await cloned()
      const { statuses } = await repro(project, '--pull')
      expect(statuses).toEqual(all('cached', STAGES))
      expect(there(project)).toEqual(DATA)
      expect(real(project, 'status')).toContain('up to date')
    })

    test('is content with an edit of data that a run has recorded', async () => {
      const project = await recorded()
      mkdirSync(project.path('data'))
      project.write('data/a.txt', 'a\n')
      project.write('data/b.txt', 'b\n')
      real(project, 'add', 'words.txt', 'data')
      project.edit('dvc.yaml', 'deps: [words.txt]', 'deps: [words.txt, data/a.txt]')
      await repro(project)
      project.write('words.txt', 'four words are there\n')
      project.write('data/c.txt', 'c\n')
      project.write('data/a.txt', 'other\n')
      await repro(project)
      expect(real(project, 'status')).toContain('up to date')
      for (const name of ['words.txt', 'data']) {
        const text = project.read(`${name}.dvc`)
        real(project, 'commit', '-f', `${name}.dvc`)
        expect(project.read(`${name}.dvc`)).toBe(text)
      }
    })

    test('with --allow-missing, only what has to run gets data', async () => {
      const project = await cloned()
      project.edit('params.yaml', '2', '3')
      const { stderr } = await project.stepwell('repro', '--pull', '--allow-missing')
      expect(stderr).toContain('dvc pull fetches count.txt\n')
      expect(there(project)).toEqual(DATA.slice(1))
      expect(project.read('report.txt')).toBe('9\n')
      real(project, 'pull', 'words.txt')
      expect(real(project, 'status')).toContain('up to date')
    })

    test('a stage alone gets what is recorded of what it reads', async () => {
      const project = await cloned()
      project.write('words.txt', 'others\n')
      project.edit('params.yaml', '2', '3')
      expect((await repro(project, '--pull', '-s', 'scale')).statuses).toEqual({
        scale: 'succeeded',
      })
      expect(there(project)).toEqual(['words.txt', 'count.txt', 'scaled.txt'])
      expect(project.read('scaled.txt')).toBe('9\n')
    })

    test('what the remote lacks is made again; a remote that fails stops all', async () => {
      const project = await cloned()
      const { md5 } = /path: scaled.txt\n *hash: md5\n *md5: (?<md5>\w+)/.exec(
        project.read('dvc.lock'),
      )?.groups ?? { md5: '' }
      rmSync(project.path(`remote/files/md5/${md5?.slice(0, 2)}/${md5?.slice(2)}`))
      const { stdout, stderr: notes } = await project.stepwell('repro', '--pull')
      expect(notes).toContain('scaled.txt is missing: the remote of DVC does not have it')
      expect(stdout).toMatch(/^scale: succeeded/m)
      expect(project.read('scaled.txt')).toBe('6\n')
      clone(project)
      project.edit('.dvc/config', project.path('remote'), 'nothing://there')
      const { code, stderr } = await project.stepwell('repro', '--pull')
      expect([code, stderr]).toEqual([2, expect.stringContaining('STEPWELL_DVC_PULL')])
    })
  },
)
