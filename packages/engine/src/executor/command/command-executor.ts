import type { ArtifactStore } from '../../store/objects/artifact-store.ts'
import type { FileDigests } from '../../store/inputs/project-files.ts'
import { withoutStack } from '@stepwell/base/failure'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { shortCommandText, type Command } from '../../define/command-line.ts'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { LogLimit } from '../log-limit.ts'
import { CommandCall, type Call } from './command-call.ts'
import { environmentOf } from './command-environment.ts'
import type { Executor, Job, JobEvents, JobResult } from '../executor.ts'
import { LiveCommands, MARKER } from './live-commands.ts'
import { OutputLines } from './output-lines.ts'
import { PrintedValue } from './printed-value.ts'
import type { Ended } from './process-group.ts'
import { Secrets } from '../secrets.ts'
import { startCommand } from './start-command.ts'
import { storeOutputs } from '../inline/store-outputs.ts'
import { Tail } from './tail.ts'

// What a process that has left the group still holds is not waited for.
const QUIET_MS = 250
const ROUNDS = 16
// What is the step's own failure.
const OWN = /^STEPWELL_(?:COMMAND|NOT_STOPPED)/

export interface CommandExecutorOptions {
  readonly artifacts: ArtifactStore
  readonly digests: FileDigests
  /** The project directory. */
  readonly dir: string
  /** How long a command may take to end once it was told to stop, in milliseconds. */
  readonly grace: number
}

/** What all commands of a job have in common. */
interface Surroundings {
  readonly secrets: Secrets
  readonly events: JobEvents
  readonly signal: AbortSignal
  readonly printed: PrintedValue
  readonly limit: LogLimit
}

/** Runs commands, each in a process group of its own, of which nothing is left when it has ended. */
export class CommandExecutor implements Executor {
  readonly #options: CommandExecutorOptions
  readonly #live: LiveCommands

  constructor(options: CommandExecutorOptions) {
    this.#options = options
    this.#live = new LiveCommands(options.dir)
  }

  async execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<JobResult> {
    const { command } = job
    if (command === undefined) throw new TypeError(`step \`${job.step}\` runs no command`)
    const secrets = Secrets.among(job.inputs)
    const started = performance.now()
    await using call = new CommandCall(job, command, this.#options)
    try {
      const { value, duration } = await this.#run(job, command, call, secrets, events, signal)
      const stored = await storeOutputs(job, value, secrets, this.#options)
      return { ...stored, duration }
    } catch (error) {
      if (!OWN.test(codeOf(error) ?? '')) throw error
      const failure = secrets.hideIn(withoutStack(error))
      return { ok: false, failure, duration: performance.now() - started }
    }
  }

  async #run(
    job: Job,
    command: Command,
    call: CommandCall,
    secrets: Secrets,
    events: JobEvents,
    signal: AbortSignal,
  ): Promise<{ readonly value: unknown; readonly duration: number }> {
    const calls = await call.prepare()
    const started = performance.now()
    const printed = new PrintedValue(command.stdout)
    const limit = new LogLimit()
    for (const one of calls) {
      await this.#runOne(job, command, one, call.dir, { secrets, events, signal, printed, limit })
    }
    return { value: printed.value(job.step), duration: performance.now() - started }
  }

  /** @throws StepwellError STEPWELL_COMMAND, STEPWELL_NOT_STOPPED when it does not end well. */
  async #runOne(
    job: Job,
    command: Command,
    call: Call,
    cwd: string,
    { secrets, events, signal, printed, limit }: Surroundings,
  ): Promise<void> {
    if (signal.aborted) throw stopped(job.step, command)
    const live = this.#live.begin(job.step)
    const { child, group } = await startCommand(job.step, call, {
      cwd,
      env: { ...environmentOf(command, job.inputs), [MARKER]: live.name },
      begun: live.started,
    }).catch((error: unknown) => {
      live.done()
      throw error
    })
    const tail = new Tail(secrets)
    const log = (): OutputLines =>
      new OutputLines(secrets, (line) => {
        // The log itself is full when this is.
        if (limit.admit(line) !== undefined) events.log(line)
        return !limit.isFull
      })
    const broken = new AbortController()
    const drained = [
      drain(child.stdout, [command.stdout === 'log' ? log() : printed], broken),
      drain(child.stderr, [log(), tail], broken),
    ]
    const stop = AbortSignal.any([signal, printed.tooLong, broken.signal])
    const ended = await group.end(stop, this.#options.grace)
    // One that cannot be killed may be ended by a later run.
    if (ended !== undefined) live.done()
    broken.signal.throwIfAborted()
    await Promise.all(drained.map((finish) => finish()))
    if (ended === undefined) throw notStopped(job.step)
    if (printed.tooLong.aborted) throw printed.tooMuch(job.step)
    // One that ends well when it is told to stop has not done all of its work.
    if (signal.aborted) throw stopped(job.step, command)
    if (ended.code !== 0) throw failed(job.step, call.line ?? command.cmd, ended, tail.lines)
  }
}

/** Takes what a program writes: as fast as it is taken, so fast it is read. */
interface Sink {
  readonly push: (bytes: Buffer) => void
  readonly end: () => void
}

/** Reads a stream. The returned function reads what is left, once no writer is known to be left. */
function drain(
  stream: Readable,
  sinks: readonly Sink[],
  broken: AbortController,
): () => Promise<void> {
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    try {
      for (const sink of sinks) sink.push(chunk)
    } catch (error) {
      // What the log cannot take ends the run.
      broken.abort(error)
    }
  })
  const closed = new Promise<'closed'>((done) => {
    stream.on('error', () => undefined)
    stream.once('close', () => done('closed'))
  })
  return async () => {
    // Twice, since after a pause of this process the time is over before anything is read.
    for (let round = 0, quiet = 0; round < ROUNDS && quiet < 2; round += 1) {
      const before = bytes
      if ((await Promise.race([closed, delay(QUIET_MS)])) === 'closed') break
      quiet = bytes === before ? quiet + 1 : 0
    }
    stream.destroy()
    for (const sink of sinks) sink.end()
  }
}

function stopped(step: string, command: Command): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_COMMAND',
    summary: `the command of step \`${step}\` was stopped`,
    details: shortCommandText(command),
  })
}

function notStopped(step: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_NOT_STOPPED',
    summary: `the command of step \`${step}\` could not be killed`,
    details: 'the system does not end it, or it belongs to another user; its results do not count',
    hint: 'end it by hand',
  })
}

function failed(
  step: string,
  cmd: Command['cmd'],
  { code, signal }: Ended,
  said: readonly string[],
): StepwellError {
  const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`
  const last = said.length === 0 ? '' : `; the last that it said:\n${said.join('\n')}`
  return new StepwellError({
    code: 'STEPWELL_COMMAND',
    summary: `the command of step \`${step}\` ${how}`,
    details: `${shortCommandText({ cmd })}${last}`,
    // Of a shell, 128 and the number of SIGPIPE.
    ...(code === 141 && {
      hint: 'what reads a pipe ended before what writes to it, as in `yes | head -1`; where that is right, write `set +o pipefail` before it',
    }),
  })
}
