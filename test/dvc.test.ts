import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { all, ended, Project } from './rig.ts'

const CHAIN = `
stages:
  count:
    cmd: wc -w < words.txt > work/count.txt
    deps: [words.txt]
    outs: [work/count.txt]
  scale:
    foreach: [1, 10]
    do:
      cmd: expr $(cat work/count.txt) '*' \${item} '*' \${factor} > work/scaled-\${item}.txt
      deps: [work/count.txt]
      params: [factor]
      outs: ["work/scaled-\${item}.txt"]
  report:
    cmd: cat work/scaled-1.txt work/scaled-10.txt > work/report.txt
    deps: [work/scaled-1.txt, work/scaled-10.txt]
    outs: [work/report.txt]
`
const STAGES = ['count', 'scale@1', 'scale@10', 'report']

function chain(): Project {
  const project = new Project()
  project.write('dvc.yaml', CHAIN)
  project.write('params.yaml', 'factor: 2\n')
  project.write('words.txt', 'one two three\n')
  return project
}

/** The stages of a run by how they ended. */
async function repro(project: Project, ...args: string[]) {
  const { code, stdout, stderr } = await project.stepwell('repro', '--json', ...args)
  const { steps } = JSON.parse(stdout) as { steps: Record<string, { status: string }> }
  const statuses = Object.entries(steps).map(([name, { status }]) => [name, status] as const)
  return { code, stderr, statuses: Object.fromEntries(statuses) }
}

describe('a project with dvc.yaml', () => {
  test('is run, recorded in dvc.lock, and then has nothing to do', async () => {
    const project = chain()
    const { stdout, code } = await project.stepwell('repro', '-j', '2')
    expect(code).toBe(0)
    expect(stdout).toContain('dvc.lock was brought up to date')
    expect(project.read('work/report.txt')).toBe('6\n60\n')
    expect(project.read('dvc.lock')).toContain(`  scale@10:
    cmd: expr $(cat work/count.txt) '*' 10 '*' 2 > work/scaled-10.txt
    deps:
    - path: work/count.txt
      hash: md5
`)
    const again = await project.stepwell('repro')
    expect(again.stdout).toMatch(/4 steps: 4 cached$/m)
    expect(again.stdout).not.toContain('dvc.lock')
    // Without what is remembered, dvc.lock says it.
    rmSync(project.path('.stepwell'), { recursive: true })
    const { stdout: plan } = await project.stepwell('plan')
    expect(plan).toContain('taken as it is: dvc.lock has it so')
    expect((await repro(project)).statuses).toEqual(all('cached', STAGES))
  })

  test('runs what changed, says why, and takes back what it knows', async () => {
    const project = chain()
    await repro(project)
    project.edit('params.yaml', '2', '3')
    const { stdout: why } = await project.stepwell('explain', 'scale@1')
    expect(why).toContain('params.params.yaml.factor 2 -> 3')
    expect(why).toMatch(/the command changed: .*'\*' 2 > .* -> .*'\*' 3 > /)
    expect((await repro(project)).statuses).toEqual({
      ...all('succeeded', STAGES),
      count: 'cached',
    })
    project.edit('params.yaml', '3', '2')
    expect((await repro(project)).statuses).toEqual(all('cached', STAGES))
    expect(project.read('work/report.txt')).toBe('6\n60\n')
  })

  test('takes the targets and flags of dvc repro', async () => {
    const project = chain()
    await repro(project)
    project.write('words.txt', 'one two\n')
    expect((await repro(project, 'scale@1')).statuses).toEqual(
      all('succeeded', ['count', 'scale@1']),
    )
    expect((await repro(project, '-s', 'report')).statuses).toEqual({ report: 'succeeded' })
    expect((await repro(project, '--downstream', 'scale@10')).statuses).toEqual(
      all('succeeded', ['scale@10', 'report']),
    )
    expect((await repro(project, 'scale')).statuses).toEqual(
      all('cached', ['count', 'scale@1', 'scale@10']),
    )
    expect((await repro(project, '-f', 'scale@1')).statuses).toEqual(
      all('succeeded', ['count', 'scale@1']),
    )
    expect((await repro(project, '--glob', 'scale@*', '-s')).statuses).toEqual(
      all('cached', ['scale@1', 'scale@10']),
    )
    const { code, stderr } = await project.stepwell('repro', 'nothing')
    expect([code, stderr]).toEqual([2, expect.stringContaining("there is no stage 'nothing'")])
  })

  test('a plan of it is carried out as it was made', async () => {
    const project = chain()
    await repro(project)
    project.edit('params.yaml', '2', '3')
    expect((await project.stepwell('plan', 'scale@1', '-o', 'plan.json')).code).toBe(0)
    const { code: ran, stdout } = await project.stepwell('run', '--plan', 'plan.json')
    expect([ran, stdout]).toEqual([0, expect.stringMatching(/2 steps: 1 succeeded, 1 cached$/m)])
    expect(project.read('work/scaled-1.txt')).toBe('9\n')
    const { code, stderr } = await project.stepwell('run', 'report', '--plan', 'plan.json')
    expect([code, stderr]).toEqual([2, expect.stringContaining('a plan has its own targets')])
  })

  test('a plan is carried out to the end, also where stages read what others are still to write', async () => {
    const project = chain()
    const carryOut = async () => {
      const { code, stdout, stderr } = await project.stepwell('run', '--plan', 'p.json')
      return [code, stderr, /steps: (.*)$/m.exec(stdout)?.[1]]
    }
    // Nothing is there yet.
    expect((await project.stepwell('plan', '-o', 'p.json')).stdout).toMatch(
      /^report +.* depends +- +never succeeded before$/m,
    )
    expect(await carryOut()).toEqual([0, '', '4 succeeded'])
    // All of it is there, and old.
    project.write('words.txt', 'one two\n')
    const { stdout: plan } = await project.stepwell('plan', '-o', 'p.json')
    expect(plan).toMatch(/^scale@1 +.* depends +.* depends on the output of count$/m)
    expect(plan).toContain('1 will run, 3 depend on them, 0 cached')
    expect(await carryOut()).toEqual([0, '', '4 succeeded'])
    expect(project.read('work/report.txt')).toBe('4\n40\n')
    expect(project.read('dvc.lock')).toContain('scale@10')
    // What comes back is no reason to run.
    rmSync(project.path('work'), { recursive: true })
    expect((await project.stepwell('plan', '-o', 'p.json')).stdout).toContain('4 cached, 4 outs')
    expect(await carryOut()).toEqual([0, '', '4 cached'])
    // A source that moved is refused before anything runs.
    project.write('words.txt', 'one\n')
    await project.stepwell('plan', '-o', 'p.json')
    project.edit('params.yaml', '2', '3')
    expect(await carryOut()).toEqual([
      2,
      expect.stringMatching(/scale@1: params\.params\.yaml\.factor 2 -> 3.*PLAN_MOVED/),
      undefined,
    ])
  })

  test('a plan waits for directories, what is in them, and params that a stage writes', async () => {
    const project = new Project()
    const copy = (name: string, cmd: string, dep: string) =>
      `  ${name}:\n    cmd: ${cmd}\n    deps: [${dep}]\n    outs: [${name}.txt]\n`
    project.write(
      'dvc.yaml',
      `stages:
  split:
    cmd: mkdir -p parts/a conf && cp in.txt parts/a/1.txt && cat in.txt > conf/p.yaml
    deps: [in.txt]
    outs: [parts, conf]
${copy('all', 'cat parts/a/* > all.txt', 'parts')}${copy('one', 'cp parts/a/1.txt one.txt', 'parts/a/1.txt')}${copy('inner', 'cat parts/a/* > inner.txt', 'parts/a')}  tuned:
    cmd: cp conf/p.yaml tuned.txt
    params: [{conf/p.yaml: [k]}]
    outs: [tuned.txt]
`,
    )
    for (const k of ['k: 1\n', 'k: 2\n']) {
      project.write('in.txt', k)
      await project.stepwell('plan', '-o', 'p.json')
      const { code, stdout } = await project.stepwell('run', '--plan', 'p.json')
      expect([code, stdout]).toEqual([0, expect.stringMatching(/5 steps: 5 succeeded$/m)])
      for (const name of ['all', 'one', 'inner', 'tuned']) {
        expect(project.read(`${name}.txt`)).toBe(k)
      }
    }
    expect(project.read('dvc.lock')).toMatch(/conf\/p\.yaml:\n +k: 2\n/)
    expect((await repro(project)).statuses).toEqual(
      all('cached', ['split', 'all', 'one', 'inner', 'tuned']),
    )
  })

  test('several files are one project, from whatever directory it is seen', async () => {
    const project = chain()
    project.write(
      'sub/dvc.yaml',
      'stages:\n  copy:\n    cmd: cp ../work/report.txt copy.txt\n    deps: [../work/report.txt]\n    outs: [copy.txt]\n',
    )
    const { statuses } = await repro(project, '-C', 'sub')
    expect(statuses).toEqual(all('succeeded', [...STAGES, 'sub/dvc.yaml:copy']))
    expect(project.read('sub/dvc.lock')).toContain('copy:')
    expect((await repro(project, '-P')).statuses).toEqual(
      all('cached', [...STAGES, 'sub/dvc.yaml:copy']),
    )
  })

  test('stages that do not need each other run at the same time', async () => {
    const project = new Project()
    // Each ends only when the other has begun.
    const stage = (own: string, other: string) =>
      `  ${own}:\n    cmd: touch ${own}.begun; until test -e ${other}.begun; do sleep 0.05; done; touch ${own}.txt\n    outs: [${own}.txt]\n`
    project.write('dvc.yaml', `stages:\n${stage('one', 'two')}${stage('two', 'one')}`)
    expect((await repro(project, '-j', '2')).statuses).toEqual(all('succeeded', ['one', 'two']))
  })

  test('a stage that fails, or is killed with the run, loses no output', async () => {
    const project = chain()
    await repro(project)
    project.edit('dvc.yaml', 'wc -w < words.txt', 'echo bad > work/count.txt; test -e ok && wc -w')
    const { code, statuses } = await repro(project)
    expect(code).toBe(1)
    expect(statuses['count']).toBe('failed')
    expect(project.read('work/count.txt')).toBe('3\n')
    project.edit('dvc.yaml', 'test -e ok', 'echo begun; sleep 600')
    const child = project.start(['run', '--events'])
    const exit = ended(child)
    child.stdout?.on('data', (text: string) => {
      if (text.includes('"line":"begun"')) child.kill('SIGKILL')
    })
    await exit
    expect(project.read('work/count.txt')).toBe('bad\n')
    project.write('dvc.yaml', CHAIN)
    expect((await repro(project)).statuses).toEqual(all('cached', STAGES))
    expect(project.read('work/count.txt')).toBe('3\n')
  })

  test('what is wrong in it is told by file, line and column', async () => {
    const project = chain()
    const wrong = async (from: string, to: string) => {
      project.write('dvc.yaml', CHAIN.replace(from, to))
      const { code, stderr } = await project.stepwell('repro')
      expect(code).toBe(2)
      return stderr
    }
    expect(await wrong('deps: [words.txt]', 'dep: [words.txt]')).toMatch(/dvc\.yaml:5:5: .*dep/)
    expect(await wrong('${factor}', '${nothing}')).toMatch(/dvc\.yaml:\d+:\d+: .*nothing/)
    expect(await wrong('outs: [work/count.txt]', 'outs: [work/count.txt')).toMatch(/dvc\.yaml:\d+/)
  })
})

const python = spawnSync('python3', ['-c', 'import sklearn, numpy'], { encoding: 'utf8' })
const without = python.status === 0 ? '' : 'python3 has no scikit-learn here'

test.skipIf(without !== '')(
  `the Python example runs end to end, and incrementally${without && ` (skipped: ${without})`}`,
  async () => {
    const project = Project.example('wine-python')
    const { statuses } = await repro(project, '-j', '2')
    expect(new Set(Object.values(statuses))).toEqual(new Set(['succeeded']))
    const best = JSON.parse(project.read(join('work', 'best.json'))) as {
      model: string
      r2: number
    }
    expect(best.model).toBe('forest')
    expect(best.r2).toBeGreaterThan(0.4)
    project.edit('params.yaml', 'trees: 60', 'trees: 20')
    expect((await repro(project)).statuses).toEqual({
      split: 'cached',
      'fit@linear': 'cached',
      'fit@forest': 'succeeded',
      'evaluate@linear': 'cached',
      'evaluate@forest': 'succeeded',
      choose: 'succeeded',
    })
  },
)
