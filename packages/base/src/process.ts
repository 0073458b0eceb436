import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { codeOf } from './errors.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** A process that holds something: who it is, so that no later process can be taken for it. */
export interface Owner extends ProcessIdentity {
  /** What was run, for people. */
  readonly command: string
  /** Since when it holds what it holds, for people: an ISO date. */
  readonly since: string
}

// As `started` has it: boot, pid namespace, ticks since the boot. Pids are used again, this is not.
// Neither can change while the process lives.
const BOOT = readBoot()
const STARTED = startOf(process.pid)

/** This process, as one that holds something from now on. */
export function thisProcess(): Owner {
  const command = process.argv.slice(1).join(' ')
  return { ...thisIdentity(), command, since: new Date().toISOString() }
}

/** What tells this process from any other. */
export function thisIdentity(): ProcessIdentity {
  const { ticks } = STARTED ?? {}
  const started = BOOT === undefined || ticks === undefined ? null : `${BOOT} ${ticks}`
  return { pid: process.pid, host: hostname(), started }
}

/** What tells a process that was just started by this one from any other. */
export function identityOf(pid: number): ProcessIdentity {
  const { ticks } = startOf(pid) ?? {}
  const started = BOOT === undefined || ticks === undefined ? null : `${BOOT} ${ticks}`
  return { pid, host: hostname(), started }
}

/**
 * Whether the process may still be at work. One that cannot be looked at from here, on another host or
 * in another container, is taken to be: only what it writes can tell.
 */
export function isAlive({ pid, host, started }: ProcessIdentity): boolean {
  if (!canSee({ host, started })) return true
  if (started !== null && BOOT !== undefined && bootOf(started) !== bootOf(BOOT)) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  const now = startOf(pid)
  if (started === null || now === undefined) return true
  return !now.ended && started === `${BOOT} ${now.ticks}`
}

/** Whether a process of that identity could be looked at from here. */
export function canSee({ host, started }: Omit<ProcessIdentity, 'pid'>): boolean {
  if (host !== hostname()) return false
  if (started === null || BOOT === undefined) return true
  // After a boot no process of the one before is left, in whatever namespace it was.
  return bootOf(started) !== bootOf(BOOT) || started.startsWith(`${BOOT} `)
}

/**
 * Whether a process that a record names may be told to end: it is that very process, for certain, and not
 * another one with its number, in whatever place the record was written.
 */
export function isCertain(identity: ProcessIdentity): boolean {
  const { pid, started } = identity
  if (!Number.isInteger(pid) || pid <= 1 || !canSee(identity) || !isAlive(identity)) return false
  return BOOT === undefined || started !== null
}

/** An owner from its JSON text, or `undefined` when the text is torn or is something else. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, host, started, command, since } = JSON.parse(text) as Partial<Owner>
    if (!Number.isInteger(pid) || pid === undefined || pid <= 0) return undefined
    if (typeof host !== 'string' || typeof command !== 'string') return undefined
    if (typeof since !== 'string') return undefined
    return { pid, host, started: typeof started === 'string' ? started : null, command, since }
  } catch {
    return undefined
  }
}

/** For people: pid, host, since when, and the command. */
export function describeOwner({ pid, host, since, command }: Owner): string {
  return `process ${pid} on ${host} since ${since} (${command})`
}

/** This boot and this pid namespace: pids of another one mean nothing here. */
function readBoot(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

function bootOf(started: string): string | undefined {
  return started.split(' ')[0]
}

/** When a process began, in ticks since the boot, and whether it has ended and only waits to be reaped. */
function startOf(pid: number): { ticks: string; ended: boolean } | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticks] = [fields[0], fields[19]]
  return ticks === undefined ? undefined : { ticks, ended: state === 'Z' || state === 'X' }
}
