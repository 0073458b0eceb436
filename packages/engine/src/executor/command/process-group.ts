import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from '@stepwell/base/errors'
import { livingMembers } from './group-members.ts'

// How often it is asked whether all of a group have ended.
const PACE_MS = 20
// What is killed is gone at once, unless the system holds it.
const HELD_MS = 5000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * A process that leads a group, and all that it started in it. The group is signalled only while it is
 * sure to be this one: until its leader has ended, right after that, and as long as it was seen not to be
 * empty moments ago. The number of a group that has members is not given to another process.
 */
export class ProcessGroup {
  /** Of this process: they end with it, if it comes to its exit. */
  static readonly #all = new Set<ProcessGroup>()
  static readonly #killAll = (): void => {
    for (const group of ProcessGroup.#all) group.#signal('SIGKILL')
  }

  readonly #pid: number
  readonly #leader: Promise<Ended>
  #isGone = false

  /**
   * @param pid of the leader
   * @param leader settles when it ends, in the very turn
   */
  constructor(pid: number, leader: Promise<Ended>) {
    this.#pid = pid
    this.#leader = leader
    if (ProcessGroup.#all.size === 0) process.on('exit', ProcessGroup.#killAll)
    ProcessGroup.#all.add(this)
  }

  /** Resolves once the leader has ended and nothing of the group is left; `undefined` when it cannot be ended. */
  async end(stop: AbortSignal, grace: number): Promise<Ended | undefined> {
    try {
      return await this.#end(stop, grace)
    } finally {
      ProcessGroup.#all.delete(this)
      if (ProcessGroup.#all.size === 0) process.off('exit', ProcessGroup.#killAll)
    }
  }

  async #end(stop: AbortSignal, grace: number): Promise<Ended | undefined> {
    const stopped = onAbort(stop)
    try {
      const ended = await Promise.race([this.#leader, stopped.promise])
      if (ended !== undefined && !stop.aborted) {
        // What it left running would never be waited for.
        this.#signal('SIGKILL')
        await this.#gone(HELD_MS)
        return ended
      }
    } finally {
      stopped.forget()
    }
    this.#signal('SIGTERM')
    if (!(await this.#gone(grace))) this.#signal('SIGKILL')
    if (!(await this.#gone(HELD_MS))) return undefined
    return await this.#leader
  }

  /** Whether nothing is left of it within a time. */
  async #gone(within: number): Promise<boolean> {
    const until = performance.now() + within
    while (!this.#isGone) {
      this.#signal(0)
      if (this.#isGone || performance.now() >= until) break
      await delay(PACE_MS)
    }
    return this.#isGone
  }

  #signal(signal: NodeJS.Signals | 0): void {
    if (this.#isGone) return
    try {
      process.kill(-this.#pid, signal)
      if (signal === 0 && livingMembers(this.#pid)?.length === 0) this.#isGone = true
    } catch (error) {
      // Some of it may belong to another user by now, and lives.
      if (codeOf(error) !== 'EPERM') this.#isGone = true
    }
  }
}

function onAbort(signal: AbortSignal): {
  readonly promise: Promise<undefined>
  readonly forget: () => void
} {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const tell = (): void => resolve(undefined)
  if (signal.aborted) tell()
  else signal.addEventListener('abort', tell, { once: true })
  return { promise, forget: () => signal.removeEventListener('abort', tell) }
}
