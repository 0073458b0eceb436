import { isDigest } from '@stepwell/base/digest'
import type { ProcessIdentity } from '@stepwell/base/process-identity'
import { isArtifact, isOuts, isOutputs, isPicks, isRecord } from '../value/recorded-outputs.ts'
import { isRecordedPath } from '../value/recorded-path.ts'
import type { RunRecord } from './run-record.ts'
import type { LeftOut, Snapshot, SnapshotEntry, SnapshotStep } from './snapshot.ts'
import type { StepEntry } from './step-entry.ts'

// What is read from a state directory may have been written by anyone: a project that was copied, a cache of
// a CI, one that was checked in. What is not as it would have been written here counts as not there.

/** Whether what was read is an entry of the step cache, with outs only at paths inside of the project. */
export function isStepEntry(value: unknown): value is StepEntry {
  if (!isRecord(value)) return false
  const { outputs, metrics, ingredients, run, at, duration, accepted } = value
  return (
    isOutputs(outputs) &&
    isRecord(metrics) &&
    isIngredients(ingredients) &&
    typeof run === 'string' &&
    typeof at === 'number' &&
    typeof duration === 'number' &&
    (accepted === undefined || isRecord(accepted))
  )
}

function isIngredients(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value['sources'])) return false
  const { fingerprint } = value
  if (!isRecord(fingerprint)) return false
  const { code, loading, inputs, dependsOn = {}, outs, env } = fingerprint
  return (
    isDigest(code) &&
    isDigest(loading) &&
    [inputs, dependsOn].every((each) => isRecord(each) && Object.values(each).every(isInput)) &&
    isRecord(outs) &&
    Object.values(outs).every(isRecord) &&
    isRecord(env)
  )
}

function isInput(value: unknown): boolean {
  return isRecord(value) && (value['digest'] === undefined || isDigest(value['digest']))
}

/** The sound part of a last known state that was read; `undefined` where it is not a state. */
export function soundSnapshot(value: unknown): Snapshot | undefined {
  if (!isRecord(value) || !isRecord(value['codes']) || !isRecord(value['steps'])) return undefined
  const codes = Object.entries(value['codes']).filter(([, code]) => isCode(code))
  const steps = Object.entries(value['steps']).map(([name, step]): [string, SnapshotStep] => {
    const entries = isRecord(step) && Array.isArray(step['entries']) ? step['entries'] : []
    return [name, { entries: (entries as unknown[]).filter(isSnapshotEntry) }]
  })
  const { left, released } = value
  return {
    ...(Array.isArray(left) && { left: left.filter(isLeftOut) }),
    ...(Array.isArray(released) && { released: released.filter(isRecordedPath) }),
    codes: Object.fromEntries(codes),
    steps: Object.fromEntries(steps),
  } as Snapshot
}

function isLeftOut(value: unknown): value is LeftOut {
  return isRecord(value) && typeof value['step'] === 'string' && isOuts({ out: value['out'] })
}

function isSnapshotEntry(value: unknown): value is SnapshotEntry {
  return (
    isStepEntry(value) &&
    'key' in value &&
    isDigest(value.key) &&
    'reusable' in value &&
    typeof value.reusable === 'boolean'
  )
}

function isCode(value: unknown): boolean {
  return isRecord(value) && isRecord(value['parts']) && isRecord(value['packages'])
}

/** Whether what was read can be looked for as a process. */
export function isIdentity(value: unknown): value is ProcessIdentity {
  if (!isRecord(value)) return false
  const { pid, host, started } = value
  return (
    typeof pid === 'number' &&
    Number.isInteger(pid) &&
    pid > 0 &&
    typeof host === 'string' &&
    (started === null || typeof started === 'string')
  )
}

/** Whether what was read is the record of the run of that id. */
export function isRunRecord(value: unknown, run: string): value is RunRecord {
  if (!isRecord(value)) return false
  const { id, pipeline, status, startedAt, process, warnings, steps } = value
  return (
    id === run &&
    typeof pipeline === 'string' &&
    typeof status === 'string' &&
    typeof startedAt === 'number' &&
    isIdentity(process) &&
    Array.isArray(warnings) &&
    isRecord(steps) &&
    Object.entries(steps).every(([name, step]) => isStepRecord(step, name))
  )
}

function isStepRecord(value: unknown, step: string): boolean {
  if (!isRecord(value)) return false
  const {
    name,
    status,
    reasons,
    inputs,
    metrics,
    key,
    output,
    picks = {},
    outs = {},
    itemBase,
  } = value
  return (
    name === step &&
    typeof status === 'string' &&
    Array.isArray(reasons) &&
    Array.isArray(inputs) &&
    isRecord(metrics) &&
    (key === undefined || isDigest(key)) &&
    (output === undefined || isArtifact(output)) &&
    isPicks(picks) &&
    isOuts(outs) &&
    (itemBase === undefined || isDigest(itemBase))
  )
}
