import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from '../../define/command-line.ts'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import type { Ready, ServiceWork } from '../../define/work.ts'
import { identityOf, isAlive } from '@stepwell/base/process'
import type { ServicePlace, ServiceRecord } from '../../store/state/service-records.ts'
import { CommandCall } from '../command/command-call.ts'
import { environmentOf } from '../command/command-environment.ts'
import type { Job } from '../executor.ts'
import { isTaken, whyNotReady } from './readiness.ts'
import { Secrets } from '../secrets.ts'
import { endServiceGroup, killRest } from './service-group.ts'
import { ServiceOutput } from './service-output.ts'

const PACE_MS = 50

export interface ServiceSurroundings {
  readonly artifacts: ArtifactStore
  /** The project directory. */
  readonly dir: string
  /** How long it may take to end once it was told to, in milliseconds. */
  readonly grace: number
  readonly log: (line: string) => void
}

/** A service that is up, or on its way. */
export class ServiceProcess {
  readonly #step: string
  readonly #process: ProcessIdentity
  readonly #child: ChildProcess | undefined
  readonly #place: ServicePlace
  readonly #output: ServiceOutput
  readonly #grace: number
  readonly #died = Promise.withResolvers<string>()
  readonly #watch: NodeJS.Timeout
  #isUp = true
  #isStopped = false

  private constructor(
    step: string,
    process: ProcessIdentity,
    child: ChildProcess | undefined,
    place: ServicePlace,
    output: ServiceOutput,
    grace: number,
  ) {
    this.#step = step
    this.#process = process
    this.#child = child
    this.#place = place
    this.#output = output
    this.#grace = grace
    child?.once('exit', (code, signal) => {
      this.#end(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`)
    })
    this.#watch = setInterval(() => this.#look(), PACE_MS).unref()
  }

  /**
   * Starts it, in a group of its own, with its output in a file. It is on record before anything else
   * happens: who finds the record can end it.
   *
   * @throws StepwellError STEPWELL_SERVICE, STEPWELL_COMMAND_INPUT.
   */
  static async start(
    job: Job,
    command: Command,
    { ready }: Pick<ServiceWork, 'ready'>,
    place: ServicePlace,
    record: Omit<ServiceRecord, 'process' | 'isReady'>,
    { artifacts, dir, grace, log }: ServiceSurroundings,
  ): Promise<ServiceProcess> {
    const { step } = job
    if (await isTaken(ready)) {
      throw failed(step, 'cannot be started', `something else answers already: ${whereOf(ready)}`)
    }
    // What it is given as files is there as long as it is.
    const call = new CommandCall(job, command, { artifacts, dir, files: place.files })
    const [prepared] = await call.prepare()
    if (prepared === undefined) throw new TypeError(`the service \`${step}\` has no command`)
    const { program, args } = prepared
    const file = openSync(place.log, 'a')
    let child: ChildProcess
    try {
      child = spawn(program, args, {
        cwd: call.dir,
        env: environmentOf(command, job.inputs),
        detached: true,
        stdio: ['ignore', file, file],
      })
    } catch (error) {
      throw failed(step, 'cannot be started', messageOf(error))
    } finally {
      closeSync(file)
    }
    const { pid } = child
    if (pid === undefined) {
      const error = await new Promise((tell) => child.once('error', tell))
      throw failed(step, 'cannot be started', `${program}: ${codeOf(error) ?? messageOf(error)}`)
    }
    const process = identityOf(pid)
    place.keep({ ...record, process, isReady: false })
    const awaited = ready.kind === 'log' ? ready.text : ''
    const output = new ServiceOutput(
      place.log,
      Secrets.among(job.inputs),
      awaited,
      'beginning',
      log,
    )
    return new ServiceProcess(step, process, child, place, output, grace)
  }

  /** Takes over one that was left up. */
  static adopt(
    job: Job,
    record: ServiceRecord,
    place: ServicePlace,
    { grace, log }: ServiceSurroundings,
  ): ServiceProcess {
    const output = new ServiceOutput(place.log, Secrets.among(job.inputs), '', 'end', log)
    return new ServiceProcess(job.step, record.process, undefined, place, output, grace)
  }

  get isUp(): boolean {
    this.#look()
    return this.#isUp && isAlive(this.#process)
  }

  /** Resolves when it has ended by itself. */
  get died(): Promise<string> {
    return this.#died.promise
  }

  /**
   * Waits until it can be used; `false` when the signal came first.
   * @throws StepwellError STEPWELL_SERVICE.
   */
  async ready(
    { ready, timeout }: Pick<ServiceWork, 'ready' | 'timeout'>,
    record: Omit<ServiceRecord, 'process' | 'isReady'>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const until = performance.now() + timeout
    for (;;) {
      this.#output.read()
      const why = await whyNotReady(ready, () => this.#output.hasCome)
      if (signal.aborted) return false
      // What answers may be another one: this one must be up, too.
      if (!this.isUp) {
        // Its end tells how.
        const how = this.#child === undefined ? 'ended' : await this.#died.promise
        throw this.failure(`${how} before it was ready`)
      }
      if (why === undefined) break
      if (performance.now() >= until) {
        throw this.failure('was not ready in time', `it had ${timeout} ms; ${why}`)
      }
      await delay(PACE_MS, undefined, { signal }).catch(() => undefined)
    }
    this.#place.keep({ ...record, process: this.#process, isReady: true })
    return true
  }

  failure(how: string, facts?: string): StepwellError {
    const { last } = this.#output
    const said = last.length === 0 ? [] : [`the last that it said:\n${last.join('\n')}`]
    return failed(this.#step, how, [...(facts === undefined ? [] : [facts]), ...said].join('; '))
  }

  /** Ends it, with all that it has started. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const isGone = await endServiceGroup(this.#process, this.#grace)
    this.#close()
    if (isGone) this.#place.remove()
    else throw this.failure('could not be killed', 'end it by hand')
  }

  /** Ends it without waiting for that: this process comes to its exit. */
  kill(): void {
    if (isAlive(this.#process)) killRest(this.#process)
  }

  /** Leaves it up, for a later run that takes it over. */
  leave(): void {
    this.#isStopped = true
    this.#close()
    this.#child?.unref()
  }

  /** One that another process has started does not tell this one of its end. */
  #look(): void {
    if (this.#child === undefined && !isAlive(this.#process)) this.#end('ended')
  }

  #end(how: string): void {
    if (!this.#isUp) return
    this.#isUp = false
    killRest(this.#process)
    this.#output.read()
    if (this.#isStopped) return
    this.#died.resolve(how)
  }

  #close(): void {
    clearInterval(this.#watch)
    this.#output.close()
  }
}

function whereOf(ready: Ready): string {
  if (ready.kind === 'http') return ready.url
  return ready.kind === 'port' ? `port ${ready.port}` : ''
}

function failed(step: string, how: string, facts: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SERVICE',
    summary: `the service \`${step}\` ${how}`,
    ...(facts !== '' && { details: facts }),
  })
}
