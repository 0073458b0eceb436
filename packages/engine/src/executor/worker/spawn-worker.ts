import { fork, type ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { conditions } from '../../code/resolve/conditions.ts'
import { codeOf, messageOf } from '@stepwell/base/errors'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A thread or a process that executes jobs. */
export interface SpawnedWorker {
  send(message: ToWorker): void
  /** Whether the process of the engine is to live on for it. */
  hold(isHeld: boolean): void
  /** Ends it at once, whatever it does. */
  kill(): void
  /** How it came to its end, once it has. */
  readonly death: Promise<Death>
}

export interface Death {
  readonly how: string
  readonly todo: string
}

export interface WorkerListener {
  readonly message: (message: FromWorker) => void
  /** What it wrote to standard output or standard error past our own handling of them. */
  readonly print: (text: string) => void
}

const IS_SOURCE = import.meta.url.endsWith('.ts')
const ENTRY = new URL(`./worker-entry.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url)
const SOURCE = '@stepwell/source'
const CAN_GROUP = process.platform !== 'win32'
/** What belongs to the program that the engine runs in, and not to its workers; some have a value. */
const NOT_PASSED = /^(?:--inspect|--watch|--test|--eval|--print|--input-type|--check|-[epc]$)/
const WITH_VALUE = new Set(['-e', '-p', '--eval', '--print', '--input-type', '--watch-path'])
/** How long what a dead process wrote may take to arrive, when others hold its pipes, in milliseconds. */
const LATE = 200
const NO_MEMORY: Death = {
  how: 'it ran out of memory',
  todo: 'let the step need less at once, or allow more by NODE_OPTIONS=--max-old-space-size',
}

export function spawnThread({ message, print }: WorkerListener): SpawnedWorker {
  const worker = new Worker(ENTRY, {
    env: SHARE_ENV,
    stdout: true,
    stderr: true,
    workerData: start(),
    // Inherited, unless they lack what our own source needs.
    ...(lacksCondition() && { execArgv: [`--conditions=${SOURCE}`] }),
  })
  let error: unknown
  worker.on('message', message).on('error', (thrown: unknown) => (error = thrown))
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8').on('data', print)
  }
  const { promise: death, resolve } = Promise.withResolvers<Death>()
  worker.on('exit', (code) => {
    if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') resolve(NO_MEMORY)
    else if (error !== undefined) resolve(threw(messageOf(error)))
    else resolve(exited('thread', code))
  })
  return {
    send: (sent) => worker.postMessage(sent),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    kill: () => void worker.terminate(),
    death,
  }
}

export function spawnProcess({ message, print }: WorkerListener): SpawnedWorker {
  const child = fork(fileURLToPath(ENTRY), [JSON.stringify(start())], {
    execArgv: [
      ...passedOn(process.execArgv),
      ...(lacksCondition() ? [`--conditions=${SOURCE}`] : []),
    ],
    serialization: 'advanced',
    // The last one is held open, and tells the worker when this process is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    // A group of its own: killed with all that it started, and not interrupted by the terminal.
    detached: CAN_GROUP,
  })
  child.on('message', message)
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-10_000)
      print(text)
    })
  }
  for (const stream of child.stdio) stream?.on('error', () => undefined)
  const { promise: death, resolve } = Promise.withResolvers<Death>()
  child.on('error', (error) => {
    if (child.pid === undefined) resolve(threw(`it could not be started: ${error.message}`))
  })
  child.on('exit', (code, signal) => {
    // What it has started must not outlive it.
    kill(child)
    const end = (): void => {
      clearTimeout(late)
      if (tail.includes('heap out of memory')) resolve(NO_MEMORY)
      else if (signal === null) resolve(exited('process', code ?? 0))
      else resolve(killed(signal))
    }
    const late = setTimeout(end, LATE)
    child.on('close', end)
  })
  return {
    send: (sent) => {
      if (child.connected) child.send(sent, () => undefined)
    },
    hold: (isHeld) => hold(child, isHeld),
    kill: () => kill(child),
    death,
  }
}

function hold(child: ChildProcess, isHeld: boolean): void {
  const how = isHeld ? 'ref' : 'unref'
  child[how]()
  child.channel?.[how]()
  for (const stream of child.stdio) if (stream instanceof Socket) stream[how]()
}

function kill(child: ChildProcess): void {
  try {
    if (CAN_GROUP && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL')
      return
    }
  } catch {
    // It is gone, or has no group yet.
  }
  child.kill('SIGKILL')
}

function start(): { readonly cache?: string } {
  const cache = getCompileCacheDir()
  return cache === undefined ? {} : { cache }
}

function lacksCondition(): boolean {
  return IS_SOURCE && !conditions().includes(SOURCE)
}

function passedOn(options: readonly string[]): string[] {
  return options.filter((option, index) => {
    const before = options[index - 1] ?? ''
    return !NOT_PASSED.test(option) && !WITH_VALUE.has(before)
  })
}

function threw(how: string): Death {
  return { how, todo: 'correct the step' }
}

function exited(what: string, code: number): Death {
  return {
    how: `its ${what} ended by itself with exit code ${code}, as by process.exit()`,
    todo: 'let the step return or throw instead',
  }
}

function killed(signal: NodeJS.Signals): Death {
  return {
    how: `its process was ended by ${signal}`,
    todo:
      signal === 'SIGKILL'
        ? 'find out who did it: where memory is short, the system does'
        : 'look for native code that the step calls',
  }
}
