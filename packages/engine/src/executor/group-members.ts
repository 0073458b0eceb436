import { readdirSync, readFileSync } from 'node:fs'

const STAT = /^\d+ \([^]*\) (\S) \d+ (\d+) /

/**
 * The processes of a group that have not ended: those that have, and whose parent does not ask for it, stay
 * known to the system. `undefined` where that cannot be seen.
 */
export function livingMembers(group: number): number[] | undefined {
  let pids: string[]
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return undefined
  }
  const living = pids.filter((pid) => {
    try {
      const [, state, of] = STAT.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
      return Number(of) === group && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
  return living.map(Number)
}
