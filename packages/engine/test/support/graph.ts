import fc from 'fast-check'
import { pipeline, step, type RunnablePipeline, type Step } from '../../src/index.ts'

/** Each unit's upstream, by index; the graph has no cycle. */
export type Graph = readonly (readonly number[])[]

/** Graphs without cycles, whose order of definition is shuffled: a unit may read a later one. */
export function acyclicGraphs(maxSize = 14): fc.Arbitrary<Graph> {
  return fc.integer({ min: 1, max: maxSize }).chain((size) =>
    fc
      .tuple(
        fc.shuffledSubarray([...Array(size).keys()], { minLength: size }),
        fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: size * 2 }),
      )
      .map(([rank, pairs]) => {
        const upstream = Array.from({ length: size }, () => new Set<number>())
        for (const [a, b] of pairs) {
          const [ra, rb] = [rank[a] ?? 0, rank[b] ?? 0]
          if (ra < rb) upstream[b]?.add(a)
          if (rb < ra) upstream[a]?.add(b)
        }
        return upstream.map((set) => [...set])
      }),
  )
}

export function nameOf(index: number): string {
  return `s${index}`
}

const run = (): number => 0

/** A pipeline of steps that read each other as the graph says. */
export function pipelineOf(graph: Graph): RunnablePipeline {
  const inputs = graph.map((): Record<string, Step> => ({}))
  const steps = inputs.map((input) => step({ inputs: input, run }))
  for (const [index, upstream] of graph.entries()) {
    for (const read of upstream) {
      const [input, read_] = [inputs[index], steps[read]]
      if (input !== undefined && read_ !== undefined) input[nameOf(read)] = read_
    }
  }
  return pipeline('graph', Object.fromEntries(steps.map((made, index) => [nameOf(index), made])))
}

/** A unit and all that it needs. */
export function ancestry(graph: Graph, from: readonly number[]): Set<number> {
  const reached = new Set(from)
  for (const index of reached) for (const read of graph[index] ?? []) reached.add(read)
  return reached
}
