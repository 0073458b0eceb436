import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { commit, comparisons } from './comparisons.ts'
import { Project, ROOT } from './rig.ts'

const HOSTILE =
  '</script><script>document.title = "taken"</script><img src=x onerror="document.title=1">'

function block(text: string, language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text) ?? []
  if (code === undefined) throw new Error(`no block of ${language}`)
  return code
}

test('the commands of docs/metrics.md run on its dvc.yaml', async () => {
  const text = readFileSync(join(ROOT, 'docs', 'metrics.md'), 'utf8')
  const project = comparisons()
  project.write('dvc.yaml', block(text, 'yaml'))
  project.write('roc.csv', 'fpr,tpr\n0,0\n0.2,0.7\n1,1\n')
  commit(project)
  project.write('scores.json', '{"acc": 0.875}')
  project.write('params.yaml', 'rate: 0.3\n')
  const said: string[] = []
  for (const line of block(text, 'sh').trim().split('\n')) {
    const { code, stdout, stderr } = await project.stepwell(...line.split(' ').slice(1))
    expect([line, code, stderr]).toEqual([line, 0, ''])
    said.push(stdout)
  }
  const [show, diff, params, terminal, page] = said
  expect(show).toBe('file         metric  value\nscores.json  acc     0.875\n')
  expect(diff).toMatch(/^scores\.json {2}acc +0\.75 +0\.875 +0\.125$/m)
  expect(params).toMatch(/^params\.yaml {2}rate +0\.2 +0\.3$/m)
  expect(terminal).toMatch(/^Loss \(loss\.csv\)\n.*\nworkspace {2}train {2}█▁ +1 +0\.25/m)
  expect(page).toMatch(/^file:.*page\.html\n$/)
  expect(project.read('page.html')).toContain('<h2>Loss</h2>')
})

test('where there is no Git, or no such revision, it is said; the workspace is shown all the same', async () => {
  const project = comparisons()
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.stepwell(...args)
    return { code, text: stdout + stderr }
  }
  for (const name of ['nope', '--output=x', 'HEAD~9', '']) {
    const { code, text } = await ask('metrics', 'diff', '--', name)
    expect([code, text]).toEqual([2, expect.stringContaining('STEPWELL_GIT')])
  }
  expect(await ask('metrics', 'diff', 'a', 'b', '--run', 'c')).toMatchObject({ code: 2 })
  expect(await ask('metrics', 'show', '--run', '../x')).toMatchObject({
    code: 2,
    text: expect.stringContaining('STEPWELL_RUN_UNKNOWN'),
  })
  rmSync(project.path('.git'), { recursive: true })
  const diff = await ask('metrics', 'diff')
  expect([diff.code, diff.text]).toEqual([2, expect.stringContaining('no Git repository')])
  expect((await ask('metrics', 'show')).text).toContain('0.75')
  const child = project.start(['metrics', 'diff'], { PATH: '/nowhere' })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await new Promise((done) => child.on('close', done))
  expect(said).toContain('there is no command git')
  execFileSync('git', ['init', '-q'], { cwd: project.dir })
  expect(await ask('metrics', 'diff')).toEqual({
    code: 0,
    text: 'there is no commit yet to compare with\n',
  })
})

test('what cannot be read is a warning, and a failure where there is nothing else', async () => {
  const project = comparisons()
  const some = await project.stepwell('metrics', 'show')
  expect([some.code, some.stderr]).toEqual([0, expect.stringContaining('gone.json')])
  const none = await project.stepwell('metrics', 'show', 'gone.json')
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('gone.json')])
  expect((await project.stepwell('plots', 'show', 'gone.csv', '--terminal')).code).toBe(1)
  project.write('dvc.yaml', 'stages: 1\n')
  expect((await project.stepwell('metrics', 'show')).code).toBe(2)
  // Of several, the others are shown.
  const all = await project.stepwell('metrics', 'show', '--rev', 'HEAD', '--rev', 'workspace')
  expect([all.code, all.stdout]).toEqual([0, expect.stringContaining('0.5')])
  expect(all.stderr).toContain('dvc.yaml')
})

test('a project in a directory of a repository is compared, and paths are from where one is', async () => {
  const project = comparisons()
  const sub = new Project(join(project.dir, mkdir(project, 'sub')))
  sub.write('dvc.yaml', 'metrics: [in/m.yaml]\n')
  sub.write('in/m.yaml', 'a: 1\n')
  commit(project)
  sub.write('in/m.yaml', 'a: 2.5\n')
  sub.write('.dvc/config', '')
  const { stdout } = await sub.stepwell('metrics', 'diff', '--json', '-C', 'in')
  expect(JSON.parse(stdout)).toMatchObject({ files: { 'm.yaml': { a: { old: 1, new: 2.5 } } } })
})

function mkdir(project: Project, name: string): string {
  mkdirSync(project.path(name))
  return name
}

const STEPS = `
import { writeFileSync } from 'node:fs'
import { dir, file, pipeline, step } from '@stepwell/engine'
const train = step({
  params: { rate: 0.1 },
  outs: { scores: file('m.json'), curves: dir('curves') },
  run: (_, { params, outs }) => {
    writeFileSync(outs.scores, JSON.stringify({ acc: 0.5 + params.rate }))
    writeFileSync(outs.curves + '/loss.csv', 'step,loss\\n0,1\\n1,' + params.rate + '\\n')
  },
})
export default pipeline('train', { train })
`

test('recorded runs are compared by what they left, which may be gone from the project', async () => {
  const project = new Project()
  project.write('pipeline.ts', STEPS)
  project.write('dvc.yaml', 'metrics: [m.json, other.json]\nplots: [curves]\n')
  project.write('other.json', '{"not": 1}')
  const first = await project.run()
  project.edit('pipeline.ts', 'rate: 0.1', 'rate: 0.25')
  const second = await project.run()
  rmSync(project.path('m.json'))
  rmSync(project.path('curves'), { recursive: true })
  const runs = ['--run', first.record.id, '--run', second.record.id]
  const diff = await project.stepwell('metrics', 'diff', '--json', ...runs)
  expect(JSON.parse(diff.stdout)).toMatchObject({
    from: `run:${first.record.id}`,
    files: { 'm.json': { acc: { old: 0.6, new: 0.75 } } },
    errors: [],
  })
  const plots = await project.stepwell('plots', 'diff', '--json', ...runs)
  const drawn = (JSON.parse(plots.stdout) as { plots: { id: string; series: { y: unknown }[] }[] })
    .plots
  expect(drawn.map(({ id, series }) => [id, series.map(({ y }) => y)])).toEqual([
    [
      'curves/loss.csv',
      [
        [1, 0.1],
        [1, 0.25],
      ],
    ],
  ])
  expect((await project.stepwell('params', 'diff', `run:${first.record.id}`)).code).toBe(2)
})

test('names and data cannot become a part of the page, nor steer the terminal', async () => {
  const project = new Project()
  const escape = '\u001b[2J'
  project.write(
    'dvc.yaml',
    JSON.stringify({
      plots: [
        { 'a.csv': { x: 'x', y: HOSTILE, title: HOSTILE, x_label: HOSTILE } },
        { 'c.csv': { template: 'confusion', x: 'x', y: 'y' } },
        { 'b.csv': { template: HOSTILE, title: `b${escape}` } },
        'i.svg',
      ],
    }),
  )
  project.write('a.csv', `x,"${HOSTILE.replaceAll('"', '""')}"\n1,2\n`)
  project.write('b.csv', `v\n1\n2\n`)
  project.write('c.csv', `x,y\n"${HOSTILE.replaceAll('"', '""')}",b\n`)
  project.write('i.svg', `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
  const { code, stdout } = await project.stepwell('plots', 'show', '-o', 'page.html', '--terminal')
  expect(code).toBe(0)
  expect(stdout).not.toContain('\u001b')
  const page = project.read('page.html')
  // The two scripts of ours, and the data.
  expect(page.match(/<script/g)).toHaveLength(3)
  expect(page).not.toContain('<img src=x')
  expect(page).toContain('&lt;/script&gt;')
  const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text = '']) => text)
  const policy =
    /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? ''
  for (const text of scripts) {
    const digest = createHash('sha256').update(text).digest('base64')
    expect(policy).toContain(`'sha256-${digest}'`)
  }
  expect(policy).toMatch(/^default-src 'none'; img-src data:;/)
  // Nothing is loaded from elsewhere.
  expect(page).not.toMatch(/<link|<iframe|src="(?!data:)|@import|url\(/)
  const [, json = ''] = /id="charts">([^]*?)<\/script>/.exec(page) ?? []
  expect(JSON.parse(json)).toMatchObject([{ xLabel: HOSTILE, yLabel: HOSTILE }, { id: 2 }])
  // The scripts are whole.
  for (const text of scripts) runInNewContext(`() => {${text}}`)
})

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

test.skipIf(CHROMIUM === undefined)(
  'a browser draws the charts (skipped where there is no Chromium)',
  async () => {
    const project = new Project()
    const rows = Array.from({ length: 100_000 }, (_, index) => `${index},${Math.sin(index / 5000)}`)
    project.write('big.csv', `t,v\n${rows.join('\n')}\n`)
    project.write('names.csv', 'month,sales\nJan,1\nFeb,3\n')
    project.write('bars.csv', 'size,name\n3,a\n1,b\n')
    project.write('points.csv', `a,"${HOSTILE.replaceAll('"', '""')}"\n1,2\n3,4\n`)
    project.write(
      'dvc.yaml',
      JSON.stringify({
        plots: [
          { 'big.csv': { x: 't' } },
          { 'names.csv': { x: 'month' } },
          { 'bars.csv': { template: 'bar_horizontal', x: 'size', y: 'name' } },
          { 'points.csv': { template: 'scatter', x: 'a', title: HOSTILE } },
        ],
      }),
    )
    expect((await project.stepwell('plots', 'show', '-o', 'page.html')).code).toBe(0)
    const dom = execFileSync(
      CHROMIUM ?? '',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--dump-dom',
        `file://${project.path('page.html')}`,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 60_000,
        maxBuffer: 2 ** 28,
      },
    )
    // Each has the size that Chart.js gave it.
    expect(
      dom.match(/role="img" width="\d+" height="\d+" style="[^"]*width: [\d.]+px/g),
    ).toHaveLength(4)
    expect(/<title>(.*)<\/title>/.exec(dom)?.[1]).toMatch(/^Plots of stepwell-test-/)
  },
)

test('a table without names of its columns, a link to data, and what is asked for at the command line', async () => {
  const project = new Project()
  project.write('dvc.yaml', 'plots:\n- linked.csv: {title: Of the file}\n')
  project.write('real.csv', '1,"a,b",3\n2,c,5\n')
  symlinkSync('real.csv', project.path('linked.csv'))
  commit(project)
  const args = ['-x', '0', '-y', '2', '--no-header', '--title', 'Asked for', '--json']
  const { stdout } = await project.stepwell('plots', 'diff', 'HEAD', ...args)
  expect(JSON.parse(stdout)).toMatchObject({
    revisions: ['workspace', 'HEAD'],
    plots: [
      {
        title: 'Asked for',
        series: [
          { revision: 'workspace', x: [1, 2], y: [3, 5] },
          { revision: 'HEAD', x: [1, 2], y: [3, 5] },
        ],
      },
    ],
  })
})
