import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestText, type Digest } from '@stepwell/base/digest'
import type { RunnablePipeline } from '../engine/run-pipeline.ts'
import type { ExecutorPlace } from '../engine/engine.ts'
import type { Executor, Job, JobEvents, JobResult } from '../executor/executor.ts'
import { RememberingFileDigests } from '../store/inputs/file-digests.ts'
import { stateDirs } from '../store/layout.ts'
import { DiskArtifacts } from '../store/objects/disk-artifacts.ts'
import type { JobOut } from '../store/objects/import-outs.ts'
import { decodeValue, encodeValue } from '../value/codec.ts'
import { parseTree } from '../value/tree.ts'
import type { Check } from './check.ts'
import { contractPipeline } from './contract-pipeline.ts'

/** What the executor under test is made for. */
export interface ExecutorSetting extends ExecutorPlace {
  readonly artifacts: DiskArtifacts
  readonly pipeline: RunnablePipeline
}

export interface TrialOptions {
  /** The steps to be executed. @default `contractPipeline` */
  readonly pipeline?: RunnablePipeline
  /** The code of each step, for an executor that checks it. @default none */
  readonly codes?: (dir: string) => Readonly<Record<string, Digest>>
}

/** An executor under test, with all that it works on. The checks of the contract share it. */
export interface ExecutorTrial {
  /** The project directory. */
  readonly dir: string
  readonly artifacts: DiskArtifacts
  readonly execute: (
    job: Partial<Job>,
    events?: JobEvents,
    signal?: AbortSignal,
  ) => Promise<JobResult>
  /** Closes the executor, and removes the directory. */
  close(): Promise<void>
}

const QUIET: JobEvents = { log: () => undefined, metric: () => undefined }
const SECRET = 'STEPWELL_TEST_SECRET'

/** Begins a trial of an executor in a directory of its own. */
export function tryExecutor(
  make: (setting: ExecutorSetting) => Executor,
  { pipeline = contractPipeline, codes: codesIn = () => ({}) }: TrialOptions = {},
): ExecutorTrial {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'stepwell-contract-')))
  const codes = codesIn(dir)
  const digests = new RememberingFileDigests(dir)
  const artifacts = new DiskArtifacts(stateDirs(dir).objects, digests)
  const executor = make({
    pipeline,
    artifacts,
    digests,
    dir,
    concurrency: 2,
    grace: 5000,
    warn: () => undefined,
  })
  return {
    dir,
    artifacts,
    execute: async (job, events = QUIET, signal = new AbortController().signal) =>
      await executor.execute(
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
      ),
    close: async () => {
      await executor.close?.()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** What every executor must do. The subject is what `tryExecutor` began. */
export const executorContract: readonly Check<ExecutorTrial>[] = [
  {
    name: 'calls the step with its inputs and params, and stores what it returns',
    run: async ({ artifacts, execute }) => {
      const digest = await artifacts.put(encodeValue(2))
      const result = await execute({
        step: 'add',
        inputs: { a: { kind: 'value', digest }, b: { kind: 'env', name: 'B', value: '3' } },
        params: '{"c":4}',
      })
      const { value } = outputsOf(result)
      assert.equal(decodeValue(await artifacts.get(value.digest)), '234')
      assert.equal(value.size, (await artifacts.get(value.digest)).length)
    },
  },
  {
    name: 'stores the fields that are picked',
    run: async ({ artifacts, execute }) => {
      const { picks } = outputsOf(await execute({ step: 'talk', picks: ['model', 'score'] }))
      assert.deepEqual(Object.keys(picks).toSorted(), ['model', 'score'])
      for (const [field, expected] of [
        ['model', [1]],
        ['score', 2],
      ] as const) {
        const digest = picks[field]?.digest ?? digestText('')
        assert.deepEqual(decodeValue(await artifacts.get(digest)), expected)
      }
    },
  },
  {
    name: 'a field that is not there is a failure',
    run: async ({ execute }) => {
      assert.equal(codeOf(await execute({ step: 'talk', picks: ['none'] })), 'STEPWELL_PICK')
    },
  },
  {
    name: 'a step that throws is a failure, as a value',
    run: async ({ execute }) => {
      const result = await execute({ step: 'fail' })
      assert.equal(codeOf(result), 'E_LUCK')
      assert.equal(messageOf(result), 'no luck')
    },
  },
  {
    name: 'a value that cannot be stored is a failure',
    run: async ({ execute }) => {
      assert.equal(codeOf(await execute({ step: 'closure' })), 'STEPWELL_VALUE')
    },
  },
  {
    name: 'says what the step logs and measures, before it resolves',
    run: async ({ execute }) => {
      const told: unknown[] = []
      await execute(
        { step: 'talk' },
        { log: (line) => told.push(line), metric: (name, value) => told.push([name, value]) },
      )
      assert.deepEqual(told, ['one', 'two', ['loss', 0.5]])
    },
  },
  {
    name: 'gives a file as it was digested, and no other',
    run: async ({ dir, execute }) => {
      writeFileSync(join(dir, 'a.txt'), 'one')
      const input = { kind: 'file', path: 'a.txt', digest: digestText('one') } as const
      const job = { step: 'read', inputs: { text: input } }
      assert.equal((await execute(job)).ok, true)
      writeFileSync(join(dir, 'a.txt'), 'two')
      assert.equal(codeOf(await execute(job)), 'STEPWELL_INPUT_CHANGED')
    },
  },
  {
    name: 'passes the signal on',
    run: async ({ execute }) => {
      const abort = new AbortController()
      const log = (): void => abort.abort()
      const result = await execute({ step: 'wait' }, { ...QUIET, log }, abort.signal)
      assert.equal(messageOf(result), 'stopped')
    },
  },
  {
    name: 'throws when its own machinery fails',
    run: async ({ execute }) => {
      const digest = digestText('never put')
      const job = { step: 'add', inputs: { a: { kind: 'value', digest } as const } }
      await assert.rejects(execute(job), { code: 'STEPWELL_ARTIFACT' })
    },
  },
  {
    name: 'stores the files and directories that it writes, and gives a place for more',
    run: async ({ dir, artifacts, execute }) => {
      const { table, images } = outputsOf(
        await execute({ step: 'write', outs: stagedOuts(dir) }),
      ).outs
      assert.deepEqual(table, {
        kind: 'file',
        path: 'out/table.csv',
        digest: digestText('a,b'),
        size: 3,
        mode: 0o644,
      })
      assert.deepEqual(
        [images?.kind, images?.path, images?.size, Reflect.get(images ?? {}, 'files')],
        ['dir', 'out/images', 1, 1],
      )
      const tree = await artifacts.get(images?.digest ?? digestText(''))
      assert.deepEqual(parseTree(new TextDecoder().decode(tree)), [
        { kind: 'file', path: 'deep/x.png', digest: digestText('x'), size: 1, mode: 0o755 },
      ])
      assert.equal(await artifacts.check(digestText('x')), 'present')
      assert.equal(readFileSync(join(dir, 'scratch/progress'), 'utf8'), '1')
    },
  },
  {
    name: 'an out that was not written, or is of another kind, is a failure',
    run: async ({ dir, execute }) => {
      for (const how of ['missing', 'other'] as const) {
        const outs = stagedOuts(dir)
        const wrong =
          how === 'missing'
            ? { ...outs.table, staged: join(dir, 'elsewhere') }
            : { ...outs.table, kind: 'dir' as const }
        const result = await execute({ step: 'write', outs: { ...outs, wrong } })
        assert.equal(codeOf(result), 'STEPWELL_OUT_MISSING')
      }
    },
  },
  {
    name: 'gives secrets to the step, and hides them in what it says',
    run: async (trial) => {
      assert.deepEqual((await tell(trial, 'log')).lines, ['it is ***'])
      assert.deepEqual((await tell(trial, 'metric')).metrics, ['***'])
      const { result } = await tell(trial, 'throw')
      assert.equal(messageOf(result), 'wrong: ***')
      assert.equal(JSON.stringify(result).includes('hunter2'), false)
    },
  },
  {
    name: 'keeps no secret in an output or an out',
    run: async (trial) => {
      for (const how of ['return', 'write', 'name', 'link']) {
        assert.equal(codeOf((await tell(trial, how)).result), 'STEPWELL_SECRET')
      }
    },
  },
]

function outputsOf(result: JobResult): Extract<JobResult, { outputs: unknown }>['outputs'] {
  if ('outputs' in result) return result.outputs
  throw new assert.AssertionError({ message: `Expected outputs, got ${JSON.stringify(result)}` })
}

function codeOf(result: JobResult): string | undefined {
  return result.ok ? undefined : result.failure.code
}

function messageOf(result: JobResult): string | undefined {
  return result.ok ? undefined : result.failure.message
}

/** Executes the step that says a secret in some way. */
async function tell({ dir, execute }: ExecutorTrial, how: string) {
  // As a key file is, it has several lines.
  process.env[SECRET] = 'hunter2 "quoted"\nsecond line'
  try {
    const { table, images } = stagedOuts(dir)
    const inputs = { password: { kind: 'secret', name: SECRET } as const }
    const lines: string[] = []
    const metrics: string[] = []
    const result = await execute(
      { step: 'tell', inputs, params: JSON.stringify({ how }), outs: { table, named: images } },
      { log: (line) => lines.push(line), metric: (name) => metrics.push(name) },
    )
    return { result, lines, metrics }
  } finally {
    delete process.env[SECRET]
  }
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
