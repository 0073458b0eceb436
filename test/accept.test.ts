import { expect, test } from 'vitest'
import { words } from './words.ts'

test('accept, list and revoke a change of code', async () => {
  const project = words()
  const { record } = await project.run()
  project.edit('pipeline.ts', 'words.length * params.factor', 'params.factor * words.length')
  const because = 'the product is the same'
  const { code, stdout } = await project.stepwell('accept', 'count', '--because', because)
  expect(code).toBe(0)
  expect(stdout).toContain(`count: the outputs of run ${record.id} stand for it from now on`)
  const reason = new RegExp(
    `accepted: because "${because}" \\(.+@.+, \\d{4}-\\d\\d-\\d\\d\\), first made by run ${record.id}`,
  )
  for (const args of [['plan'], ['explain', 'count'], ['run'], ['runs', 'show']]) {
    expect((await project.stepwell(...args)).stdout).toMatch(reason)
  }
  expect((await project.stepwell('accept', '--list')).stdout).toMatch(
    new RegExp(`^count +${because} +\\S+@\\S+ +[\\d-]+ [\\d:]+$`, 'm'),
  )
  expect((await project.stepwell('accept', 'count', '--revoke')).stdout).toContain('no longer')
  expect((await project.stepwell('accept', '--list')).stdout).toBe('nothing is accepted\n')
  expect((await project.run()).statuses).toEqual({
    read: 'cached',
    count: 'succeeded',
    report: 'cached',
  })
  const trail = project.read('.stepwell/accepted.ndjson').trim().split('\n')
  expect(trail.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    'accepted',
    'revoked',
  ])
})

test('what cannot be accepted is refused with a reason', async () => {
  const project = words()
  await project.run()
  project.edit('pipeline.ts', 'factor: 1', 'factor: 2')
  const cases: [args: string[], message: RegExp][] = [
    [['count'], /no reason why the change is harmless \(STEPWELL_USAGE\)\nhint: .*--because/],
    [['count', '--because', ' '], /STEPWELL_USAGE/],
    [['--because', 'x'], /no step is named.*STEPWELL_USAGE/],
    [['count', '--list'], /STEPWELL_USAGE/],
    [['count', '--revoke', '--because', 'x'], /STEPWELL_USAGE/],
    [['count', '--revoke'], /nothing is accepted of step `count`.*STEPWELL_ACCEPT\)/],
    [['count', '--because', 'x'], /params\.factor 1 -> 2 \(STEPWELL_ACCEPT\)/],
    [['report', '--because', 'x'], /step `count` will run \(STEPWELL_ACCEPT\)\nhint: run it first/],
    [['nope', '--because', 'x'], /STEPWELL_TARGET_UNKNOWN/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await project.stepwell('accept', ...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  }
})
