import { describe, expect, test } from 'vitest'
import { Project } from './rig.ts'
import { words } from './words.ts'

interface Diff {
  readonly from: string
  readonly to: string
  readonly sameOutputs: boolean
  readonly steps: readonly {
    readonly name: string
    readonly change: string
    readonly reasons: readonly { readonly kind: string }[]
    readonly recorded: boolean
    readonly causes: readonly string[]
    readonly outputs: readonly { readonly path: string; readonly change: string }[]
    readonly metrics: readonly object[]
  }[]
}

async function diffOf(project: Project, ...args: string[]) {
  const { code, stdout } = await project.stepwell('diff', '--json', '--exit-code', ...args)
  const diff = JSON.parse(stdout) as Diff
  const steps = Object.fromEntries(diff.steps.map((step) => [step.name, step]))
  const changes = Object.fromEntries(diff.steps.map(({ name, change }) => [name, change]))
  return { code, diff, steps, changes }
}

/** The row of a step in a table without colours. */
function row(text: string, step: string): string {
  return new RegExp(`^${step} .*$`, 'm').exec(text)?.[0].replaceAll(/ {2,}/g, ' | ') ?? ''
}

describe('diff', () => {
  test('needs two runs that have ended', async () => {
    const project = words()
    for (const ended of ['0 runs have ended', '1 run has ended']) {
      const { code, stdout, stderr } = await project.stepwell('diff')
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(ended)
      expect(stderr).toContain('STEPWELL_RUN_UNKNOWN')
      await project.run()
    }
    const { code, stdout } = await project.stepwell('diff')
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('3 steps are the same: read, count'),
    ])
    expect(stdout).toMatch(/^all outputs are the same$/m)
    const { stderr } = await project.stepwell('diff', 'ffff', 'eeee')
    expect(stderr).toMatch(/there is no run "ffff".*STEPWELL_RUN_UNKNOWN/)
  })

  test('takes the latest run before that had the same steps', async () => {
    const project = words()
    const { record: first } = await project.run('count')
    await project.run()
    project.edit('pipeline.ts', 'factor: 1', 'factor: 3')
    const { record: last } = await project.run('count')
    expect((await diffOf(project)).diff).toMatchObject({ from: first.id, to: last.id })
    // Where there is none, the one before.
    const { record: other } = await project.run('read')
    expect((await diffOf(project)).diff).toMatchObject({ from: last.id, to: other.id })
  })

  test('says what changed, why, and what came of it, down to the first cause', async () => {
    const project = words()
    const { record: first } = await project.run()
    project.edit('pipeline.ts', 'factor: 1', 'factor: 3')
    const { record: second } = await project.run('--because', 'three is better')
    const { stdout } = await project.stepwell('diff')
    expect(stdout).toMatch(
      new RegExp(
        `^run ${first.id}: .*\\nrun ${second.id}: .*, [\\d-]+ [\\d:]+\\nbecause three is better\\n\\n`,
      ),
    )
    expect(row(stdout, 'count')).toMatch(
      /^count \| succeeded \| params\.factor 1 -> 3 \| output \w{8} -> \w{8} \| - \| \d+ ms/,
    )
    expect(row(stdout, 'report')).toMatch(
      /\| input `n` \(count\.n\) changed; first cause: count \| output/,
    )
    expect(row(stdout, 'read')).toBe('')
    expect(stdout).toMatch(/^2 steps differ; 1 step is the same: read$/m)
    const all = (await project.stepwell('diff', '--all')).stdout
    expect(row(all, 'read')).toMatch(/^read \| succeeded -> cached \| - \| - \| - \|/)

    project.write('words.txt', 'one two\n')
    await project.run()
    const { code, steps } = await diffOf(project)
    expect(code).toBe(3)
    expect(steps['count']).toMatchObject({
      change: 'changed',
      reasons: [{ kind: 'input', name: 'words', source: 'read' }],
      causes: ['read'],
      metrics: [{ name: 'words', before: 4, after: 2, difference: -2 }],
    })
    expect(steps['report']?.causes).toEqual(['read'])
    // One run is compared with the latest, and runs are named by their ends, too.
    const ends = [first.id, second.id].map((id) => id.slice(-4))
    const one = await diffOf(project, ends[0] ?? '')
    expect(one.diff.from).toBe(first.id)
    expect(one.steps['report']?.causes.toSorted()).toEqual(['count', 'read'])
    const two = await diffOf(project, ends[1] ?? '', ends[0] ?? '')
    expect([two.diff.from, two.diff.to]).toEqual([second.id, first.id])
    expect(two.steps['count']?.reasons).toMatchObject([{ kind: 'param', before: 3, after: 1 }])
  })

  test('code, files of a directory, and outs are named; an early cutoff ends it', async () => {
    const project = new Project()
    project.write('in/a.txt', 'a')
    project.write(
      'pipeline.ts',
      `import { writeFileSync } from 'node:fs'
import { dir, file, pipeline, step } from '@stepwell/engine'
const join = step({
  inputs: { all: dir('in') },
  outs: { text: file('out/text') },
  run: ({ all }, { outs }) => writeFileSync(outs.text, all.files.map((f) => f.text()).join('')),
})
const size = step({ inputs: { text: join.out('text') }, run: ({ text }) => text.text().length > 0 })
const last = step({ inputs: { size }, run: ({ size }) => size })
export default pipeline('files', { join, size, last })
`,
    )
    await project.run()
    project.write('in/b.txt', 'b')
    await project.run()
    const { stdout } = await project.stepwell('diff')
    expect(row(stdout, 'join')).toMatch(
      /\| input `all` \(dir in\) changed: b\.txt added \| out\/text \w+ -> \w+ \|/,
    )
    expect(row(stdout, 'size')).toMatch(
      /\| input `text` \(join:text\) changed; first cause: join \| - \|/,
    )
    expect(stdout).toMatch(/^2 steps differ; 1 step is the same: last$/m)
    project.edit('pipeline.ts', '.length > 0', '.length > 1')
    await project.run()
    const { steps, changes, code } = await diffOf(project)
    expect(changes).toEqual({ join: 'same', size: 'changed', last: 'same' })
    expect(steps['size']).toMatchObject({ reasons: [{ kind: 'code' }], outputs: [] })
    expect(code).toBe(0)
  })

  test('steps that failed, did not begin, came, went, or give something else each time', async () => {
    const project = words()
    await project.run()
    project.edit('pipeline.ts', 'factor: 1', 'factor: 2')
    project.edit(
      'pipeline.ts',
      "metric('words'",
      "if (words) throw new Error('no'); metric('words'",
    )
    await project.run()
    const failed = (await project.stepwell('diff')).stdout
    expect(row(failed, 'count')).toMatch(
      /succeeded -> failed \| it ran because params\.factor 1 -> 2; .*it failed: no \| output removed \| words 4 -> - \|/,
    )
    expect(row(failed, 'report')).toMatch(/succeeded -> skipped \| it did not begin \|/)
    expect((await diffOf(project)).steps['count']?.recorded).toBe(false)
    project.edit('pipeline.ts', "if (words) throw new Error('no'); ", '')
    await project.run()
    const mended = (await project.stepwell('diff')).stdout
    expect(row(mended, 'count')).toMatch(/failed -> succeeded \| .*it had failed: no \|/)
    expect(row(mended, 'report')).toMatch(/skipped -> succeeded \| it had not begun \|/)

    project.edit('pipeline.ts', '{ read, count, report }', '{ read, count, now }')
    project.edit(
      'pipeline.ts',
      'export default',
      'const now = step({ cache: false, run: () => process.hrtime.bigint() })\nexport default',
    )
    await project.run()
    const { changes, code } = await diffOf(project)
    expect([changes, code]).toEqual([
      { read: 'same', count: 'same', now: 'added', report: 'removed' },
      3,
    ])
    await project.run()
    const { stdout } = await project.stepwell('diff')
    expect(row(stdout, 'now')).toMatch(/\| made of the same, it gave something else \| output/)
  })

  test('of a DVC project names the stage whose file changed', async () => {
    const project = new Project()
    project.write('in.txt', '1')
    project.write(
      'dvc.yaml',
      `stages:
  copy:
    cmd: mkdir -p parts && cp in.txt parts/1.txt
    deps: [in.txt]
    outs: [parts]
  add:
    cmd: cat parts/1.txt parts/1.txt > sum.txt
    deps: [parts/1.txt]
    outs: [sum.txt]
  other:
    cmd: echo \${k} > other.txt
    params: [k]
    outs: [other.txt]
`,
    )
    project.write('params.yaml', 'k: 1\n')
    await project.stepwell('repro', '-q')
    project.write('in.txt', '2')
    project.write('params.yaml', 'k: 2\n')
    await project.stepwell('repro', '-q')
    const { stdout } = await project.stepwell('diff')
    expect(row(stdout, 'add')).toMatch(
      /\| input `parts\/1\.txt` \(file parts\/1\.txt\) changed; first cause: copy \| sum\.txt \w+ ->/,
    )
    expect(row(stdout, 'other')).toMatch(/params\.params\.yaml\.k 1 -> 2/)
    expect(stdout).toContain('3 steps differ')
  })
})
