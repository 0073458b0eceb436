import { describe, expect, test } from 'vitest'
import { digestText } from '../../src/digest.ts'
import type { ArtifactStore, Executor, Job, JobEvents, Step, StepContext } from '../../src/index.ts'
import { step } from '../../src/index.ts'
import { decodeValue, encodeValue } from '../../src/value.ts'
import { MemoryArtifacts } from './memory-artifacts.ts'
import { temporaryDir, writeFiles } from './temporary.ts'

export interface ExecutorSetting {
  readonly steps: ReadonlyMap<string, Step>
  readonly artifacts: ArtifactStore
  readonly dir: string
}

const QUIET: JobEvents = { log: () => undefined, metric: () => undefined }
const never = new AbortController().signal

const add = step({
  run: ({ a, b }: never, { params }: StepContext<{ c: number }>) => a + b + params.c,
} as never)
const fail = step({
  run: () => {
    throw Object.assign(new RangeError('no luck'), { code: 'E_LUCK' })
  },
})
const talk = step({
  run: async (_, { log, metric }) => {
    log('one\ntwo')
    await Promise.resolve()
    metric('loss', 0.5)
    return { model: [1], score: 2, other: 3 }
  },
})
const closure = step({ run: () => () => 1 })
const read = step({ run: (({ text }: { text: { text(): string } }) => text.text()) as never })
const wait = step({
  run: async (_, { signal }) => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    throw new Error('stopped')
  },
})

/** What every executor must do. `make` gives one for the steps of `setting`. */
export function executorContract(
  title: string,
  make: (setting: ExecutorSetting) => Executor,
): void {
  describe(`${title} is an executor`, () => {
    const set = () => {
      const setting = {
        steps: new Map<string, Step>(Object.entries({ add, fail, talk, closure, read, wait })),
        artifacts: new MemoryArtifacts(),
        dir: temporaryDir(),
      }
      const executor = make(setting)
      const execute = (job: Partial<Job>, events = QUIET, signal = never) =>
        executor.execute({ step: '', inputs: {}, params: '{}', picks: [], ...job }, events, signal)
      return { ...setting, executor, execute }
    }

    test('calls the step with its inputs and params, and stores what it returns', async () => {
      const { artifacts, execute } = set()
      const digest = await artifacts.put(encodeValue(2))
      const result = await execute({
        step: 'add',
        inputs: { a: { kind: 'value', digest }, b: { kind: 'env', value: '3' } },
        params: '{"c":4}',
      })
      if (!result.ok) throw new Error(result.failure.message)
      const { value } = result.outputs
      expect(decodeValue(await artifacts.get(value.digest))).toBe('234')
      expect(value.size).toBe((await artifacts.get(value.digest)).length)
    })

    test('stores the fields that are picked', async () => {
      const { artifacts, execute } = set()
      const result = await execute({ step: 'talk', picks: ['model', 'score'] })
      if (!result.ok) throw new Error(result.failure.message)
      const { picks } = result.outputs
      expect(Object.keys(picks).toSorted()).toEqual(['model', 'score'])
      for (const [field, expected] of [
        ['model', [1]],
        ['score', 2],
      ] as const) {
        const digest = picks[field]?.digest ?? digestText('')
        expect(decodeValue(await artifacts.get(digest))).toEqual(expected)
      }
    })

    test('a field that is not there is a failure', async () => {
      const result = await set().execute({ step: 'talk', picks: ['none'] })
      expect(result).toMatchObject({ ok: false, failure: { code: 'STEPWELL_PICK' } })
    })

    test('a step that throws is a value', async () => {
      const result = await set().execute({ step: 'fail' })
      expect(result).toMatchObject({ ok: false, failure: { code: 'E_LUCK', message: 'no luck' } })
    })

    test('a value that cannot be stored is a failure', async () => {
      const result = await set().execute({ step: 'closure' })
      expect(result).toMatchObject({ ok: false, failure: { code: 'STEPWELL_VALUE' } })
    })

    test('tells what the step logs and measures, before it resolves', async () => {
      const told: unknown[] = []
      await set().execute(
        { step: 'talk' },
        { log: (line) => told.push(line), metric: (name, value) => told.push([name, value]) },
      )
      expect(told).toEqual(['one', 'two', ['loss', 0.5]])
    })

    test('gives a file as it was digested, and no other', async () => {
      const { dir, execute } = set()
      writeFiles(dir, { 'a.txt': 'one' })
      const input = { kind: 'file', path: 'a.txt', digest: digestText('one') } as const
      const job = { step: 'read', inputs: { text: input } }
      expect(await execute(job)).toMatchObject({ ok: true })
      writeFiles(dir, { 'a.txt': 'two' })
      expect(await execute(job)).toMatchObject({
        ok: false,
        failure: { code: 'STEPWELL_INPUT_CHANGED' },
      })
    })

    test('passes the signal on', async () => {
      const abort = new AbortController()
      const result = set().execute({ step: 'wait' }, QUIET, abort.signal)
      abort.abort()
      expect(await result).toMatchObject({ ok: false, failure: { message: 'stopped' } })
    })

    test('throws when its own machinery fails', async () => {
      const digest = digestText('never put')
      const job = { step: 'add', inputs: { a: { kind: 'value', digest } as const } }
      await expect(set().execute(job)).rejects.toMatchObject({ code: 'STEPWELL_ARTIFACT' })
    })
  })
}
