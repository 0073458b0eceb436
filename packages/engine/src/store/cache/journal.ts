import type { StepEntry } from '../../record/step-entry.ts'
import { digestText, isDigest } from '@stepwell/base/digest'
import { isStepEntry } from '../../record/recorded.ts'
import { isRecord } from '../../value/recorded-outputs.ts'
import type { StepKey } from '../../identity/fingerprint.ts'

/**
 * A record and the digest of its text, on one line: what was torn by a crash, or damaged on a disk, is
 * told from what was written.
 */
export function sealed(value: unknown): string {
  const json = JSON.stringify(value)
  return `${digestText(json)} ${json}`
}

/** The record of a sealed line, or `undefined` when that is not as it was written. */
export function unsealed(line: string): unknown {
  const space = line.indexOf(' ')
  const json = line.slice(space + 1)
  if (digestText(json) !== line.slice(0, space)) return undefined
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** An entry of the step cache as it stands in the journal of the run that committed it. */
export interface JournalRecord {
  readonly key: StepKey
  readonly entry: StepEntry
}

/** The undamaged records of a journal, oldest first. */
export function* readJournal(text: string): Generator<JournalRecord> {
  for (const line of text.split('\n')) {
    const record = recordIn(line)
    if (record !== undefined) yield record
  }
}

/** The record of a line, or of a value of the index; `undefined` when it is not one that was written here. */
export function recordIn(line: string): JournalRecord | undefined {
  const record = unsealed(line)
  if (!isRecord(record)) return undefined
  const { key, entry } = record
  return isDigest(key) && isStepEntry(entry) ? { key: key as StepKey, entry } : undefined
}
