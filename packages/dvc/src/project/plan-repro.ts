import type { DvcProject } from './load-project.ts'

export interface ReproOptions {
  /** `-s`: the targets alone, in their order. */
  readonly singleItem?: boolean
  /** `--downstream`: the targets and all that reads from them. */
  readonly downstream?: boolean
  /** `-p`: all that is connected to a target in any way. */
  readonly pipeline?: boolean
  /** `-P`: everything. */
  readonly allPipelines?: boolean
}

/**
 * The addresses that `dvc repro` looks at, each behind all that it reads from. What a frozen stage
 * reads from is not among them for its sake.
 */
export function planRepro(
  project: DvcProject,
  targets: readonly string[],
  options: ReproOptions = {},
): readonly string[] {
  const { order } = project.graph
  if (options.allPipelines === true) return order
  if (options.pipeline === true) {
    const [up, down] = [activeUpstream(project), activeDownstream(project)]
    return within(
      order,
      reach(targets, (at) => [...up(at), ...down(at)]),
    )
  }
  if (options.singleItem === true) return targets
  const next = options.downstream === true ? activeDownstream(project) : activeUpstream(project)
  return within(order, reach(targets, next))
}

type Neighbours = (address: string) => readonly string[]

function activeUpstream({ graph, stages, sources }: DvcProject): Neighbours {
  const members = [...stages, ...sources]
  const frozen = new Set(members.filter((member) => member.frozen).map(({ address }) => address))
  return (address) => (frozen.has(address) ? [] : (graph.upstream.get(address) ?? []))
}

function activeDownstream(project: DvcProject): Neighbours {
  const upstream = activeUpstream(project)
  const downstream = new Map<string, string[]>()
  for (const address of project.graph.order) {
    for (const read of upstream(address)) {
      const readers = downstream.get(read)
      if (readers === undefined) downstream.set(read, [address])
      else readers.push(address)
    }
  }
  return (address) => downstream.get(address) ?? []
}

function reach(targets: readonly string[], next: Neighbours): ReadonlySet<string> {
  const reached = new Set(targets)
  for (const address of reached) for (const other of next(address)) reached.add(other)
  return reached
}

function within(order: readonly string[], chosen: ReadonlySet<string>): string[] {
  return order.filter((address) => chosen.has(address))
}
