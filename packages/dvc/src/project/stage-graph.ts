import { dvcError } from '../dvc-error.ts'
import { locationKey, prefixesOf } from './location.ts'
import type { Source, SourceOut } from './source.ts'
import type { Stage, StageOut } from './stage.ts'

export type Member = Stage | Source

/** Which stage reads what which other one makes. */
export interface StageGraph {
  /** Addresses -> the addresses of what each reads from, in the order of its deps. */
  readonly upstream: ReadonlyMap<string, readonly string[]>
  /** All addresses, each behind all that it reads from. */
  readonly order: readonly string[]
}

interface Made {
  readonly member: Member
  readonly out: StageOut | SourceOut
}

/**
 * The graph of all stages and sources of a project.
 * @throws StepwellError STEPWELL_DVC_GRAPH: outs twice or one inside another, a dvc.yaml inside of an
 *   out, or a cycle
 */
export function stageGraph(members: readonly Member[]): StageGraph {
  const made = outsOf(members)
  const sorted = [...made.keys()].toSorted()
  for (const member of members) {
    const around = prefixesOf(member.file).find((path) => made.has(path))
    const owner = around === undefined ? undefined : made.get(around)
    if (owner === undefined) continue
    throw dvcError(member.place, {
      code: 'STEPWELL_DVC_GRAPH',
      summary: `the file is inside of '${owner.out.path}', an output of '${owner.member.address}'`,
      hint: 'move the file, or let the output be another directory',
    })
  }
  const upstream = new Map<string, readonly string[]>()
  for (const member of members) {
    const reads = new Set<string>()
    for (const key of readsOf(member)) {
      for (const path of [...prefixesOf(key), key, ...below(sorted, key)]) {
        const owner = made.get(path)
        if (owner !== undefined) reads.add(owner.member.address)
      }
    }
    upstream.set(member.address, [...reads])
  }
  return { upstream, order: sort(members, upstream) }
}

function readsOf(member: Member): string[] {
  if (member.kind === 'source') return []
  return [...member.deps, ...member.params].map(({ location }) => locationKey(location))
}

function outsOf(members: readonly Member[]): ReadonlyMap<string, Made> {
  const made = new Map<string, Made>()
  for (const member of members) {
    for (const out of member.outs) {
      const key = locationKey(out.location)
      const twin = made.get(key)
      if (twin !== undefined) {
        throw dvcError(member.place, {
          code: 'STEPWELL_DVC_GRAPH',
          summary: `output '${key}' of '${member.address}' is an output of '${twin.member.address}', too`,
          hint: 'let one stage write each output',
        })
      }
      made.set(key, { member, out })
    }
  }
  for (const [key, { member }] of made) {
    const around = prefixesOf(key).find((path) => made.has(path))
    if (around === undefined) continue
    throw dvcError(member.place, {
      code: 'STEPWELL_DVC_GRAPH',
      summary: `output '${key}' of '${member.address}' is inside of '${around}', an output of '${made.get(around)?.member.address}'`,
      hint: 'let outputs be separate files and directories',
    })
  }
  return made
}

// Of sorted paths, those inside of a directory stand together.
function below(sorted: readonly string[], dir: string): string[] {
  const prefix = dir === '.' ? '' : `${dir}/`
  let low = 0
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < prefix) low = middle + 1
    else high = middle
  }
  const found: string[] = []
  for (let path = sorted[low]; path?.startsWith(prefix) === true; path = sorted[++low]) {
    found.push(path)
  }
  return found
}

function sort(
  members: readonly Member[],
  upstream: ReadonlyMap<string, readonly string[]>,
): string[] {
  const order: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const places = new Map(members.map((member) => [member.address, member.place]))
  // With a stack of our own: a chain may be longer than the engine's stack is deep.
  for (const { address: start } of members) {
    const stack = [{ address: start, next: 0 }]
    if (state.has(start)) continue
    state.set(start, 'open')
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const address = (upstream.get(top.address) ?? [])[top.next++]
      if (address === undefined) {
        state.set(top.address, 'done')
        order.push(top.address)
        stack.pop()
      } else if (state.get(address) === 'open') {
        const names = stack.map((frame) => frame.address)
        const circle = [...names.slice(names.indexOf(address)), address].toReversed()
        throw dvcError(places.get(address) ?? '', {
          code: 'STEPWELL_DVC_GRAPH',
          summary: `stages feed each other in a circle: ${circle.join(' -> ')}`,
          hint: 'remove one of these dependencies',
        })
      } else if (!state.has(address)) {
        state.set(address, 'open')
        stack.push({ address, next: 0 })
      }
    }
  }
  return order
}
