import type { IncomingMessage } from 'node:http'
import { codeOf, messageOf } from '@stepwell/base/errors'

/** Why a download did not succeed. */
export interface DownloadFailure {
  readonly facts: string
  /** `unavailable`: the server cannot be reached, or says that it has no time. What is known may do. */
  readonly kind: 'broken' | 'unavailable'
  /** Whether to try again, and after how many milliseconds at least. */
  readonly again?: number
  readonly cause?: unknown
}

const BUSY = new Set([408, 429, 500, 502, 503, 504])
// A name that is not known and a connection that is refused are not going to change at once.
const AWAY = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
])
const SLOW = new Set(['ETIMEDOUT', 'EAI_AGAIN'])
const BROKEN_OFF = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE'])
/** A run waits no longer than that. */
const LONGEST_MS = 60_000

/** What a server said that did not send the file. */
export function failureOfAnswer({
  statusCode = 0,
  statusMessage,
  headers,
}: IncomingMessage): DownloadFailure {
  const facts = `the server answered ${statusCode} ${statusMessage ?? ''}`.trim()
  if (!BUSY.has(statusCode)) return { facts, kind: 'broken' }
  const wait = waitOf(headers['retry-after'])
  if (wait <= LONGEST_MS) return { facts, kind: 'unavailable', again: wait }
  const until = `${facts}, and wants to be asked again in ${Math.round(wait / 1000)} s`
  return { facts: until, kind: 'unavailable' }
}

/** What went wrong before there was an answer. */
export function failureOfConnection(cause: unknown): DownloadFailure {
  const code = codeOf(innermost(cause))
  const facts = code ?? messageOf(cause)
  if (code !== undefined && AWAY.has(code)) return { facts, kind: 'unavailable', cause }
  if (code !== undefined && SLOW.has(code)) return { facts, kind: 'unavailable', again: 0, cause }
  if (code !== undefined && BROKEN_OFF.has(code)) return { facts, kind: 'broken', again: 0, cause }
  return { facts, kind: 'broken', cause }
}

/** What went wrong while the body came. */
export function failureOfBody(cause: unknown): DownloadFailure {
  const code = codeOf(cause)
  if (code !== undefined && /^E(?:NOSPC|DQUOT|FBIG|ACCES|PERM|ROFS|IO)$/.test(code)) {
    return { facts: code, kind: 'broken', cause }
  }
  const facts = `the body was cut off or damaged: ${messageOf(cause)}`
  return { facts, kind: 'broken', again: 0, cause }
}

/** Of a host with several addresses, each has its error. */
function innermost(cause: unknown): unknown {
  return cause instanceof AggregateError && codeOf(cause) === undefined ? cause.errors[0] : cause
}

/** Seconds, or a date. */
function waitOf(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0
  const seconds = Number(retryAfter)
  const wait = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1000
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}
