import { digestText } from '@stepwell/base/digest'
import { FORMAT, type StepKey } from '../identity/fingerprint.ts'
import type { StepEntry } from '../record/step-entry.ts'

export function keyOf(text: string): StepKey {
  return digestText(text) as StepKey
}

/** An entry as a run would write it. */
export function entryOf(text: string): StepEntry {
  const artifact = { kind: 'value', digest: digestText(text), size: 3, about: text } as const
  return {
    outputs: { value: artifact, picks: { model: artifact }, outs: {} },
    metrics: { loss: 0.25 },
    ingredients: {
      fingerprint: {
        format: FORMAT,
        code: digestText('code'),
        loading: digestText('loading'),
        site: 'pipeline.ts#1',
        node: '24',
        version: null,
        params: { lambda: 0.1, name: 'ä\u2028"' },
        inputs: { rows: { kind: 'value', digest: digestText('rows') } },
        outs: {},
        env: { TZ: null },
      },
      sources: { rows: 'clean' },
    },
    run: '20261123-000000-abcdef',
    at: 1,
    duration: 2.5,
  }
}
