import type { Outputs } from '../value/artifact.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { LastExecution } from './planned-step.ts'
import type { RunRecord } from '../record/run-record.ts'

/** Outputs of an execution that no snapshot has yet. */
export interface RecentOutputs extends LastExecution {
  readonly outputs: Outputs
}

// Of these alone the record cannot tell whether they were put into the cache.
const UNSURE = new Set(['forced', 'uncacheable'])

/**
 * What runs that have written no snapshot, since they go on or were killed, have put into the step
 * cache: a step ends as `succeeded` only after that.
 */
export function recentOutputs(runs: readonly RunRecord[]): Map<StepKey, RecentOutputs> {
  const recent = new Map<StepKey, RecentOutputs>()
  for (const { id, startedAt, steps } of runs) {
    for (const {
      status,
      key,
      output,
      picks = {},
      outs = {},
      reasons,
      duration,
      endedAt,
    } of Object.values(steps)) {
      if (status !== 'succeeded' || key === undefined || output === undefined) continue
      if (recent.has(key) || reasons.some(({ kind }) => UNSURE.has(kind))) continue
      const outputs = { value: output, picks, outs }
      recent.set(key, { outputs, run: id, at: endedAt ?? startedAt, duration })
    }
  }
  return recent
}
