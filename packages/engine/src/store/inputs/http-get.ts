import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'

const MOST_REDIRECTS = 20
const SILENCE_MS = 300_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** An answer whose body is as it was sent. */
export interface Answer {
  readonly response: IncomingMessage
  /** Where it came from in the end. */
  readonly url: URL
}

/**
 * Asks a server, and follows it to others. Nothing of the body is decoded.
 *
 * @throws the error of the connection; RangeError for a redirect that leads nowhere.
 */
export async function httpGet(
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  let url = new URL(address)
  for (let left = MOST_REDIRECTS; left >= 0; left -= 1) {
    const response = await ask(url, headers, signal)
    const { location } = response.headers
    if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return { response, url }
    response.destroy()
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
    if (next === undefined || !['http:', 'https:'].includes(next.protocol)) {
      throw new RangeError('it redirects to an invalid address')
    }
    url = next
  }
  throw new RangeError(`it redirects more than ${MOST_REDIRECTS} times`)
}

async function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return await new Promise((resolve, reject) => {
    const request = send(url.href, { headers, signal, timeout: SILENCE_MS }, resolve)
    request.on('timeout', () => {
      request.destroy(Object.assign(new Error('the server is silent'), { code: 'ETIMEDOUT' }))
    })
    request.on('error', reject)
    request.end()
  })
}
