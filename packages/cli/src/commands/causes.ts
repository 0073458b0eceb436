import {
  StepwellError,
  type Engine,
  type PlannedStep,
  type Reason,
  type RunRecord,
} from '@stepwell/engine'

/** A step upstream that was executed in a run that is over, for reasons of its own. */
export interface PastCause {
  readonly step: string
  readonly run: string
  readonly reasons: readonly Reason[]
}

/**
 * Walks upstream through what depends on others, to those that run for reasons of their own, whatever
 * the steps before them turn out to give.
 */
export function firstCauses(step: PlannedStep, steps: readonly PlannedStep[]): PlannedStep[] {
  const byName = new Map(steps.map((planned) => [planned.name, planned]))
  const seen = new Set([step.name])
  const causes: PlannedStep[] = []
  const pending = upstreamOf(step)
  for (const name of pending) {
    const upstream = byName.get(name)
    if (upstream === undefined || seen.has(name)) continue
    seen.add(name)
    if (upstream.reasons.some(({ kind }) => kind !== 'upstream')) causes.push(upstream)
    pending.push(...upstreamOf(upstream))
  }
  return causes
}

/** For inputs whose steps have run already: why those gave something else, from the run that they did in. */
export async function pastCauses(
  engine: Engine,
  pipeline: string,
  { reasons }: PlannedStep,
): Promise<PastCause[]> {
  const causes: PastCause[] = []
  for (const name of changedSteps(reasons)) {
    const record = await lastExecution(engine, pipeline, name)
    if (record === undefined) continue
    const found = causesIn(record, [name])
    for (const cause of found) {
      const isKnown = causes.some(({ step, run }) => step === cause.step && run === cause.run)
      if (!isKnown) causes.push(cause)
    }
  }
  return causes
}

/** The first causes in a run, of steps that were executed there. */
export function causesIn(record: RunRecord, names: readonly string[]): PastCause[] {
  const causes: PastCause[] = []
  const seen = new Set<string>()
  const pending = [...names]
  for (const name of pending) {
    const step = Object.hasOwn(record.steps, name) ? record.steps[name] : undefined
    if (step === undefined || seen.has(name) || step.status === 'cached') continue
    seen.add(name)
    const further = changedSteps(step.reasons).filter(
      (read) => record.steps[read]?.status === 'succeeded',
    )
    if (further.length === 0) causes.push({ step: name, run: record.id, reasons: step.reasons })
    pending.push(...further)
  }
  return causes
}

/** The record of the latest run in which a step was executed. */
export async function lastExecution(
  engine: Engine,
  pipeline: string,
  name: string,
): Promise<RunRecord | undefined> {
  for (const id of await engine.runIds()) {
    let record
    try {
      record = await engine.runRecord(id)
    } catch (error) {
      if (error instanceof StepwellError) continue
      throw error
    }
    if (record.pipeline !== pipeline || !Object.hasOwn(record.steps, name)) continue
    const status = record.steps[name]?.status
    if (status === 'succeeded' || status === 'failed') return record
  }
  return undefined
}

/** What may be names of steps whose output, a field or an out of it, is an input that changed. */
export function changedSteps(reasons: readonly Reason[]): string[] {
  return reasons.flatMap((reason) =>
    // `train`, `train.model` or `train:file`; all else has a space (`file x`), or is an address.
    reason.kind === 'input' && /^[\w-]+(?:$|[.:](?!\/\/))/.test(reason.source)
      ? beginnings(reason.source)
      : [],
  )
}

/** `fits`, `fits.all`, `fits.all.score`: a dot stands before a field, and in the name of a step in a group. */
function beginnings(source: string): string[] {
  const names: string[] = []
  for (const part of (source.split(':')[0] ?? '').split('.')) {
    const before = names.at(-1)
    names.push(before === undefined ? part : `${before}.${part}`)
  }
  return names
}

function upstreamOf({ reasons }: PlannedStep): string[] {
  return reasons.flatMap((reason) => (reason.kind === 'upstream' ? reason.steps : []))
}
