import { readdirSync, readFileSync } from 'node:fs'

const STAT = /^\d+ \([^]*\) (\S) \d+ (\d+) /

/**
 * The processes of a group that have not ended: those that have, and whose parent does not ask for it, stay
 * known to the system. `undefined` where that cannot be seen.
 */
export function livingMembers(group: number): number[] | undefined {
  return livingProcesses()
    ?.filter((each) => each.group === group)
    .map(({ pid }) => pid)
}

/** All processes that have not ended, and their groups. `undefined` where that cannot be seen. */
export function livingProcesses(): { pid: number; group: number }[] | undefined {
  let pids: string[]
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return undefined
  }
  return pids.flatMap((pid) => {
    try {
      const [, state, group] = STAT.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
      const isLiving = group !== undefined && state !== 'Z' && state !== 'X'
      return isLiving ? [{ pid: Number(pid), group: Number(group) }] : []
    } catch {
      return []
    }
  })
}
