import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import { failureOf } from '@stepwell/base/failure'
import { StepwellError } from '@stepwell/base/errors'
import type { RunEvent, StepFinished } from '../record/event.ts'
import { jobOf } from './job.ts'
import type { ExecutorKind } from '../define/execution.ts'
import { ServiceProcess } from '../executor/service/service-process.ts'
import { endServiceGroup } from '../executor/service/service-group.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Halt, OnFailure } from './cancellation.ts'
import type { OrderedStep } from '../define/order.ts'
import type { PipelineCode } from '../identity/code.ts'
import type { Pipeline } from '../define/pipeline.ts'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import type { Reason } from '../identity/reason.ts'
import { fillParams } from '../define/service.ts'
import { definition, isService } from '../define/step.ts'
import type { Ready, ServiceWork } from '../define/work.ts'
import { identityOf, nextAttempt, reasonsOf, type Executing } from './step-execution.ts'
import type { ExecutionTable } from './execution-table.ts'
import { changed } from '../store/inputs/file-input.ts'
import { isAlive, thisIdentity } from '@stepwell/base/process'
import type { ServiceRecord, ServiceRecords } from '../store/state/service-records.ts'

/** How it stands with a service that is wanted. */
export type Wanted = 'up' | 'failed' | 'cancelled'

export interface RunServicesOptions {
  readonly run: string
  readonly pipeline: Pipeline
  /** The project directory. */
  readonly dir: string
  readonly code: PipelineCode
  readonly kind: ExecutorKind
  readonly artifacts: ArtifactStore
  readonly services: ServiceRecords
  /** How long a service may take to end once it was told to, in milliseconds. */
  readonly grace: number
  /** The process for which services stay up after the run. @default none: they are stopped */
  readonly keeper?: ProcessIdentity
  readonly halt: Halt
  readonly onFailure: OnFailure
  readonly emit: (event: RunEvent) => void
}

/**
 * The services of one run: each is started when the first step that reads it is to be executed, and
 * stopped when the run has ended, the last one first.
 */
export class RunServices {
  readonly #options: RunServicesOptions
  readonly #table: ExecutionTable
  /** Those whose turn has come, and that no step needs so far. */
  readonly #deferred = new Set<string>()
  readonly #wanted = new Map<string, Promise<Wanted>>()
  /** In the order in which they were started. */
  readonly #processes = new Map<string, ServiceProcess>()
  readonly #killAll = (): void => {
    for (const service of this.#processes.values()) service.kill()
  }

  constructor(options: RunServicesOptions, table: ExecutionTable) {
    this.#options = options
    this.#table = table
  }

  /** Its inputs are known: it is started once it is needed. */
  defer(name: string): void {
    this.#deferred.add(name)
  }

  isUp(name: string): boolean {
    return this.#processes.get(name)?.isUp === true
  }

  /** Waits until a service can be used. `by` is the step that needs it, if one does. */
  async bringUp(name: string, by: string | null): Promise<Wanted> {
    const wanted = this.#wanted.get(name) ?? this.#begin(name, by)
    this.#wanted.set(name, wanted)
    const how = await wanted
    if (how !== 'up' || this.isUp(name)) return how
    // Its end is told first.
    await this.#processes.get(name)?.died
    return 'failed'
  }

  /** Waits until all services that a step reads are ready. Returns the first that cannot be used. */
  async bringUpFor({
    name,
    upstream,
  }: OrderedStep): Promise<{ service: string; how: Wanted } | undefined> {
    for (const service of upstream.filter((read) => this.#isService(read))) {
      const how = await this.bringUp(service, name)
      if (how !== 'up') return { service, how }
    }
    return undefined
  }

  async #begin(name: string, by: string | null): Promise<Wanted> {
    const { emit, halt } = this.#options
    const ordered = this.#table.ordered(name)
    this.#deferred.delete(name)
    const missing = await this.bringUpFor(ordered)
    if (missing?.how === 'failed') {
      this.#finish(name, 'skipped', [{ kind: 'blocked', by: [missing.service] }])
      return 'failed'
    }
    if (missing !== undefined || halt.stopping.aborted) return this.#cancel(name)
    const before = this.#table.in(name, 'settled')
    const kept = this.#keptOf(name, before.identity.key)
    const reasons: Reason[] = [
      { kind: 'service', state: kept === undefined ? 'needed' : 'kept', by },
    ]
    const executing = nextAttempt(before, reasons)
    this.#table.set(name, executing)
    emit({ type: 'step-started', at: Date.now(), step: name, attempt: 1, reasons })
    try {
      const isUp = await this.#start(ordered, executing, kept)
      if (!isUp) return this.#cancel(name)
    } catch (error) {
      if (!isOwn(error)) throw error
      this.#table.fail(name, reasons, failureOf(error))
      return 'failed'
    }
    emit({ type: 'step-ongoing', at: Date.now(), step: name })
    return 'up'
  }

  /** `false` when the run was stopped before it was ready. */
  async #start(
    ordered: OrderedStep,
    { identity }: Executing,
    kept: ReturnType<ServiceRecords['all']>[number] | undefined,
  ): Promise<boolean> {
    const { name, step } = ordered
    const { run, pipeline, services, emit, halt, keeper = thisIdentity() } = this.#options
    const { work } = definition(step)
    if (work.kind !== 'service') throw new TypeError(`step \`${name}\` is not a service`)
    const surroundings = {
      ...this.#options,
      log: (line: string) => emit({ type: 'step-log', at: Date.now(), step: name, line }),
    }
    const job = await jobOf(ordered, identity, { paths: {}, scratch: '' }, this.#options)
    let up: ServiceProcess
    if (kept === undefined) {
      await this.#endKept((record) => record.step === name)
      const record = { pipeline: pipeline.name, step: name, key: identity.key, run, keeper }
      const filled = filledIn(work, job.params)
      const place = services.make()
      try {
        up = await ServiceProcess.start(job, work.command, filled, place, record, surroundings)
      } catch (error) {
        place.remove()
        throw error
      }
      this.#add(name, up)
      try {
        if (!(await up.ready(filled, record, halt.stopping))) {
          await this.#remove(name, up)
          return false
        }
        const moved = await identity.moved()
        if (moved !== undefined) throw changed(moved)
      } catch (error) {
        await this.#remove(name, up)
        throw error
      }
    } else {
      up = ServiceProcess.adopt(job, kept.record, kept.place, surroundings)
      this.#add(name, up)
    }
    void up.died.then((how) => this.#lost(name, up, how))
    return true
  }

  #add(name: string, service: ServiceProcess): void {
    if (this.#processes.size === 0) process.on('exit', this.#killAll)
    this.#processes.set(name, service)
  }

  async #remove(name: string, service: ServiceProcess): Promise<void> {
    this.#processes.delete(name)
    if (this.#processes.size === 0) process.off('exit', this.#killAll)
    await service.stop()
  }

  /** It has ended by itself. */
  #lost(name: string, service: ServiceProcess, how: string): void {
    const { halt, onFailure } = this.#options
    const reasons = reasonsOf(this.#table.at(name))
    const { downstream } = this.#table.ordered(name)
    const done = downstream.map((reader) => this.#table.statusOf(reader))
    if (done.length > 0 && done.every((status) => status === 'succeeded' || status === 'cached')) {
      this.#finish(name, 'succeeded', reasons)
      return
    }
    this.#table.fail(name, reasons, failureOf(service.failure(`${how} while it was needed`)))
    if (onFailure === 'finish') halt.finish(name)
  }

  /** Stops all of them, except those that the keeper keeps up. All steps have ended. */
  async close(): Promise<void> {
    const { keeper, halt } = this.#options
    const keeps = keeper !== undefined && isAlive(keeper)
    for (const name of this.#deferred) {
      const isKept = keeps && this.#keptOf(name, this.#keyOf(name)) !== undefined
      const state = isKept ? 'kept' : 'not-needed'
      if (halt.stopping.aborted && !isKept) this.#cancel(name)
      else {
        const reasons: Reason[] = [{ kind: 'service', state, by: null }]
        this.#finish(name, isKept ? 'ongoing' : 'skipped', reasons)
      }
    }
    for (const [name, service] of [...this.#processes].toReversed()) {
      const execution = this.#table.at(name)
      const [reasons, identity] = [reasonsOf(execution), identityOf(execution)]
      if (keeps && service.isUp && (await identity?.moved()) === undefined) {
        service.leave()
        this.#processes.delete(name)
        this.#finish(name, 'ongoing', reasons)
        continue
      }
      // One that has ended by itself tells so.
      if (!service.isUp) await service.died
      try {
        await this.#remove(name, service)
        if (this.#table.statusOf(name) === undefined) this.#finish(name, 'succeeded', reasons)
      } catch (error) {
        if (!isOwn(error)) throw error
        if (this.#table.statusOf(name) === undefined)
          this.#table.fail(name, reasons, failureOf(error))
      }
    }
    process.off('exit', this.#killAll)
    if (keeper !== undefined) await this.#endKept((record) => this.#isOutdated(record))
  }

  #cancel(name: string): 'cancelled' {
    const by = this.#options.halt.failed ?? null
    this.#finish(name, 'cancelled', [{ kind: 'stopped', by }])
    return 'cancelled'
  }

  #isService(name: string): boolean {
    return isService(this.#table.ordered(name).step)
  }

  /** One that an earlier run has left up for the same keeper, if its key is the same. */
  #keptOf(
    name: string,
    key: StepKey | undefined,
  ): ReturnType<ServiceRecords['all']>[number] | undefined {
    return this.#allKept().find(
      ({ record }) =>
        record.step === name && record.key === key && record.isReady && isAlive(record.process),
    )
  }

  #isOutdated({ step, key, isReady }: ServiceRecord): boolean {
    const { pipeline } = this.#options
    const handle = pipeline.steps.get(step)
    if (!isService(handle) || !isReady) return true
    const now = this.#table.statusOf(step) !== undefined ? this.#keyOf(step) : undefined
    return now !== undefined && now !== key
  }

  #keyOf(name: string): StepKey | undefined {
    return identityOf(this.#table.at(name))?.key
  }

  #finish(name: string, status: StepFinished['status'], reasons: readonly Reason[]): void {
    this.#table.finish(name, status, { reasons }, this.#table.given(name))
  }

  async #endKept(is: (record: ServiceRecord) => boolean): Promise<void> {
    for (const { record, place } of this.#allKept()) {
      if (!is(record)) continue
      await endServiceGroup(record.process, this.#options.grace)
      place.remove()
    }
  }

  #allKept(): ReturnType<ServiceRecords['all']> {
    const { services, pipeline, keeper } = this.#options
    if (keeper === undefined) return []
    return services
      .all()
      .filter(({ record }) => record.pipeline === pipeline.name && isSame(record.keeper, keeper))
  }
}

/**
 * Stops services whose run was killed, or whose keeper is gone or is a given process. Returns their names.
 */
export async function endServices(
  services: ServiceRecords,
  grace: number,
  keeper?: ProcessIdentity,
): Promise<string[]> {
  const ended: string[] = []
  for (const { record, place } of services.all().toReversed()) {
    const isTheirs = keeper !== undefined && isSame(record.keeper, keeper)
    if (isAlive(record.keeper) && !isTheirs) continue
    if (isAlive(record.process)) ended.push(record.step)
    if (await endServiceGroup(record.process, grace)) place.remove()
  }
  return ended
}

function isSame(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.host === b.host && a.started === b.started
}

/** With the params of a job in the texts of what says that it is ready. */
function filledIn(service: ServiceWork, params: string): ServiceWork {
  const fillIn = (text: string): string => fillParams(text, JSON.parse(params))
  const { ready } = service
  return { ...service, ready: readyIn(ready, fillIn) }
}

function readyIn(ready: Ready, fillIn: (text: string) => string): Ready {
  switch (ready.kind) {
    case 'http':
      return { kind: 'http', url: fillIn(ready.url) }
    case 'port':
      return { kind: 'port', port: fillIn(ready.port) }
    case 'log':
      return ready
  }
}

/** Whether an error is the failure of a service, and not of the machinery. */
function isOwn(error: unknown): error is StepwellError {
  return (
    error instanceof StepwellError && /^STEPWELL_(?:SERVICE|COMMAND|INPUT_CHANGED)/.test(error.code)
  )
}
