import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from '@stepwell/base/errors'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { isAlive, isCertain } from '@stepwell/base/process'
import { livingMembers } from '../command/group-members.ts'

const PACE_MS = 20
const HELD_MS = 5000

/**
 * Ends a process that leads a group, and all of the group. It need not be a child of this process. Gives
 * whether nothing is left. A group whose leader had ended before is left alone: its number may be
 * another's by now.
 */
export async function endServiceGroup(leader: ProcessIdentity, grace: number): Promise<boolean> {
  if (!isAlive(leader)) return true
  // What cannot be looked at from here is not ended from here.
  if (!isCertain(leader)) return false
  signal(leader.pid, 'SIGTERM')
  if (await isGone(leader.pid, grace)) return true
  signal(leader.pid, 'SIGKILL')
  return await isGone(leader.pid, HELD_MS)
}

/** Kills what there is of a group now, whose leader is there, or ended this moment. */
export function killRest({ pid }: ProcessIdentity): void {
  if (hasMembers(pid)) signal(pid, 'SIGKILL')
}

async function isGone(pid: number, within: number): Promise<boolean> {
  const until = performance.now() + within
  while (hasMembers(pid)) {
    if (performance.now() >= until) return false
    await delay(PACE_MS)
  }
  return true
}

function hasMembers(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    // Those of another user are there, too.
    if (codeOf(error) !== 'EPERM') return false
  }
  return livingMembers(group)?.length !== 0
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch {
    // It has ended, or some of it is another user's by now.
  }
}
