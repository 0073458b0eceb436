import { connect } from 'node:net'
import { codeOf, messageOf } from '@stepwell/base/errors'
import type { Ready } from '../../define/work.ts'

// Of one question.
const LONGEST_MS = 2000

/**
 * Asks whether a service can be used: `undefined` when it can, else why it seems that it cannot.
 *
 * @param ready with its placeholders filled in
 * @param hasSaid whether it has printed a text
 */
export async function whyNotReady(
  ready: Ready,
  hasSaid: (text: string) => boolean,
): Promise<string | undefined> {
  switch (ready.kind) {
    case 'log':
      return hasSaid(ready.text) ? undefined : `it has not printed ${JSON.stringify(ready.text)}`
    case 'port':
      return await whyNoConnection('localhost', Number(ready.port))
    case 'http':
      return await whyNoAnswer(ready.url)
  }
}

/** Whether a program already accepts connections where the service is to listen. */
export async function isTaken(ready: Ready): Promise<boolean> {
  if (ready.kind === 'log') return false
  if (ready.kind === 'port') {
    return (await whyNoConnection('localhost', Number(ready.port))) === undefined
  }
  const { hostname, port, protocol } = new URL(ready.url)
  const host = hostname.replaceAll(/^\[|\]$/g, '')
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  return (await whyNoConnection(host, number)) === undefined
}

async function whyNoConnection(host: string, port: number): Promise<string | undefined> {
  return await new Promise((tell) => {
    const socket = connect({ host, port, timeout: LONGEST_MS, autoSelectFamily: true })
    const end = (why: string | undefined): void => {
      socket.destroy()
      tell(why)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`port ${port} does not answer`))
    socket.once('error', (error) => end(`port ${port}: ${codeOf(error) ?? error.message}`))
  })
}

async function whyNoAnswer(url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(LONGEST_MS)
    const response = await fetch(url, { redirect: 'manual', signal })
    await response.body?.cancel()
    return response.ok ? undefined : `${url} answers with status ${response.status}`
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    return `${url}: ${codeOf(cause) ?? messageOf(error)}`
  }
}
