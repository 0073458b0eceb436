import { paramsOf } from '../define/params.ts'
import { checkOuts } from '../decide/check-outs.ts'
import type { PipelineCode } from '../identity/code.ts'
import { findCode, type KnownCode } from '../code/manifest/manifest.ts'
import { StepwellError } from '@stepwell/base/errors'
import { groupOf, orderSteps, type OrderedStep } from '../define/order.ts'
import { OutPlaces } from '../decide/out-paths.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { leftAfter } from '../record/left-out.ts'
import { statsAt } from '../store/workspace/out-obstacle.ts'
import { join } from 'node:path'
import type { ProjectState } from './project.ts'
import {
  nextSnapshot,
  withoutRevoked,
  type Snapshot,
  type SnapshotEntry,
} from '../record/snapshot.ts'

const MOST_NAMES = 3

export interface PlanRequest {
  /** Names of the steps wanted; what they need comes with them. @default all steps */
  readonly targets?: readonly string[]
  /** The targets alone: what they need is taken as it was left. @default false */
  readonly only?: boolean
  /** Execute even what is cached: steps by name, or `'all'` that take part. @default none */
  readonly force?: readonly string[] | 'all'
}

/** A pipeline and its last known state, in which a request is planned and carried out. */
export interface Situation {
  readonly pipeline: Pipeline
  readonly request: PlanRequest
  readonly steps: readonly OrderedStep[]
  readonly code: PipelineCode
  /** Keeps what was found out about the code. Never throws. */
  readonly keepCode: () => Promise<void>
  readonly snapshot: Snapshot
  readonly forced: ReadonlySet<string>
  /** Where steps of the pipeline write. */
  readonly places: OutPlaces
}

/**
 * Reads what is known; opens no database and never waits for another process.
 *
 * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE, STEPWELL_PARAMS, STEPWELL_OUT_PATH,
 *   STEPWELL_OUT_CLASH.
 */
export async function situationOf(
  pipeline: Pipeline,
  request: PlanRequest,
  state: ProjectState,
): Promise<Situation> {
  const { steps, code, keep, places } = await prepare(
    pipeline,
    request.targets,
    state,
    request.only,
  )
  const snapshot = await lastKnown(pipeline, state)
  return {
    pipeline,
    request,
    steps,
    code,
    keepCode: keep,
    snapshot,
    forced: forcedSteps(steps, request.force),
    places,
  }
}

/** The last known state of a pipeline, as far as it stands. */
export async function lastKnown(
  { name }: Pipeline,
  { snapshots, accepted, digests }: ProjectState,
): Promise<Snapshot> {
  const { files, ...known } = await snapshots.read(name)
  digests.recall(Object.entries(files))
  return withoutRevoked(known, (key) => accepted.stands(key))
}

/** Checks a pipeline, orders its steps, and finds their code. */
export async function prepare(
  pipeline: Pipeline,
  targets: readonly string[] | undefined,
  { dir, dirs }: ProjectState,
  only = false,
): Promise<KnownCode & { readonly steps: OrderedStep[]; readonly places: OutPlaces }> {
  if (pipeline?.kind !== 'pipeline') {
    throw new TypeError('Expected a pipeline made by pipeline()')
  }
  const steps = orderSteps(pipeline, targets, only)
  for (const { name, step } of steps) paramsOf(name, step)
  const places = new OutPlaces(pipeline, dir)
  checkOuts(pipeline, places, dir)
  return { steps, places, ...(await findCode(pipeline, dir, dirs.code)) }
}

/** Keeps the last known state, with what the steps were made from now. */
export async function keepSnapshot(
  { pipeline, snapshot, code }: Situation,
  entries: ReadonlyMap<string, SnapshotEntry>,
  { dir, snapshots, digests }: ProjectState,
): Promise<void> {
  const isThere = (path: string): boolean => statsAt(join(dir, path)) !== undefined
  const next = {
    ...nextSnapshot(snapshot, pipeline, code, entries),
    ...leftAfter(snapshot, pipeline, isThere),
  }
  await snapshots.write(pipeline.name, next, digests.remembered)
}

/** Doubts about the code, each told once, and what they mean. */
export function warningsOf({ doubts, steps }: PipelineCode): string[] {
  const pins = [...steps.values()].filter(({ pinned }) => pinned !== undefined).length
  const save = pins > 0 ? ', save those whose code is pinned' : ''
  const all = (pins < steps.size ? doubts : []).map(
    ({ what, place, todo }) =>
      `no step of this pipeline is cached${save}: ${what} at ${place}; ${todo}`,
  )
  // One call in a loop makes many steps, of which the same is to be said.
  const own = new Map<string, string[]>()
  for (const [name, code] of steps) {
    for (const { what, place, todo } of code.doubts) {
      const why = `${what} at ${place}; ${todo}`
      const names = own.get(why) ?? []
      own.set(why, names)
      names.push(name)
    }
  }
  const each = [...own].map(([why, names]) => `${namesText(names)} not cached: ${why}`)
  return [...new Set([...all, ...each])]
}

/** `step `a` is`, `steps `a`, `b`, `c` and 7 more are` */
function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `\`${name}\``)
  const more = names.length - shown.length
  if (more > 0) return `steps ${shown.join(', ')} and ${more} more are`
  const last = shown.pop() ?? ''
  return shown.length === 0 ? `step ${last} is` : `steps ${shown.join(', ')} and ${last} are`
}

function forcedSteps(steps: readonly OrderedStep[], force: PlanRequest['force']): Set<string> {
  const names = steps.map(({ name }) => name)
  if (force === 'all') return new Set(names)
  const unknown = force?.find((name) => !names.includes(name) && groupOf(name, names).length === 0)
  if (unknown !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_TARGET_UNKNOWN',
      summary: `step ${JSON.stringify(unknown)} cannot be forced, it does not take part in this run`,
      hint: `those that do are ${names.join(', ')}`,
    })
  }
  return new Set(force?.flatMap((name) => [name, ...groupOf(name, names)]))
}
