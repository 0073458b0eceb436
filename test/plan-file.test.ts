import { expect, test } from 'vitest'
import { words } from './words.ts'

test('plan -o writes what run --plan runs', async () => {
  const project = words()
  expect((await project.stepwell('plan', 'count', '-o', 'p.json')).stdout).toContain('2 will run')
  const { code, statuses } = await project.run('--plan', 'p.json')
  expect(code).toBe(0)
  expect(statuses).toEqual({ read: 'succeeded', count: 'succeeded' })
})

test('a plan is the same when the code was found before', async () => {
  const project = words()
  const texts: string[] = []
  for (const name of ['first.json', 'second.json', 'third.json']) {
    expect((await project.stepwell('plan', '-o', name)).stderr).toBe('')
    texts.push(project.read(name))
    if (texts.length === 1) expect((await project.run()).code).toBe(0)
    if (texts.length === 2) expect((await project.run('--plan', name)).code).toBe(0)
  }
  const codesIn = (text: string) =>
    (JSON.parse(text) as { plan: { evidence: { codes: unknown } } }).plan.evidence.codes
  expect(codesIn(texts[1] ?? '')).toEqual(codesIn(texts[0] ?? ''))
  expect(texts[2]).toBe(texts[1])
})

test('run --plan refuses what is not what the plan saw, naming each difference', async () => {
  const project = words()
  project.write('more.txt', '')
  const edits: [from: string, to: string, difference: RegExp][] = [
    ['factor: 1', 'factor: 2', /count: params\.factor 1 -> 2/],
    ['.trim()', '.trim().trimEnd()', /read: code: .* changed/],
    ['n: count.pick', 'm: read, n: count.pick', /report: input `m` \(read\) added/],
    ["'words.txt')", "'words.txt'), more: file('more.txt')", /read: input `more` .* added/],
    ['{ read, count, report }', '{ read, count }', /report: is gone/],
  ]
  await project.stepwell('plan', '-o', 'p.json')
  for (const [from, to, difference] of edits) {
    project.edit('pipeline.ts', from, to)
    const { code, stdout, stderr } = await project.stepwell('run', '--plan', 'p.json')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^stepwell: the plan is out of date; .* \(STEPWELL_PLAN_MOVED\)\nhint: .*\n$/,
    )
    expect(stderr).toMatch(difference)
    project.edit('pipeline.ts', to, from)
  }
  expect((await project.stepwell('runs')).stdout).toContain('no runs yet')
  expect((await project.run('--plan', 'p.json')).code).toBe(0)
})

test('what does not go together, and what is no plan, is told', async () => {
  const project = words()
  await project.stepwell('plan', '-o', 'p.json')
  project.write('other.json', '{}')
  const cases: [args: string[], message: RegExp][] = [
    [['--plan', 'p.json', 'read'], /has its own targets.*STEPWELL_USAGE/],
    [['--plan', 'p.json', '--force=all'], /has its own targets.*STEPWELL_USAGE/],
    [['--plan', 'p.json', '-n'], /cannot be used with option/],
    [
      ['--plan', 'none.json'],
      /the plan file none\.json cannot be read; ENOENT.*STEPWELL_PLAN_FILE/,
    ],
    [['--plan', 'other.json'], /it has no schema \(STEPWELL_PLAN_FILE\)\nhint: /],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await project.stepwell('run', ...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  }
  expect((await project.stepwell('plan', '-o', 'none/p.json')).stderr).toMatch(/cannot be written/)
})
