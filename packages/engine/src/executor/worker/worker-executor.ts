import { MOST_TIMER } from '@stepwell/base/delay'
import { failureWith, type Failure } from '@stepwell/base/failure'
import { setImmediate as turn } from 'node:timers/promises'
import { makersOf } from '../../code/resolve/own.ts'
import { isErrorCode } from '@stepwell/base/error-codes'
import { StepwellError } from '@stepwell/base/errors'
import type { Pipeline } from '../../define/pipeline.ts'
import type { DiskArtifacts } from '../../store/objects/disk-artifacts.ts'
import { stateDirs } from '../../store/layout.ts'
import type { Executor, Job, JobEvents, JobResult } from '../executor.ts'
import { LEFT_ALONE, unlessLeftAlone } from '@stepwell/base/grace'
import { Secrets } from '../secrets.ts'
import { spawnProcess, spawnThread, type Death, type SpawnedWorker } from './spawn-worker.ts'
import type { FromWorker, WorkerSetup } from './worker-messages.ts'
import { OutputLines } from '../command/output-lines.ts'

// How long a worker that was killed may take to die. A thread does not before a call into native code returns.
const DYING = 3000
const now = AbortSignal.abort()

export interface WorkerOptions {
  readonly kind: 'thread' | 'process'
  readonly pipeline: Pick<Pipeline, 'name' | 'site'>
  /** The project directory. */
  readonly dir: string
  readonly artifacts: DiskArtifacts
  /** How long a step may take to end once it was told to stop, in milliseconds. */
  readonly grace: number
}

/**
 * Executes steps in threads or processes, each of which takes one job at a time. There are as many as jobs
 * were ever under way at once; they are started when they are needed, and live until it is closed.
 */
export class WorkerExecutor implements Executor {
  readonly #options: WorkerOptions
  readonly #setup: WorkerSetup
  readonly #all = new Set<PooledWorker>()
  /** The one that was used last comes first: it is warm. */
  readonly #idle: PooledWorker[] = []

  constructor(options: WorkerOptions) {
    const { pipeline, dir, artifacts } = options
    this.#options = options
    this.#setup = {
      pipeline: pipeline.name,
      makers: makersOf(pipeline),
      dir,
      objects: artifacts.dir,
      code: stateDirs(dir).code,
    }
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    for (;;) {
      const used = this.#idle.pop()
      const worker = used ?? this.#start()
      const outcome = await worker.execute(job, events, signal, this.#options)
      // One that died on its own before it took the job did so for another reason.
      if (outcome === 'never began') {
        if (used !== undefined && !signal.aborted) continue
        return await worker.failed(job.step)
      }
      if (worker.isUsable) this.#idle.push(worker)
      return outcome
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map(async (worker) => await worker.kill()))
  }

  #start(): PooledWorker {
    const worker = new PooledWorker(this.#options.kind, this.#setup)
    this.#all.add(worker)
    void this.#bury(worker)
    return worker
  }

  async #bury(worker: PooledWorker): Promise<void> {
    await worker.gone
    this.#all.delete(worker)
    const index = this.#idle.indexOf(worker)
    if (index >= 0) this.#idle.splice(index, 1)
  }
}

/** What becomes of the one job that a worker has. */
interface Task {
  readonly id: number
  readonly events: JobEvents
  readonly printed: OutputLines
  began: boolean
  readonly resolve: (result: JobResult) => void
  readonly reject: (error: unknown) => void
}

class PooledWorker {
  readonly #kind: 'thread' | 'process'
  readonly #spawned: SpawnedWorker
  #jobs = 0
  #prints = 0
  #task: Task | undefined
  #crash: Failure | undefined
  #isLost = false
  /** Whether it can be given a further job. */
  isUsable = true
  readonly gone: Promise<void>

  constructor(kind: 'thread' | 'process', setup: WorkerSetup) {
    this.#kind = kind
    const spawn = kind === 'thread' ? spawnThread : spawnProcess
    this.#spawned = spawn({
      message: (message) => this.#take(message),
      print: (text) => {
        this.#prints += 1
        this.#task?.printed.push(Buffer.from(text))
      },
    })
    this.gone = this.#spawned.death.then(() => void (this.isUsable = false))
    this.#spawned.send({ type: 'setup', setup })
  }

  /** Resolves to what came of the job, also when the worker died of it. */
  async execute(
    job: Job,
    events: JobEvents,
    signal: AbortSignal,
    { grace }: WorkerOptions,
  ): Promise<JobResult | 'never began'> {
    const started = performance.now()
    const id = (this.#jobs += 1)
    const secrets = Secrets.among(job.inputs)
    const printed = new OutputLines(secrets, (line) => {
      events.log(line)
      return true
    })
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>()
    const task: Task = { id, events, printed, began: false, resolve, reject }
    this.#task = task
    const deadline = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const abort = (): void => {
      this.#spawned.send({ type: 'abort', id })
      timer = setTimeout(
        () => {
          deadline.abort()
          this.isUsable = false
          this.#spawned.kill()
        },
        Math.min(grace, MOST_TIMER),
      )
    }
    this.#spawned.hold(true)
    const env = this.#kind === 'process' ? { env: { ...process.env } } : {}
    this.#spawned.send({ type: 'execute', id, job, ...env })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    try {
      const end = Promise.race([promise, this.#spawned.death])
      const result = await unlessLeftAlone(end, deadline.signal, DYING)
      // What was printed by then comes by another way than the result.
      for (let before = -1; before !== this.#prints;) {
        before = this.#prints
        await turn()
      }
      printed.end()
      const duration = performance.now() - started
      if (result === LEFT_ALONE) {
        this.#isLost = true
        return { ok: false, failure: notKilled(job.step), duration }
      }
      if ('ok' in result) return result
      if (deadline.signal.aborted)
        return { ok: false, failure: wasKilled(job.step, this.#kind, grace), duration }
      if (!task.began) return 'never began'
      return { ok: false, failure: died(job.step, this.#end(result), secrets), duration }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      this.#task = undefined
      this.#spawned.hold(false)
    }
  }

  /** The failure of a step whose worker could not even begin. */
  async failed(step: string): Promise<JobResult> {
    const failure = died(step, this.#end(await this.#spawned.death), new Secrets([]))
    return { ok: false, failure, duration: 0 }
  }

  async kill(): Promise<void> {
    // Its end is waited for.
    this.#spawned.hold(true)
    this.#spawned.kill()
    await unlessLeftAlone(this.gone, now, this.#isLost ? 0 : DYING)
    this.#spawned.hold(false)
  }

  #end({ how, todo }: Death): Death {
    if (this.#crash === undefined) return { how, todo }
    return {
      how: `an error in it was not caught: ${this.#crash.message}`,
      todo: 'catch it in the step, or await the promise that rejects with it',
    }
  }

  #take(message: FromWorker): void {
    if (message.type === 'crashed') {
      this.#crash = message.failure
      return
    }
    const task = this.#task
    if (task === undefined || task.id !== message.id) return
    switch (message.type) {
      case 'began':
        task.began = true
        return
      case 'log':
        task.events.log(message.line)
        return
      case 'metric':
        task.events.metric(message.name, message.value)
        return
      case 'ended':
        task.resolve(message.result)
        return
      case 'broke':
        task.reject(thrown(message.failure))
    }
  }
}

function died(step: string, { how, todo }: Death, secrets: Secrets): Failure {
  const failure = failureWith({
    code: 'STEPWELL_WORKER_DIED',
    summary: `what executed step \`${step}\` died`,
    details: how,
    hint: todo,
  })
  return secrets.hideIn(failure)
}

function wasKilled(step: string, kind: string, grace: number): Failure {
  return failureWith({
    code: 'STEPWELL_KILLED',
    summary: `step \`${step}\` was killed, since it did not stop when it was told to`,
    details: `its ${kind} was given ${grace} ms`,
    hint: 'let it heed `context.signal` if it has to clean up',
  })
}

function notKilled(step: string): Failure {
  return failureWith({
    code: 'STEPWELL_NOT_STOPPED',
    summary: `step \`${step}\` did not stop when it was told to, and its thread could not be terminated`,
    details:
      'it waits in native code, such as execFileSync(); nothing that it does counts any more',
    hint: "let it await what it waits for, or give it { executor: 'process' }",
  })
}

/** What was thrown in a worker, here. */
function thrown({ code, message, hint, stack }: Failure): Error {
  const error =
    code !== undefined && isErrorCode(code)
      ? new StepwellError({ code, summary: message, hint })
      : Object.assign(new Error(message), code !== undefined && { code })
  if (stack !== undefined) error.stack = stack
  return error
}
