import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { digestText, type Digest } from '@stepwell/base/digest'
import { DiskArtifacts } from '../../src/store/objects/disk-artifacts.ts'
import { RememberingFileDigests } from '../../src/store/inputs/file-digests.ts'
import { stateDirs } from '../../src/store/layout.ts'
import type {
  ExecutorPlace,
  Executor,
  Job,
  JobEvents,
  JobOut,
  RunnablePipeline,
} from '../../src/index.ts'
import { parseTree } from '../../src/value/tree.ts'
import { decodeValue, encodeValue } from '../../src/value/codec.ts'
import { contract } from '../fixtures/contract.ts'
import { makeTemporaryDir, writeFiles } from './temporary.ts'

export interface ExecutorSetting extends ExecutorPlace {
  readonly artifacts: DiskArtifacts
  readonly pipeline: RunnablePipeline
}

const QUIET: JobEvents = { log: () => undefined, metric: () => undefined }
const never = new AbortController().signal

/** What every executor must do. `make` gives one for the steps of `setting`. */
export function executorContract(
  title: string,
  make: (setting: ExecutorSetting) => Executor,
): void {
  describe(`${title} is an executor`, () => {
    // Workers are dear to start: all tests share them.
    let setting: ExecutorSetting
    let executor: Executor
    let codes: Readonly<Record<string, Digest>>
    beforeAll(() => {
      const dir = makeTemporaryDir()
      codes = codesIn(dir)
      const digests = new RememberingFileDigests(dir)
      setting = {
        pipeline: contract,
        artifacts: new DiskArtifacts(stateDirs(dir).objects, digests),
        digests,
        dir,
        concurrency: 2,
        grace: 5000,
        warn: () => undefined,
      }
      executor = make(setting)
    })
    afterAll(async () => {
      await executor.close?.()
      rmSync(setting.dir, { recursive: true, force: true })
    })
    const set = () => {
      const { dir } = setting
      const execute = (job: Partial<Job>, events = QUIET, signal = never) =>
        executor.execute(
          {
            step: '',
            executor: 'inline',
            code: codes[job.step ?? ''] ?? digestText(''),
            inputs: {},
            params: '{}',
            picks: [],
            outs: {},
            scratch: join(dir, 'scratch'),
            ...job,
          },
          events,
          signal,
        )
      return { ...setting, executor, execute }
    }

    test('calls the step with its inputs and params, and stores what it returns', async () => {
      const { artifacts, execute } = set()
      const digest = await artifacts.put(encodeValue(2))
      const result = await execute({
        step: 'add',
        inputs: { a: { kind: 'value', digest }, b: { kind: 'env', name: 'B', value: '3' } },
        params: '{"c":4}',
      })
      if (!('outputs' in result)) throw new Error(JSON.stringify(result))
      const { value } = result.outputs
      expect(decodeValue(await artifacts.get(value.digest))).toBe('234')
      expect(value.size).toBe((await artifacts.get(value.digest)).length)
    })

    test('stores the fields that are picked', async () => {
      const { artifacts, execute } = set()
      const result = await execute({ step: 'talk', picks: ['model', 'score'] })
      if (!('outputs' in result)) throw new Error(JSON.stringify(result))
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
      const log = (): void => abort.abort()
      const result = set().execute({ step: 'wait' }, { ...QUIET, log }, abort.signal)
      expect(await result).toMatchObject({ ok: false, failure: { message: 'stopped' } })
    })

    test('throws when its own machinery fails', async () => {
      const digest = digestText('never put')
      const job = { step: 'add', inputs: { a: { kind: 'value', digest } as const } }
      await expect(set().execute(job)).rejects.toMatchObject({ code: 'STEPWELL_ARTIFACT' })
    })

    test('stores the files and directories that it writes, and gives a place for more', async () => {
      const { dir, artifacts, execute } = set()
      const outs = stagedOuts(dir)
      const result = await execute({ step: 'write', outs })
      if (!('outputs' in result)) throw new Error(JSON.stringify(result))
      const { table, images } = result.outputs.outs
      expect(table).toEqual({
        kind: 'file',
        path: 'out/table.csv',
        digest: digestText('a,b'),
        size: 3,
        mode: 0o644,
      })
      expect(images).toMatchObject({ kind: 'dir', path: 'out/images', size: 1, files: 1 })
      const tree = await artifacts.get(images?.digest ?? digestText(''))
      expect(parseTree(new TextDecoder().decode(tree))).toEqual([
        { kind: 'file', path: 'deep/x.png', digest: digestText('x'), size: 1, mode: 0o755 },
      ])
      expect(await artifacts.check(digestText('x'))).toBe('present')
      expect(readFileSync(join(dir, 'scratch/progress'), 'utf8')).toBe('1')
    })

    test('an out that was not written, or is of another kind, is a failure', async () => {
      const { dir, execute } = set()
      for (const how of ['missing', 'other'] as const) {
        const outs = stagedOuts(dir)
        const wrong =
          how === 'missing'
            ? { ...outs.table, staged: join(dir, 'elsewhere') }
            : { ...outs.table, kind: 'dir' as const }
        const result = await execute({ step: 'write', outs: { ...outs, wrong } })
        expect(result).toMatchObject({ ok: false, failure: { code: 'STEPWELL_OUT_MISSING' } })
      }
    })

    describe('secrets', () => {
      // As a key file is, it has several lines.
      const password = 'hunter2 "quoted"\nsecond line'
      const ways = async (how: string) => {
        vi.stubEnv('STEPWELL_TEST_SECRET', password)
        onTestFinished(() => void vi.unstubAllEnvs())
        const { dir, execute } = set()
        const { table, images } = stagedOuts(dir)
        const outs = { table, named: images }
        const inputs = { password: { kind: 'secret', name: 'STEPWELL_TEST_SECRET' } as const }
        const lines: string[] = []
        const metrics: string[] = []
        const result = await execute(
          { step: 'tell', inputs, params: JSON.stringify({ how }), outs },
          { log: (line) => lines.push(line), metric: (name) => metrics.push(name) },
        )
        return { result, lines, metrics }
      }

      test('are given to the step, and hidden in what it says', async () => {
        expect((await ways('log')).lines).toEqual(['it is ***'])
        expect((await ways('metric')).metrics).toEqual(['***'])
        const { result } = await ways('throw')
        expect(result).toMatchObject({ ok: false, failure: { message: 'wrong: ***' } })
        expect(JSON.stringify(result)).not.toContain('hunter2')
      })

      test('cannot be kept in an output or an out', async () => {
        for (const how of ['return', 'write', 'name', 'link']) {
          const { result } = await ways(how)
          expect(result).toMatchObject({ ok: false, failure: { code: 'STEPWELL_SECRET' } })
        }
      })
    })
  })
}

/** The code of the steps as a worker finds it, which knows nothing of the test runner. */
function codesIn(dir: string): Readonly<Record<string, Digest>> {
  const script = join(dirname(expect.getState().testPath ?? ''), 'fixtures', 'contract-code.ts')
  const args = ['--conditions=@stepwell/source', script, dir]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
    string,
    Digest
  >
}

/** Places for the outs of `write`, as a run prepares them. */
function stagedOuts(dir: string): { readonly table: JobOut; readonly images: JobOut } {
  const place = mkdtempSync(join(dir, 'staged-'))
  const images = join(place, 'images')
  mkdirSync(images)
  return {
    table: { kind: 'file', path: 'out/table.csv', staged: join(place, 'table.csv') },
    images: { kind: 'dir', path: 'out/images', staged: images },
  }
}
