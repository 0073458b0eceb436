import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessIdentity } from '../process-identity.ts'
import { canSee, identityOf, isAlive, thisIdentity } from '../store/owner.ts'
import { livingMembers } from './group-members.ts'

/** The variable by which a process that a command started can be told from any other. */
export const MARKER = 'STEPWELL_COMMAND'

// What is killed is gone at once, unless the system holds it.
const ROUNDS = 50
const PACE_MS = 20

interface LiveCommand {
  readonly step: string
  /** The first of its processes, by which the group is named. */
  readonly leader: ProcessIdentity
  /** The engine that is to end it. */
  readonly engine: ProcessIdentity
}

/**
 * Which commands are at work, as files: an engine that is killed leaves its own behind, and with them what
 * they started. It must have ended before the same step runs again, which is given the same `scratch`.
 */
export class LiveCommands {
  readonly #dir: string

  /** @param project the project directory */
  constructor(project: string) {
    this.#dir = join(project, '.stepwell', 'commands')
  }

  /** A name for a command that is about to be started, to be the value of its marker. */
  name(): string {
    return randomUUID()
  }

  /** Takes down that a command has been started. What it gives is called when nothing of it is left. */
  begin(name: string, step: string, pid: number): () => void {
    const live: LiveCommand = { step, leader: identityOf(pid), engine: thisIdentity() }
    const path = join(this.#dir, `${name}.json`)
    mkdirSync(this.#dir, { recursive: true })
    writeFileSync(path, JSON.stringify(live))
    return () => rmSync(path, { force: true })
  }

  /** Ends what engines left behind that are no more. Gives the steps. Where it cannot be seen, nothing is done. */
  async recover(): Promise<string[]> {
    const steps: string[] = []
    for (const file of await readdir(this.#dir).catch(() => [])) {
      const path = join(this.#dir, file)
      const live = read(path)
      if (live !== undefined) {
        if (isAlive(live.engine) || !canSee(live.leader)) continue
        if (await this.#end(file.replace(/\.json$/, ''), live.leader)) steps.push(live.step)
      }
      await rm(path, { force: true })
    }
    return steps
  }

  async #end(name: string, leader: ProcessIdentity): Promise<boolean> {
    const { pid } = leader
    // Its number may be that of another group by now.
    const isOurs = (): boolean =>
      (leader.started !== null && isAlive(leader)) ||
      (livingMembers(pid) ?? []).some((member) => isMarked(member, name))
    if (!isOurs()) return false
    for (let round = 0; round < ROUNDS && isOurs(); round += 1) {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        break
      }
      await delay(PACE_MS)
    }
    return true
  }
}

function isMarked(pid: number, name: string): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return variables.includes(`${MARKER}=${name}`)
  } catch {
    return false
  }
}

function read(path: string): LiveCommand | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LiveCommand
  } catch {
    // Its engine was killed before the command began, or while it did.
    return undefined
  }
}
