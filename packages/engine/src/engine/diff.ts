import type { CodeParts } from '../identity/code.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { ProjectState } from './project.ts'
import type { Ingredients } from '../identity/reason.ts'
import type { RunRecord } from '../record/run-record.ts'
import { compareRuns, type RunDiff, type StepDiff } from '../record/run-diff.ts'
import { withFiles } from '../decide/what-changed.ts'

/** Compares two runs, with all that is kept about what their steps were made of. Reads files only. */
export async function diffRuns(
  from: RunRecord,
  to: RunRecord,
  { snapshots, runs, artifacts }: ProjectState,
): Promise<RunDiff> {
  const keys = differingKeys(from, to)
  const ingredients = new Map<StepKey, Ingredients>()
  const codes: Record<string, CodeParts> = {}
  for (const pipeline of new Set([from.pipeline, to.pipeline])) {
    const snapshot = await snapshots.read(pipeline)
    Object.assign(codes, snapshot.codes)
    for (const { entries } of Object.values(snapshot.steps)) {
      for (const entry of entries) note(entry.key, entry.ingredients)
    }
  }
  // The last known state has a few entries of each step: what is older is in what the runs committed.
  if (ingredients.size < keys.size) {
    for await (const { key, entry } of runs.journals()) note(key, entry.ingredients)
  }
  const diff = compareRuns(from, to, { codes, ingredientsOf: (key) => ingredients.get(key) })
  const steps: StepDiff[] = []
  for (const step of diff.steps) {
    const before = step.before?.key && ingredients.get(step.before.key)
    const after = step.after?.key && ingredients.get(step.after.key)
    if (before === undefined || after === undefined) steps.push(step)
    else {
      const made = { ingredients: after, trees: new Map<never, never>() }
      steps.push({ ...step, reasons: await withFiles(step.reasons, before, made, artifacts) })
    }
  }
  return { ...diff, steps }

  function note(key: StepKey, made: Ingredients): void {
    if (keys.has(key)) ingredients.set(key, made)
  }
}

function differingKeys(from: RunRecord, to: RunRecord): Set<StepKey> {
  const keys = new Set<StepKey>()
  for (const [name, { key: after }] of Object.entries(to.steps)) {
    const before = Object.hasOwn(from.steps, name) ? from.steps[name]?.key : undefined
    if (before === undefined || after === undefined || before === after) continue
    keys.add(before)
    keys.add(after)
  }
  return keys
}
