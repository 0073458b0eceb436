import type { StepEntry } from '../../record/step-entry.ts'
import { digestText } from '@stepwell/base/digest'
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
  return digestText(json) === line.slice(0, space) ? JSON.parse(json) : undefined
}

/** An entry of the step cache as it stands in the journal of the run that committed it. */
export interface JournalRecord {
  readonly key: StepKey
  readonly entry: StepEntry
}

/** The undamaged records of a journal, oldest first. */
export function* readJournal(text: string): Generator<JournalRecord> {
  for (const line of text.split('\n')) {
    const record = unsealed(line) as JournalRecord | undefined
    if (record !== undefined) yield record
  }
}
