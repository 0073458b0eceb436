import { join } from 'node:path'
import { namesInSync, readIfPresent } from '@stepwell/base/files'
import { parseJson } from '@stepwell/base/json-text'

/** What each line of a log says: one row of a request. */
export interface ServedRow {
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number
  /** Of the request: the client's own `x-request-id`, or a random one. */
  readonly request: string
  /** Its place in the request, from 0 up. */
  readonly row: number
  readonly model: string
  readonly version: string
  /** Members of the row that the server was told to keep; missing when it had none of them. */
  readonly kept?: Readonly<Record<string, string | number | boolean | null>>
}

/** A row that a server has answered. */
export interface PredictionLine extends ServedRow {
  /** What the model read. */
  readonly features: Readonly<Record<string, string | number>>
  readonly prediction: number
  /** From the request to the prediction, in milliseconds. */
  readonly ms: number
  /** Features that were beyond the range of the training rows; missing when none was. */
  readonly beyond?: readonly string[]
}

/** A row that a server has refused, since the schema of the model does not allow it. */
export interface RefusalLine extends ServedRow {
  /** Why, by feature; `''` stands for the row as a whole. */
  readonly refused: Readonly<Record<string, 'missing' | 'type' | 'range' | 'value'>>
}

/** The files of a log, oldest first. One that is still written ends in `.open`; all others never change. */
export function predictionFiles(folder: string): string[] {
  return namesInSync(folder)
    .filter((name) => /^\d{8}T\d{9}Z-\d+-\d{6}\.ndjson(\.open)?$/.test(name))
    .toSorted()
    .map((name) => join(folder, name))
}

/** The rows of one file of a log. The last line of a server that was killed may be torn: it is left out. */
export function* servedIn(text: string): Generator<PredictionLine | RefusalLine, void, undefined> {
  for (const each of text.split('\n')) {
    const line = parseJson(each)
    if (typeof line === 'object' && line !== null) yield line as PredictionLine | RefusalLine
  }
}

/** The rows of a log, file by file; torn lines are left out. */
export function* readServed(
  folder: string,
): Generator<PredictionLine | RefusalLine, void, undefined> {
  for (const path of predictionFiles(folder)) {
    // It may have become complete, or have been removed, since.
    const bytes = readIfPresent(path) ?? readIfPresent(path.replace(/\.open$/, ''))
    if (bytes !== undefined) yield* servedIn(bytes.toString('utf8'))
  }
}

/** The rows of a log that were answered, file by file; torn lines are left out. */
export function* readPredictions(folder: string): Generator<PredictionLine, void, undefined> {
  for (const line of readServed(folder)) {
    if (!('refused' in line)) yield line
  }
}
