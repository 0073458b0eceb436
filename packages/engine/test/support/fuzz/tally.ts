import { isDeepStrictEqual } from 'node:util'
import type { Outcome } from '../run-projects.ts'
import { differenceOf, type Edit, type Version } from './project.ts'

/** What came of one edit. */
export interface Trial {
  readonly seed: number
  /** Which edit of the project it is, from 1. */
  readonly level: number
  readonly idioms: readonly string[]
  readonly edit: Edit
  readonly from: Version
  readonly to: Version
  readonly truthBefore: Outcome
  readonly before: Outcome
  readonly after: Outcome
  /** Of the edited project, from nothing. */
  readonly truth: Outcome
  /** The step whose input flickered in the run before. */
  readonly wasMeddled: string | undefined
  /** Steps at fault after the edit before; kept up to date here. */
  readonly atFault: Set<string>
}

/** What is wrong with what a step shows. */
export type Fault =
  /** It was taken from the cache, and is not what the step gives. */
  | 'stale'
  /** It was made anew, without a doubt, and is not what a run from nothing gives. */
  | 'wrong'
  /** It is there, although the step fails. */
  | 'hides a failure'
  | 'fails for nothing'
  /** It is made of a part of what the step was to read, or of other numbers. */
  | 'breaks a demand'
  | 'crash'

export interface Finding {
  readonly fault: Fault
  readonly step: string
  readonly trial: Trial
}

export interface Tally {
  edits: number
  checks: number
  /** Checks where the output is another one than before the edit, and nothing besides is demanded. */
  changes: number
  reruns: number
  /** Reruns, without a doubt, that gave what was there. */
  needless: number
  /** Checks of steps in doubt. */
  doubted: number
  /** Checks after edits that touch nothing that the step can reach. */
  harmless: number
  readonly findings: Finding[]
  /** Reruns after such edits. */
  readonly needlessFindings: { readonly step: string; readonly trial: Trial }[]
  /** What a plan said otherwise than the run then did: `cached, ran` and `run, hit`. */
  readonly plans: Map<string, { readonly step: string; readonly trial: Trial }[]>
  /** In milliseconds of a processor. */
  cpu: number
}

export function newTally(): Tally {
  return {
    edits: 0,
    checks: 0,
    changes: 0,
    reruns: 0,
    needless: 0,
    doubted: 0,
    harmless: 0,
    findings: [],
    needlessFindings: [],
    plans: new Map(),
    cpu: 0,
  }
}

export function addTrial(tally: Tally, trial: Trial): void {
  const { after, truth, truthBefore, to, edit } = trial
  tally.cpu += after.cpu + truth.cpu
  tally.edits += 1
  if (after.error !== undefined) {
    tally.findings.push({ fault: 'crash', step: '', trial })
    return
  }
  for (const [step, right] of Object.entries(truth.statuses)) {
    const status = after.statuses[step] ?? 'none'
    const isDoubted = (after.reasons[step] ?? []).includes('uncacheable')
    const gave = status === 'cached' || status === 'succeeded'
    const isRight = isDeepStrictEqual(after.outputs[step], truth.outputs[step])
    const hasChanged =
      truthBefore.statuses[step] !== right ||
      (right === 'succeeded' && !isDeepStrictEqual(truthBefore.outputs[step], truth.outputs[step]))
    const fault = faultOf()
    tally.checks += 1
    if (hasChanged && to.demands[step] === undefined) tally.changes += 1
    if (isDoubted) tally.doubted += 1
    if (fault === undefined) trial.atFault.delete(step)
    else if (!trial.atFault.has(step)) {
      trial.atFault.add(step)
      tally.findings.push({ fault, step, trial })
    }
    const isHarmless = edit.harmless?.some((start) => step.startsWith(start)) === true
    const isKnown = truthBefore.statuses[step] !== undefined && !hasChanged && !isDoubted
    // What is not kept after a flicker has to be made again.
    const isExcused = edit.meddling?.step === step || trial.wasMeddled === step
    if (isHarmless && isKnown && !isExcused) tally.harmless += 1
    if (status === 'succeeded') {
      tally.reruns += 1
      if (isKnown && !isExcused) tally.needless += 1
      if (isHarmless && isKnown && !isExcused) tally.needlessFindings.push({ step, trial })
    }
    const decision = after.decisions?.[step] ?? 'none'
    const differs =
      (decision === 'cached' && status !== 'cached') || (decision === 'run' && status === 'cached')
    if (differs && edit.meddling === undefined) {
      const key = `planned ${decision}, ${status}`
      tally.plans.set(key, [...(tally.plans.get(key) ?? []), { step, trial }])
    }

    function faultOf(): Fault | undefined {
      const demand = to.demands[step]
      if (demand === 'fails') return gave ? 'breaks a demand' : undefined
      if (demand !== undefined) {
        return gave && !isDeepStrictEqual(after.outputs[step], demand.value)
          ? 'breaks a demand'
          : undefined
      }
      if (isDoubted) return undefined
      if (right === 'failed' || right === 'skipped') return gave ? 'hides a failure' : undefined
      // It may fail, or give what is not kept: the next run tells.
      if (edit.meddling?.step === step && status !== 'cached') return undefined
      if (!gave) return 'fails for nothing'
      if (isRight) return undefined
      return status === 'cached' ? 'stale' : 'wrong'
    }
  }
}

/** What an engine would have shown that never sees an edit. */
export function asIfUnseen(trial: Trial): Trial {
  const { truthBefore } = trial
  const statuses = Object.fromEntries(
    Object.entries(truthBefore.statuses).map(([step, status]) => [
      step,
      status === 'succeeded' ? 'cached' : status,
    ]),
  )
  return { ...trial, after: { ...truthBefore, statuses, reasons: {} }, atFault: new Set() }
}

export function describeFinding({
  fault,
  step,
  trial,
}: Omit<Finding, 'fault'> & { readonly fault: string }): string {
  const { seed, level, idioms, edit, from, to, truth, truthBefore, after } = trial
  const { files, links } = differenceOf(from, to)
  const shown = (outcome: Outcome): string =>
    `${outcome.statuses[step]} ${JSON.stringify(outcome.outputs[step])}`
  return [
    `${fault}: seed ${seed}, edit ${level} (${edit.kind}), step ${step} of ${idioms.join(' ')}`,
    `  shown ${shown(after)}, right ${shown(truth)}, before ${shown(truthBefore)}`,
    `  reasons ${(after.reasons[step] ?? []).join(' ')}, planned ${after.decisions?.[step]}`,
    ...(after.error === undefined ? [] : [after.error]),
    ...Object.entries(files).flatMap(([path, text]) => linesOf(path, from.files[path], text)),
    ...Object.entries(links).map(([path, target]) => `  link ${path} -> ${target}`),
    ...(from.env === to.env ? [] : [`  env ${JSON.stringify(to.env)}`]),
    ...Object.entries(to.files)
      .filter(([path]) => !/^(?:show\.js|num\.ts|package\.json)$/.test(path))
      .map(([path, text]) => `--- ${path}\n${text}`),
    ...after.warnings.slice(0, 5),
  ].join('\n')
}

function linesOf(path: string, before = '', after = ''): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const gone = old.filter((line) => !now.includes(line)).map((line) => `  ${path}- ${line}`)
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `  ${path}+ ${line}`)]
}
