// Trains the models of the params given as JSON on the rows at standard input, and prints their digests.
import { digestValue } from '@stepwell/engine/author'
import { readFileSync } from 'node:fs'
import { trainClassifier } from '../src/classification.ts'
import { CLASSIFIER_KINDS } from '../src/classifier.ts'
import type { Rows } from '../src/table.ts'
import { trainRegression } from '../src/training.ts'

const rows = JSON.parse(readFileSync(0, 'utf8')) as Rows
const digests = (JSON.parse(process.argv[2] ?? '') as { kind: string }[]).map((params) => {
  const train = CLASSIFIER_KINDS.some((kind) => kind === params.kind)
    ? trainClassifier
    : trainRegression
  const context = { params, signal: new AbortController().signal, log: () => {} }
  return digestValue(train({ rows }, context as never))
})
process.stdout.write(JSON.stringify(digests))
