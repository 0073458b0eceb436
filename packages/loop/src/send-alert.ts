import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { codeOf, messageOf } from '@stepwell/base/errors'
import type { Alert, AlertTarget, Hook, Webhook } from './alert.ts'

const ATTEMPTS = 3
const PAUSE = 1000
const ANSWER_TIMEOUT = 10_000
const COMMAND_TIMEOUT = 60_000
// What a command has left running in the background may hold its standard error open.
const REST_TIMEOUT = 500

/**
 * Sends an alert to a target, and retries when the target does not accept it.
 * @param dir the project directory
 * @param giveUp aborted when it is not to be waited for any more
 * @returns why it could not be sent, or `undefined`
 */
export async function sendAlert(
  to: AlertTarget,
  alert: Alert,
  dir: string,
  giveUp: AbortSignal,
): Promise<string | undefined> {
  let problem: string | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      if (attempt > 1) await wait(PAUSE * 2 ** (attempt - 2), undefined, { signal: giveUp })
      await (to.kind === 'webhook' ? post(to, alert, giveUp) : call(to, alert, dir, giveUp))
      return undefined
    } catch (error) {
      if (giveUp.aborted) return problem ?? 'the loop was stopped before it was taken'
      problem = messageOf(error)
    }
  }
  return problem
}

async function post({ url }: Webhook, alert: Alert, giveUp: AbortSignal): Promise<void> {
  const address = typeof url === 'string' ? url : process.env[url.name]
  if (address === undefined) throw new Error('the variable with the address is not set')
  let response: Response
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alert),
      signal: AbortSignal.any([giveUp, AbortSignal.timeout(ANSWER_TIMEOUT)]),
    })
    await response.body?.cancel()
  } catch (error) {
    // Not the address itself, which may be a secret.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code = codeOf(cause) ?? 'no answer'
    throw new Error(`the webhook cannot be reached: ${code}`, { cause: error })
  }
  if (!response.ok) throw new Error(`the webhook answers with ${response.status}`)
}

async function call({ cmd }: Hook, alert: Alert, dir: string, giveUp: AbortSignal): Promise<void> {
  const child = spawn(cmd, {
    shell: true,
    cwd: dir,
    env: { ...process.env, STEPWELL_ALERT: alert.kind, STEPWELL_TEXT: alert.text },
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: with the shell all that it has started is ended.
    detached: true,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500)
  })
  // It need not read what it is told.
  child.stdin.on('error', () => undefined).end(`${JSON.stringify(alert)}\n`)
  const end = (): void => endGroup(child.pid)
  const timer = setTimeout(end, COMMAND_TIMEOUT)
  giveUp.addEventListener('abort', end)
  if (giveUp.aborted) end()
  let rest: NodeJS.Timeout | undefined
  child.on('exit', () => {
    rest = setTimeout(() => child.stderr.destroy(), REST_TIMEOUT)
  })
  try {
    const how = await new Promise<string | undefined>((done, fail) => {
      child.on('error', fail).on('close', (code, signal) => {
        done(code === 0 ? undefined : `it ended with ${signal ?? code}`)
      })
    })
    if (how !== undefined) {
      throw new Error(`the command failed: ${[how, said.trim()].filter(Boolean).join(': ')}`)
    }
  } finally {
    clearTimeout(timer)
    clearTimeout(rest)
    giveUp.removeEventListener('abort', end)
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
