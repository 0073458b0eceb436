import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunRecord, StepRecord } from '../src/index.ts'
import { followLog } from '../src/store/runs/follow-log.ts'
import { temporaryDir } from './support/temporary.ts'

function record(status: StepRecord['status'], run: RunRecord['status'] = 'running'): RunRecord {
  const base = { action: '', reasons: [], inputs: [], metrics: {}, duration: 0 }
  return {
    id: 'r',
    pipeline: 'p',
    status: run,
    startedAt: 0,
    process: { pid: 1, host: 'h', started: null },
    warnings: [],
    steps: { one: { name: 'one', status, ...base } },
  }
}

/** What is followed while each of some things happens before a look. */
async function follow(
  looks: readonly [happens: (path: string) => void, RunRecord][],
): Promise<{ text: string; end: RunRecord }> {
  const path = join(temporaryDir(), 'one.log')
  const left = [...looks]
  const read = async (): Promise<RunRecord> => {
    const [happens, stands] = left.shift() ?? [() => undefined, record('succeeded')]
    happens(path)
    return await Promise.resolve(stands)
  }
  const lines = followLog(path, 'one', read, new AbortController().signal)
  let text = ''
  for (;;) {
    const { done, value } = await lines.next()
    if (done) return { text, end: value }
    text += value
  }
}

const nothing = (): void => undefined

test('what was there, what comes, and what came last, in pieces of any size', async () => {
  const bytes = Buffer.from('eins\nzwölf\n')
  const { text, end } = await follow([
    [nothing, record('waiting')],
    [(path) => appendFileSync(path, bytes.subarray(0, 8)), record('running')],
    [(path) => appendFileSync(path, bytes.subarray(8)), record('running')],
    [(path) => appendFileSync(path, 'x'.repeat(200_000)), record('succeeded')],
  ])
  expect(text).toBe(`eins\nzwölf\n${'x'.repeat(200_000)}`)
  expect(end.steps['one']?.status).toBe('succeeded')
})

for (const status of ['interrupted', 'failed', 'cancelled'] as const) {
  test(`ends with a run that is ${status}, whatever became of the step`, async () => {
    const { text, end } = await follow([
      [(path) => appendFileSync(path, 'said'), record('running', status)],
    ])
    expect(text).toBe('said')
    expect(end.status).toBe(status)
  })
}

test('a step that was cached has nothing to wait for', async () => {
  expect((await follow([[nothing, record('cached')]])).text).toBe('')
})
