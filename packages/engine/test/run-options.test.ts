import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  file,
  pinned,
  pipeline,
  step,
  type ExecutorPlace,
  type Pipeline,
  type RunRecord,
  type RunRequest,
} from '../src/index.ts'
import { InlineExecutor } from '../src/executor/inline/inline-executor.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { MemoryStepCache } from '../src/testing/memory-step-cache.ts'
import { MemoryArtifacts } from '../src/testing/memory-artifacts.ts'
import { temporaryDir } from './support/temporary.ts'

const code = pinned('v1')
const first = step({
  code,
  outs: { note: file('note.txt') },
  run: (_, { outs }) => writeFileSync(outs.note, 'made'),
})
const second = step({ code, inputs: { first }, run: () => 2 })
const broken = step({ code, run: () => Promise.reject(new Error('no')) })
const apart = step({ code, inputs: { second }, run: () => 3 })
const two = pipeline('two', { first, second })
const failing = pipeline('failing', { broken, first, second, apart })

const statuses = async (record: Promise<RunRecord>) => statusesOf(await record)

/** What each option does; the compiler refuses this where one is missing. */
const DOES: Readonly<Record<keyof RunRequest, (dir: string) => Promise<void>>> = {
  targets: async (dir) => {
    expect(await statuses(two.run({ dir, targets: ['first'] }))).toEqual({ first: 'succeeded' })
  },
  only: async (dir) => {
    await two.run({ dir })
    const record = two.run({ dir, targets: ['second'], only: true })
    expect(await statuses(record)).toEqual({ second: 'cached' })
  },
  force: async (dir) => {
    await two.run({ dir })
    const record = two.run({ dir, force: ['second'] })
    expect(await statuses(record)).toEqual({ first: 'cached', second: 'succeeded' })
  },
  plan: async (dir) => {
    const engine = await engineOn(dir)
    const plan = await engine.plan(two, { targets: ['first'] })
    expect(await statuses(two.run({ dir, plan }))).toEqual({ first: 'succeeded' })
  },
  keepEdits: async (dir) => {
    await two.run({ dir })
    writeFileSync(join(dir, 'note.txt'), 'edited')
    await two.run({ dir, keepEdits: true })
    expect(readFileSync(join(dir, 'note.txt'), 'utf8')).toBe('edited')
    await two.run({ dir })
    expect(readFileSync(join(dir, 'note.txt'), 'utf8')).toBe('made')
  },
  onFailure: async (dir) => {
    const record = failing.run({ dir, onFailure: 'continue', concurrency: 1 })
    expect(await statuses(record)).toMatchObject({ broken: 'failed', apart: 'succeeded' })
  },
  because: async (dir) => {
    const { id, because } = await two.run({ dir, because: 'the data is new' })
    expect(because).toBe('the data is new')
    expect((await (await engineOn(dir)).runRecord(id)).because).toBe('the data is new')
  },
  signal: async (dir) => {
    const record = await two.run({ dir, signal: AbortSignal.abort() })
    expect(record.status).toBe('cancelled')
  },
}

describe('pipeline().run() passes on', () => {
  for (const [option, does] of Object.entries(DOES)) {
    test(option, async () => await does(temporaryDir()))
  }

  test('what is not of a run to the engine', async () => {
    const dir = temporaryDir()
    const [cache, artifacts] = [new MemoryStepCache(), new MemoryArtifacts()]
    let seen: ExecutorPlace | undefined
    const executor = ({ steps }: Pipeline, place: ExecutorPlace): InlineExecutor => {
      seen = place
      return new InlineExecutor({ steps, ...place })
    }
    const options = { dir, cache, artifacts, executor, concurrency: 3, grace: 77 }
    await two.run(options)
    expect(seen).toMatchObject({ concurrency: 3, grace: 77, artifacts })
    expect(await statuses(two.run({ ...options, targets: undefined as never }))).toEqual({
      first: 'cached',
      second: 'cached',
    })
  })
})
