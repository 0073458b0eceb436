import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from './atomic-file.ts'
import { parseJson } from './json-text.ts'

/** One line of a log of predictions: one row that a server has answered. */
export interface PredictionLine {
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number
  /** Of the request: the client's own `x-request-id`, or a random one. */
  readonly request: string
  /** Its place in the request, from 0 up. */
  readonly row: number
  readonly model: string
  readonly version: string
  /** What the model read. */
  readonly features: Readonly<Record<string, string | number>>
  readonly prediction: number
  /** From the request to the prediction, in milliseconds. */
  readonly ms: number
  /** Features that were beyond the range of the training rows; missing when none was. */
  readonly beyond?: readonly string[]
}

/** The files of a log, oldest first. */
export function predictionFiles(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /^\d{8}T\d{9}Z-\d+-\d{6}\.ndjson$/.test(name))
    .toSorted()
    .map((name) => join(folder, name))
}

/** The lines of a log, file by file. The last line of a server that was killed may be torn: it is left out. */
export function* readPredictions(folder: string): Generator<PredictionLine, void, undefined> {
  for (const path of predictionFiles(folder)) {
    for (const text of readFileSync(path, 'utf8').split('\n')) {
      const line = parseJson(text)
      if (typeof line === 'object' && line !== null) yield line as PredictionLine
    }
  }
}
