import { MOST_TIMER } from '@stepwell/base/delay'
import { failureOf } from '@stepwell/base/failure'
import { parentPort } from 'node:worker_threads'
import { codeDigest, type PipelineCode } from '../../identity/code.ts'
import { findCode } from '../../code/manifest/manifest.ts'
import { StepwellError } from '@stepwell/base/errors'
import { DiskArtifacts } from '../../store/objects/disk-artifacts.ts'
import { RememberingFileDigests } from '../../store/inputs/file-digests.ts'
import type { Job, JobResult } from '../executor.ts'
import { findExported } from './exported-pipeline.ts'
import { InlineExecutor } from '../inline/inline-executor.ts'
import { loadModules } from '../inline/loading.ts'
import { Secrets } from '../secrets.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts'
import { OutputLines } from '../command/output-lines.ts'
import { divertOutput } from './worker-output.ts'

interface Loaded {
  readonly executor: InlineExecutor
  readonly code: PipelineCode
}

/** Takes jobs from the engine, one after the other, until it is killed. */
export function serve(): void {
  const aborts = new Map<number, AbortController>()
  let loaded: Promise<Loaded> | undefined
  let setup: WorkerSetup | undefined
  // Of the job under way, with what its module prints while it is loaded: output between jobs belongs to no
  // step.
  let printed: OutputLines | undefined
  divertOutput((bytes) => printed?.push(bytes))
  process.on('uncaughtException', (error) => {
    const die = (): never => process.exit(1)
    post({ type: 'crashed', failure: failureOf(error) }, die)
  })
  listen((message) => {
    switch (message.type) {
      case 'setup':
        ;({ setup } = message)
        return
      case 'execute':
        if (message.env !== undefined) takeOver(message.env)
        void run(message.id, message.job)
        return
      case 'abort':
        aborts.get(message.id)?.abort()
    }
  })

  async function run(id: number, job: Job): Promise<void> {
    const abort = new AbortController()
    aborts.set(id, abort)
    post({ type: 'began', id })
    const secrets = Secrets.among(job.inputs)
    const lines = new OutputLines(secrets, (line) => {
      post({ type: 'log', id, line })
      return true
    })
    printed = lines
    try {
      loaded ??= load(setup)
      const result = await execute(job, id, abort.signal)
      lines.end()
      post({ type: 'ended', id, result })
    } catch (error) {
      post({ type: 'broke', id, failure: secrets.hideIn(failureOf(error)) })
    } finally {
      aborts.delete(id)
      printed = undefined
    }
  }

  async function execute(job: Job, id: number, signal: AbortSignal): Promise<JobResult> {
    let ready: Loaded
    try {
      ready = await (loaded ?? load(setup))
      if (codeDigest(ready.code, job.step) !== job.code) throw edited(job.step)
    } catch (error) {
      return { ok: false, failure: failureOf(error), duration: 0 }
    }
    return await ready.executor.execute(
      job,
      {
        log: (line) => post({ type: 'log', id, line }),
        metric: (name, value) => post({ type: 'metric', id, name, value }),
      },
      signal,
    )
  }
}

async function load(setup: WorkerSetup | undefined): Promise<Loaded> {
  if (setup === undefined) throw new TypeError('a worker was given a job before its setup')
  const { dir, objects, code } = setup
  const pipeline = await loadModules(async () => await findExported(setup.pipeline, setup.makers))
  const digests = new RememberingFileDigests(dir)
  const artifacts = new DiskArtifacts(objects, digests)
  const { steps } = pipeline
  // The engine kills what does not end in time: nothing is left alone in here.
  const executor = new InlineExecutor({ steps, artifacts, digests, dir, grace: MOST_TIMER })
  return { executor, code: (await findCode(pipeline, dir, code)).code }
}

function edited(step: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CODE_CHANGED',
    summary: `the code of step \`${step}\` is not what it was when the run began`,
    details: 'it was edited while the run went on, and was not executed',
    hint: 'run again; restart a long-running program first',
  })
}

function listen(take: (message: ToWorker) => void): void {
  if (parentPort === null) process.on('message', take)
  else parentPort.on('message', take)
}

function post(message: FromWorker, then?: () => void): void {
  if (parentPort === null) process.send?.(message, undefined, undefined, () => then?.())
  else {
    parentPort.postMessage(message)
    then?.()
  }
}

/** Makes the environment of this process that of the engine. */
function takeOver(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) {
    if (!Object.hasOwn(env, name)) delete process.env[name]
  }
  for (const [name, value] of Object.entries(env)) {
    if (process.env[name] !== value) process.env[name] = value
  }
}
