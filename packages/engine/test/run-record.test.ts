import { expect, test } from 'vitest'
import { foldEvents } from '../src/record/run-record.ts'
import { statusesOf } from './support/engine.ts'

test('what a run had begun that could not go on is not shown as running', () => {
  const at = 1
  const process = { pid: 1, host: 'h', started: null }
  const steps = ['a', 'b', 'c'].map((name) => ({ name, action: name }))
  const record = foldEvents([
    { type: 'run-started', at, run: 'r', pipeline: 'p', concurrency: 1, process, steps },
    { type: 'step-started', at, step: 'a', attempt: 1, reasons: [] },
    { type: 'run-finished', at, status: 'failed' },
  ])
  expect(record && statusesOf(record)).toEqual({ a: 'cancelled', b: 'cancelled', c: 'cancelled' })
})
