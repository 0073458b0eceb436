import { memberOf } from '@stepwell/base/json-text'
import { readJson } from '@stepwell/base/read-json'
import { setTimeout as wait } from 'node:timers/promises'
import { messageOf } from '@stepwell/base/errors'
import type { Row } from './table.ts'

/** What a server must answer. */
export interface ExpectedAnswer {
  readonly model: string
  readonly version: string
  readonly row: Row
  /** What the model gives for the row here. */
  readonly prediction: number | undefined
}

export interface SmokeOptions {
  /** In seconds. */
  readonly timeout: number
  readonly token: string | undefined
  readonly signal: AbortSignal
}

const PAUSE = 50

/**
 * Asks a server to predict until it does so with the expected version.
 * @returns what is wrong with its last answer, or `undefined` when it is as expected
 */
export async function checkServer(
  url: string,
  expected: ExpectedAnswer,
  { timeout, token, signal }: SmokeOptions,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(Math.ceil(timeout * 1000))
  const either = AbortSignal.any([signal, limit])
  let last: string | undefined
  for (;;) {
    const { problem, isFinal } = await ask(url, expected, token, either)
    signal.throwIfAborted()
    if (problem === undefined || isFinal) return problem
    // What it answered says more than that it had no time to answer again.
    if (limit.aborted) return last ?? problem
    last = problem
    await wait(PAUSE, undefined, { signal })
  }
}

interface Finding {
  readonly problem: string | undefined
  /** To ask again would not change it. */
  readonly isFinal: boolean
}

async function ask(
  url: string,
  { model, version, row, prediction }: ExpectedAnswer,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  const found = (problem: string | undefined, isFinal = false): Finding => ({ problem, isFinal })
  let answer: unknown
  let status: number
  try {
    const response = await fetch(new URL('predict', url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': `smoke-${version}`,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(row),
      signal,
    })
    status = response.status
    answer = readJson(await response.text())
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return found(`no answer from ${url}: ${messageOf(cause)}`)
  }
  if (status !== 200) {
    const text = `it answers with ${status}: ${String(memberOf(answer, 'error'))}`
    // The version before may refuse what the new one takes, but a token stays the wrong one.
    return found(text, status === 401 || status === 403)
  }
  const [name, id] = [memberOf(answer, 'model'), memberOf(answer, 'version')]
  if (name !== model || id !== version)
    return found(`it answers with ${String(name)} ${String(id)}`)
  const given = memberOf(answer, 'prediction')
  return found(
    given === prediction ? undefined : `it predicts ${String(given)}, not ${prediction}`,
    true,
  )
}
