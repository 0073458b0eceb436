import type { Reason } from '../identity/reason.ts'
import type { RunRecord } from './run-record.ts'

/** The steps because of which there is a reason; none where it is one of the step's own. */
export type StepsBehind = (reason: Reason, step: string) => readonly string[]

/**
 * The steps that changed in something of their own, among some steps and those that led to them: those with
 * a reason that has no step behind it, or with no reason at all. Nearer ones come first.
 *
 * @param reasonsOf `undefined` for a step that led to nothing
 */
export function firstCauses(
  from: readonly string[],
  reasonsOf: (step: string) => readonly Reason[] | undefined,
  behind: StepsBehind,
): string[] {
  const seen = new Set<string>()
  const causes: string[] = []
  const pending = [...from]
  // It grows while it is walked.
  for (const step of pending) {
    const reasons = seen.has(step) ? undefined : reasonsOf(step)
    seen.add(step)
    if (reasons === undefined) continue
    const further = reasons.map((reason) => behind(reason, step))
    if (further.length === 0 || further.some((steps) => steps.length === 0)) causes.push(step)
    pending.push(...further.flat())
  }
  return causes
}

/**
 * Finds the steps that made what an input that changed comes from, by what some runs have recorded.
 *
 * @param takesPart whether there is a step of a name, and it is looked for
 */
export function inputsBehind(
  runs: readonly Pick<RunRecord, 'steps'>[],
  takesPart: (step: string) => boolean,
): StepsBehind {
  // By the paths of outs, and by those around them: what reads a directory reads what is in it.
  const owners = new Map<string, string>()
  const inside = new Map<string, Set<string>>()
  for (const { steps } of runs) {
    for (const step of Object.values(steps)) {
      for (const { path } of Object.values(step.outs ?? {})) {
        owners.set(path, step.name)
        for (const dir of dirsOf(path)) {
          inside.set(dir, (inside.get(dir) ?? new Set()).add(step.name))
        }
      }
    }
  }
  return (reason, step) => {
    if (reason.kind !== 'input') return []
    const { source } = reason
    const path = /^(?:file|dir) (?:\.\/)?(.*)$/.exec(source)?.[1]
    if (path !== undefined) {
      const around = [path, ...dirsOf(path)].flatMap((each) => owners.get(each) ?? [])
      const found = new Set([...around, ...(inside.get(path) ?? [])])
      return [...found].filter((name) => name !== step && takesPart(name))
    }
    // `train`, `train.model`, `train:file`; in a group a dot stands in the name, too.
    const ends = [source.length, ...[...source.matchAll(/[.:]/g)].map(({ index }) => index)]
    return ends
      .map((end) => source.slice(0, end))
      .filter((name) => name !== step && takesPart(name))
  }
}

/** The directories around a path. */
function dirsOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))
}
