import { isErrorCode, type ErrorCode } from '@stepwell/base/error-codes'
import type { Failure } from '@stepwell/base/failure'
import type { Demand } from './demand.ts'
import { DAY_MS, sizeOf, timeOf, type Time } from '@stepwell/base/quantity'

/**
 * Where a step's function is called: `inline` in the thread of the engine, for what waits; `thread` in a
 * thread of its own, for what computes; `process` in a process of its own, for what may crash.
 */
export type ExecutorKind = 'inline' | 'thread' | 'process'

/** How a step is executed. Nothing of it is in its key: it changes when and where, never what. */
export interface Execution {
  /** @default what the pipeline says */
  readonly executor: ExecutorKind | undefined
  /** What one execution takes, in bytes for `memory`; mutexes included. */
  readonly demand: Demand
  readonly retry: Retry
  /** Of one attempt, in milliseconds. */
  readonly timeout: number | undefined
}

/** When a failed execution is tried again. */
export interface Retry {
  /** All attempts together. */
  readonly attempts: number
  /** Milliseconds before the second attempt; doubled before each further one. */
  readonly backoff: number
  readonly jitter: boolean
  readonly on: (failure: Failure) => boolean
}

/** A code of ours, or of another error. */
export type FailureCode = ErrorCode | (string & Record<never, never>)

export interface RetryOptions {
  /** How often it is tried altogether, from 1 up. */
  readonly attempts: number
  /** The wait before the second attempt, doubled before each further one. @default '1s' */
  readonly backoff?: Time
  /** Whether waits are shortened at random, by up to half. @default true */
  readonly jitter?: boolean
  /** Which failures are tried again: codes of ours or of other errors (`'ECONNRESET'`), or a function. @default all */
  readonly on?: readonly FailureCode[] | ((failure: Failure) => boolean)
}

/** The options of a step about its execution. */
export interface ExecutionOptions {
  /** Where its function is called. @default what the pipeline says, else 'inline' */
  readonly executor?: ExecutorKind
  /**
   * What it takes while it is executed: `cpu`, `memory` (`'4GB'`), `gpu`, or whatever the pipeline has a
   * limit for. @default { cpu: 1 }
   */
  readonly resources?: Readonly<Record<string, number | string>>
  /** Names of things of which there is one: of all steps that name it, one is executed at a time. */
  readonly mutex?: string | readonly string[]
  /** Tries again after a failure. @default a single attempt */
  readonly retry?: number | RetryOptions
  /** How long one attempt may take: `'10 min'`, or milliseconds. @default any time */
  readonly timeout?: Time
}

const EXECUTORS = new Set<unknown>(['inline', 'thread', 'process'] satisfies ExecutorKind[])
const ONCE: Retry = { attempts: 1, backoff: 0, jitter: false, on: () => true }
const NAME = /^[a-zA-Z][a-zA-Z0-9_-]*$/
const MUTEX = 'mutex '
// Milliseconds: doubled often enough, a pause would be no number any more.
const LONGEST = 7 * DAY_MS

/** @throws TypeError for an option of the wrong type. */
export function executionOf(
  { executor, resources = {}, mutex = [], retry, timeout }: ExecutionOptions,
  of: string,
): Execution {
  if (executor !== undefined && !EXECUTORS.has(executor)) {
    throw new TypeError(
      `Expected \`executor\` of ${of} to be 'inline', 'thread' or 'process', got ${JSON.stringify(executor)}`,
    )
  }
  const mutexes = (typeof mutex === 'string' ? [mutex] : mutex).map((name) => {
    checkName(name, `a \`mutex\` of ${of}`)
    return [`${MUTEX}${name}`, 1] as const
  })
  return {
    executor,
    demand: {
      cpu: 1,
      ...amountsOf(resources, `\`resources\` of ${of}`),
      ...Object.fromEntries(mutexes),
    },
    retry: retryOf(retry, of),
    timeout: timeout === undefined ? undefined : timeOf(timeout, `\`timeout\` of ${of}`),
  }
}

/**
 * Amounts of resources, as numbers.
 * @throws TypeError for other values.
 */
export function amountsOf(
  amounts: Readonly<Record<string, number | string>>,
  of: string,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => {
      checkName(name, of)
      if (name === 'memory') return [name, sizeOf(amount, `\`memory\` in ${of}`)]
      const parsed = parseCount(amount)
      if (parsed !== undefined) return [name, parsed]
      throw new TypeError(
        `Expected \`${name}\` in ${of} to be a number from 0 up, got ${String(amount)}`,
      )
    }),
  )
}

/** How much there is of each resource, given the limits that were set; of a mutex, one. */
export function capacityFor(demands: readonly Demand[], limits: Demand): Demand {
  const mutexes = demands.flatMap((demand) => Object.keys(demand)).filter(isMutex)
  return { ...Object.fromEntries(mutexes.map((name) => [name, 1])), ...limits }
}

/** A resource as a person knows it. */
export function resourceText(name: string): string {
  return isMutex(name) ? `the mutex ${name.slice(MUTEX.length)}` : name
}

/** How long to wait after a number of attempts, in milliseconds; `undefined` when that was the last one. */
export function pauseAfter(
  { attempts, backoff, jitter, on }: Retry,
  attempt: number,
  failure: Failure,
): number | undefined {
  if (attempt >= attempts || !on(failure)) return undefined
  const full = Math.min(backoff * 2 ** (attempt - 1), LONGEST)
  return Math.round(jitter ? full * (0.5 + Math.random() / 2) : full)
}

function parseCount(amount: number | string): number | undefined {
  const isText = typeof amount === 'string'
  if (isText && !/^\d+(\.\d+)?$/.test(amount)) return undefined
  return Number.isFinite(Number(amount)) && Number(amount) >= 0 ? Number(amount) : undefined
}

function isMutex(name: string): boolean {
  return name.startsWith(MUTEX)
}

function retryOf(retry: ExecutionOptions['retry'], of: string): Retry {
  if (retry === undefined) return ONCE
  const options = typeof retry === 'number' ? { attempts: retry } : retry
  const { attempts, jitter = true, on } = options
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new TypeError(
      `Expected \`retry\` of ${of} to have \`attempts\`, an integer from 1 up, got ${String(attempts)}`,
    )
  }
  if (on !== undefined && typeof on !== 'function' && !Array.isArray(on)) {
    throw new TypeError(
      `Expected \`retry.on\` of ${of} to be an array of error codes or a function, got ${typeof on}`,
    )
  }
  const misspelt =
    Array.isArray(on) &&
    on.find((code) => String(code).startsWith('STEPWELL_') && !isErrorCode(String(code)))
  if (typeof misspelt === 'string') {
    throw new TypeError(
      `Expected \`retry.on\` of ${of} to have codes that there are, got ${JSON.stringify(misspelt)}`,
    )
  }
  return {
    attempts,
    backoff: timeOf(options.backoff ?? 1000, `\`retry.backoff\` of ${of}`),
    jitter,
    on:
      typeof on === 'function'
        ? on
        : ({ code }) => on === undefined || (code !== undefined && on.includes(code)),
  }
}

function checkName(name: unknown, of: string): void {
  if (typeof name === 'string' && NAME.test(name)) return
  throw new TypeError(
    `Expected ${of} to be named by letters and digits, got ${JSON.stringify(name)}`,
  )
}
