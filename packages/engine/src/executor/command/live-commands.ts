import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { canSee, identityOf, isAlive, isCertain, thisIdentity } from '@stepwell/base/process'
import { isRecord } from '../../value/recorded-outputs.ts'
import { isIdentity } from '../../record/recorded.ts'
import { livingMembers, livingProcesses } from './group-members.ts'

/** The variable by which a process that a command started can be told from any other. */
export const MARKER = 'STEPWELL_COMMAND'

// What is killed is gone at once, unless the system holds it.
const ROUNDS = 50
const PACE_MS = 20

interface LiveCommand {
  readonly step: string
  /** The engine that is to end it. */
  readonly engine: ProcessIdentity
  /** The first of its processes, by which the group is named; it may not be there yet. */
  readonly leader: ProcessIdentity | undefined
}

/** A command that is about to be started. */
export interface Beginning {
  /** The value of its marker. */
  readonly name: string
  /** To be told once it has been. */
  readonly started: (pid: number) => void
  /** To be called when nothing of it is left. */
  readonly done: () => void
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

  /** Records that a command is about to be started, so that every started command is on record. */
  begin(step: string): Beginning {
    const name = randomUUID()
    const path = join(this.#dir, `${name}.json`)
    mkdirSync(this.#dir, { recursive: true })
    writeFileSync(path, `${JSON.stringify({ step, engine: thisIdentity() })}\n`)
    return {
      name,
      started: (pid) => appendFileSync(path, `${JSON.stringify(identityOf(pid))}\n`),
      done: () => rmSync(path, { force: true }),
    }
  }

  /**
   * Ends commands that dead engines left behind, and returns their steps. Does nothing on systems where they
   * cannot be found.
   */
  async recover(): Promise<string[]> {
    const steps: string[] = []
    for (const file of await readdir(this.#dir).catch(() => [])) {
      const path = join(this.#dir, file)
      const live = read(path)
      if (live !== undefined) {
        if (isAlive(live.engine) || !canSee(live.engine)) continue
        if (await this.#end(file.replace(/\.json$/, ''), live.leader)) steps.push(live.step)
      }
      await rm(path, { force: true })
    }
    return steps
  }

  async #end(name: string, leader: ProcessIdentity | undefined): Promise<boolean> {
    const pid = leader?.pid ?? groupOf(name)
    if (pid === undefined) return false
    // Its number may be that of another group by now.
    const isOurs = (): boolean =>
      (leader !== undefined && isCertain(leader)) ||
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

/** Of a command of whose start its engine has told nothing any more. */
function groupOf(name: string): number | undefined {
  return livingProcesses()?.find(({ pid }) => isMarked(pid, name))?.group
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
    const [first = '', second = ''] = readFileSync(path, 'utf8').split('\n')
    const begun: unknown = JSON.parse(first)
    if (!isRecord(begun) || typeof begun['step'] !== 'string') return undefined
    const { step, engine } = begun
    return isIdentity(engine) ? { step, engine, leader: leaderIn(second) } : undefined
  } catch {
    // Its engine was killed before it began.
    return undefined
  }
}

function leaderIn(line: string): ProcessIdentity | undefined {
  try {
    const leader: unknown = JSON.parse(line)
    return isIdentity(leader) ? leader : undefined
  } catch {
    // Its engine was killed right after it began.
    return undefined
  }
}
