import { spawn, type ChildProcess } from 'node:child_process'
import type { Watched } from '@stepwell/engine'
import type { FromCycle, ToCycle } from './messages.ts'

/**
 * One run of the pipeline, in a process of its own: modules cannot be unloaded, and what the pipeline does
 * to its process does not touch the one that watches.
 */
export class Cycle {
  /** When it began, in milliseconds since the epoch. */
  readonly since: number = Date.now()
  /** Its exit code; none when it was killed. */
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #watched: Watched | undefined
  #run: string | undefined
  #running: readonly string[] = []

  /**
   * @param args of `stepwell run`
   * @param told what it depends on; without it, that is not found out
   */
  constructor(args: readonly string[], told?: (watched: Watched) => void) {
    const how = told === undefined ? 'id' : 'run'
    this.#child = start(['run', `--watched=${how}`, `--keeper=${process.pid}`, ...args], 'inherit')
    this.#child.on('message', (message: FromCycle) => {
      if (message.kind === 'running') this.#running = message.steps
      else if (message.kind === 'begun') this.#run = message.run
      else {
        this.#watched = message.watched
        told?.(message.watched)
      }
    })
    this.ended = exitOf(this.#child)
  }

  /** The id of its run, once it has begun. */
  get run(): string | undefined {
    return this.#run
  }

  /** What it depends on, once its pipeline has been loaded. */
  get watched(): Watched | undefined {
    return this.#watched
  }

  /** The steps that it executes now. */
  get running(): readonly string[] {
    return this.#running
  }

  stop(how: ToCycle['how'], why: string): void {
    // While it loads, there is nothing that could be lost.
    if (this.#watched === undefined && this.#run === undefined) this.#child.kill('SIGTERM')
    else this.#child.send({ kind: 'stop', how, why } satisfies ToCycle, () => undefined)
  }

  /** Ends it at once, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

/** What a run would depend on now, with the code as it is; `undefined` where the pipeline does not load. */
export async function lookAhead(args: readonly string[]): Promise<Watched | undefined> {
  const child = start(['run', '--watched=look', ...args], 'ignore')
  let watched: Watched | undefined
  child.on('message', (message: FromCycle) => {
    if (message.kind === 'watched') ({ watched } = message)
  })
  await exitOf(child)
  return watched
}

function start(args: readonly string[], output: 'inherit' | 'ignore'): ChildProcess {
  const [, script = ''] = process.argv
  return spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', output, output, 'ipc'],
  })
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((done, fail) => {
    // All that it said has come by then.
    child.on('error', fail).on('close', done)
  })
}
