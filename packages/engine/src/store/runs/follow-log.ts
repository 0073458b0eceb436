import { openSync, closeSync, readSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from '@stepwell/base/errors'
import type { RunRecord } from '../../record/run-record.ts'

// Asked anew at this pace: watching misses changes on network file systems and in containers.
const PACE_MS = 100
// A long record takes a while to read: no more than a tenth of the time goes into that.
const SHARE = 10
const PIECE = 1 << 16

/**
 * What is in a step's log, and then what comes, until the step or its run has ended. Reads files only.
 *
 * @param path of the log, which need not be there yet
 * @param read gives the record of the run as it stands
 * @returns how the run stood at the end
 */
export async function* followLog(
  path: string,
  step: string,
  read: () => Promise<RunRecord>,
  signal: AbortSignal,
): AsyncGenerator<string, RunRecord, undefined> {
  const decoder = new TextDecoder()
  let at = 0
  for (;;) {
    // First how it stands: a step writes its last line before it ends, so what is read after is all.
    const began = performance.now()
    const record = await read()
    const status = record.steps[step]?.status
    const ended =
      record.status !== 'running' || !['waiting', 'running', 'ongoing'].includes(status ?? 'none')
    for (const bytes of readFrom(path, at)) {
      at += bytes.length
      const text = decoder.decode(bytes, { stream: true })
      if (text !== '') yield text
    }
    if (ended || signal.aborted) return record
    const pause = Math.max(PACE_MS, (performance.now() - began) * SHARE)
    await delay(pause, undefined, { signal }).catch(() => undefined)
  }
}

/** What is in a file from a place on; nothing when it is not there. */
export function* readFrom(path: string, from: number): Generator<Uint8Array> {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    for (let at = from; ;) {
      const piece = new Uint8Array(PIECE)
      const length = readSync(file, piece, 0, PIECE, at)
      if (length === 0) return
      at += length
      yield piece.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}
