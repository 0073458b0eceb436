import { StepwellError } from '@stepwell/base/errors'
import { upstreamOf, type Pipeline } from './pipeline.ts'
import { definition, isService, type Step } from './step.ts'

/** A step in its place: everything it reads comes before it. */
export interface OrderedStep {
  readonly name: string
  readonly step: Step
  /** Names of the steps it reads. */
  readonly upstream: readonly string[]
  /** Names of the steps that read it, within the order. */
  readonly downstream: readonly string[]
  /** Fields of its output that some step picks. */
  readonly picks: readonly string[]
}

/**
 * Orders a pipeline's steps so that each comes after what it reads, narrowed to the targets and what
 * they need. Linear in steps and inputs, and free of recursion, so that neither long chains nor wide
 * graphs exhaust the stack (Kahn 1962, "Topological sorting of large networks").
 *
 * @param only without what they need, but for services, of which nothing is left
 * @throws StepwellError STEPWELL_TARGET_UNKNOWN, STEPWELL_CYCLE.
 */
export function orderSteps(
  pipeline: Pipeline,
  targets: readonly string[] = [],
  only = false,
): OrderedStep[] {
  const names = new Map([...pipeline.steps].map(([name, step]) => [step, name]))
  const upstream = new Map<string, string[]>()
  for (const [name, step] of pipeline.steps) {
    upstream.set(
      name,
      upstreamOf(step).map((read) => names.get(read) ?? unlisted(name)),
    )
  }
  const wanted = targets.length === 0 ? new Set(upstream.keys()) : closure(targets, upstream)
  const downstream = new Map([...wanted].map((name) => [name, [] as string[]]))
  const picks = new Map([...wanted].map((name) => [name, new Set<string>()]))
  for (const [name, step] of pipeline.steps) {
    if (!wanted.has(name)) continue
    for (const read of upstream.get(name) ?? []) downstream.get(read)?.push(name)
    for (const input of Object.values(definition(step).inputs)) {
      if (input.kind === 'pick') picks.get(names.get(input.step) ?? '')?.add(input.field)
    }
  }
  const waiting = new Map<string, number>()
  const ready: string[] = []
  for (const name of upstream.keys()) {
    if (!wanted.has(name)) continue
    const count = upstream.get(name)?.filter((read) => wanted.has(read)).length ?? 0
    if (count === 0) ready.push(name)
    else waiting.set(name, count)
  }
  // `ready` grows while it is walked: the walk ends when every step that can be ordered has been.
  for (const name of ready) {
    for (const reader of downstream.get(name) ?? []) {
      const count = (waiting.get(reader) ?? 0) - 1
      waiting.set(reader, count)
      if (count > 0) continue
      waiting.delete(reader)
      ready.push(reader)
    }
  }
  if (waiting.size > 0) throw cycleError(pipeline, cyclePath(new Set(waiting.keys()), upstream))
  return ready.map((name) => ({
    name,
    step: pipeline.steps.get(name) ?? unlisted(name),
    upstream: (upstream.get(name) ?? []).filter((read) => wanted.has(read)),
    downstream: downstream.get(name) ?? [],
    picks: [...(picks.get(name) ?? [])].toSorted(),
  }))

  function closure(from: readonly string[], edges: ReadonlyMap<string, string[]>): Set<string> {
    const named = from.flatMap((name) => (edges.has(name) ? [name] : groupOf(name, edges.keys())))
    const unknown = from.find(
      (name) => !edges.has(name) && groupOf(name, edges.keys()).length === 0,
    )
    if (unknown !== undefined) {
      throw new StepwellError({
        code: 'STEPWELL_TARGET_UNKNOWN',
        summary: `pipeline \`${pipeline.name}\` has no step ${JSON.stringify(unknown)}`,
        hint: `its steps are ${[...edges.keys()].join(', ')}`,
      })
    }
    const reached = new Set(named)
    for (const name of reached) {
      for (const read of edges.get(name) ?? [])
        if (!only || isService(pipeline.steps.get(read))) reached.add(read)
    }
    return reached
  }
}

/** The steps of a group of that name. */
export function groupOf(name: string, steps: Iterable<string>): string[] {
  return [...steps].filter((step) => step.startsWith(`${name}.`))
}

/** Follows unordered steps upstream until one comes up again: each of them reads another one. */
function cyclePath(
  unordered: ReadonlySet<string>,
  upstream: ReadonlyMap<string, string[]>,
): string[] {
  const path: string[] = []
  const seen = new Map<string, number>()
  let at = [...unordered][0]
  while (at !== undefined) {
    const start = seen.get(at)
    if (start !== undefined) return [...path.slice(start), at].toReversed()
    seen.set(at, path.length)
    path.push(at)
    at = upstream.get(at)?.find((name) => unordered.has(name))
  }
  return path
}

function cycleError({ name }: Pipeline, path: readonly string[]): StepwellError {
  const shown =
    path.length > 12
      ? [...path.slice(0, 6), `... ${path.length - 12} more ...`, ...path.slice(-6)]
      : path
  return new StepwellError({
    code: 'STEPWELL_CYCLE',
    summary: `the steps of pipeline \`${name}\` feed each other in a circle`,
    details: shown.join(' -> '),
    hint: 'remove one of these inputs',
  })
}

// `makePipeline` has refused such a pipeline already.
function unlisted(name: string): never {
  throw new TypeError(`step \`${name}\` reads a step that is not in the pipeline`)
}
