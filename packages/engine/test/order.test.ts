import { alg, Graph as GraphLib } from '@dagrejs/graphlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pipeline, step, StepwellError, type Pipeline, type Step } from '../src/index.ts'
import { orderSteps } from '../src/define/order.ts'
import { acyclicGraphs, ancestry, nameOf, pipelineOf, type Graph } from './support/graph.ts'

const run = (): number => 0

function edges(graph: Graph): [string, string][] {
  return graph.flatMap((upstream, index) =>
    upstream.map((read): [string, string] => [nameOf(read), nameOf(index)]),
  )
}

describe('a graph without cycles', () => {
  test('every step comes after its inputs, once', () => {
    fc.assert(
      fc.property(acyclicGraphs(), (graph) => {
        const order = orderSteps(pipelineOf(graph)).map(({ name }) => name)
        expect(order.toSorted()).toEqual(graph.map((_, index) => nameOf(index)).toSorted())
        for (const [from, to] of edges(graph)) {
          expect(order.indexOf(from)).toBeLessThan(order.indexOf(to))
        }
      }),
    )
  })

  test('targets bring exactly what they need, and nothing points outside', () => {
    fc.assert(
      fc.property(acyclicGraphs(), fc.array(fc.nat(), { minLength: 1 }), (graph, picked) => {
        const targets = picked.map((n) => n % graph.length)
        const steps = orderSteps(pipelineOf(graph), targets.map(nameOf))
        const wanted = [...ancestry(graph, targets)].map(nameOf).toSorted()
        expect(steps.map(({ name }) => name).toSorted()).toEqual(wanted)
        for (const { name, upstream, downstream } of steps) {
          expect(upstream.toSorted()).toEqual(
            (graph[Number(name.slice(1))] ?? []).map(nameOf).toSorted(),
          )
          expect(downstream.every((reader) => wanted.includes(reader))).toBe(true)
        }
      }),
    )
  })

  test('graphlib agrees', () => {
    fc.assert(
      fc.property(acyclicGraphs(), (graph) => {
        const order = orderSteps(pipelineOf(graph)).map(({ name }) => name)
        const lib = new GraphLib({ directed: true })
        for (const name of order) lib.setNode(name)
        for (const [from, to] of edges(graph)) lib.setEdge(from, to)
        expect(alg.isAcyclic(lib)).toBe(true)
        // Steps that nothing orders keep their place in ours: with our order as edges it is the only one.
        for (const [index, name] of order.entries()) {
          const next = order[index + 1]
          if (next !== undefined) lib.setEdge(name, next)
        }
        expect(alg.topsort(lib)).toEqual(order)
      }),
    )
  })

  test('the order does not change from one call to the next', () => {
    fc.assert(
      fc.property(acyclicGraphs(), (graph) => {
        const made = pipelineOf(graph)
        const names = () => orderSteps(made).map(({ name }) => name)
        expect(names()).toEqual(names())
      }),
    )
  })
})

describe('large graphs need no stack', () => {
  for (const [title, size, upstream] of [
    ['a chain of 30,000', 30_000, (i: number) => (i === 0 ? [] : [i - 1])],
    ['a chain of 10,000, last one first', 10_000, (i: number) => (i === 9999 ? [] : [i + 1])],
    ['10,000 that each read up to ten others', 10_000, (i: number) => reads(i)],
    ['one that reads 10,000 others', 10_001, (i: number) => (i < 10_000 ? [] : range(10_000))],
    ['10,000 that read one', 10_001, (i: number) => (i === 0 ? [] : [0])],
  ] as const) {
    test(title, () => {
      const graph = range(size).map((index) => upstream(index))
      const order = orderSteps(pipelineOf(graph))
      expect(order.length).toBe(size)
      const place = new Map(order.map(({ name }, index) => [name, index]))
      const misplaced = edges(graph).filter(([a, b]) => (place.get(a) ?? 0) >= (place.get(b) ?? 0))
      expect(misplaced).toEqual([])
    })
  }

  test('a cycle of 10,000 is found, and its message is short', () => {
    const inputs = range(10_000).map((): Record<string, Step> => ({}))
    const steps = inputs.map((input) => step({ inputs: input, run }))
    for (const [index, input] of inputs.entries()) input['x'] = steps[(index + 1) % steps.length]!
    const made = pipeline('p', Object.fromEntries(steps.map((s, i) => [nameOf(i), s])))
    const error = refusal(() => orderSteps(made))
    expect(error.code).toBe('STEPWELL_CYCLE')
    expect(error.message.length).toBeLessThan(500)
    expect(error.message).toMatch(/\.\.\. 9989 more \.\.\./)
  })
})

describe('cycles', () => {
  test('the path that is named is a cycle of the pipeline', () => {
    const cyclic = acyclicGraphs(11).chain((graph) =>
      fc.tuple(fc.constant(graph), fc.nat(graph.length - 1), fc.nat(graph.length - 1)),
    )
    fc.assert(
      fc.property(cyclic, ([graph, a, b]) => {
        const [made, close] = closable(graph, a, b)
        const closes = ancestry(graph, [a]).has(b)
        close()
        if (!closes) {
          expect(orderSteps(made).length).toBe(graph.length)
          return
        }
        const error = refusal(() => orderSteps(made))
        expect(error.code).toBe('STEPWELL_CYCLE')
        const path = /circle; (.*)$/.exec(error.message)?.[1]?.split(' -> ') ?? []
        expect(path.length).toBeGreaterThan(1)
        expect(path.at(0)).toBe(path.at(-1))
        expect(new Set(path).size).toBe(path.length - 1)
        const all = new Set([...edges(graph), [nameOf(a), nameOf(b)]].map(String))
        for (let index = 0; index + 1 < path.length; index += 1) {
          expect(all).toContain(`${path[index]},${path[index + 1]}`)
        }
      }),
    )
  })

  test('a step that reads itself', () => {
    const inputs: Record<string, Step> = {}
    const loop = step({ inputs, run })
    inputs['own'] = loop
    expect(refusal(() => orderSteps(pipeline('p', { loop }))).message).toMatch(/loop -> loop/)
  })

  test('one that the targets do not need does not matter', () => {
    const inputs: Record<string, Step> = {}
    const loop = step({ inputs, run })
    inputs['own'] = loop
    const alone = step({ run })
    const made = pipeline('p', { loop, alone })
    expect(orderSteps(made, ['alone']).map(({ name }) => name)).toEqual(['alone'])
    expect(() => orderSteps(made, ['loop'])).toThrow(/circle/)
  })
})

test('an unknown target is refused, and the message says which ones there are', () => {
  const made = pipeline('p', { a: step({ run }), b: step({ run }) })
  for (const target of ['c', 'constructor', '__proto__', '', 'A']) {
    const error = refusal(() => orderSteps(made, ['a', target]))
    expect(error.code).toBe('STEPWELL_TARGET_UNKNOWN')
    expect(error.hint).toMatch(/a, b/)
  }
})

test('the fields that are picked are known at the producer', () => {
  const a = step({ run: () => ({ x: 1, y: 2 }) })
  const b = step({ inputs: { x: a.pick('x'), again: a.pick('x') }, run })
  const c = step({ inputs: { y: a.pick('y'), a }, run })
  const made = pipeline('p', { a, b, c })
  expect(orderSteps(made)[0]).toMatchObject({
    name: 'a',
    picks: ['x', 'y'],
    downstream: ['b', 'c'],
  })
  expect(orderSteps(made, ['b'])[0]).toMatchObject({ name: 'a', picks: ['x'], downstream: ['b'] })
})

/** The pipeline of a graph, and what makes `b` read `a` on top. */
function closable(graph: Graph, a: number, b: number): [Pipeline, () => void] {
  const inputs = graph.map((): Record<string, Step> => ({}))
  const steps = inputs.map((input) => step({ inputs: input, run }))
  for (const [index, upstream] of graph.entries()) {
    for (const read of upstream) inputs[index]![nameOf(read)] = steps[read]!
  }
  const made = pipeline('graph', Object.fromEntries(steps.map((s, i) => [nameOf(i), s])))
  return [
    made,
    () => {
      inputs[b]!['closing'] = steps[a]!
    },
  ]
}

function reads(index: number): number[] {
  const picked = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89].map((back) => index - back * ((index % 7) + 1))
  return picked.filter((at) => at >= 0)
}

function range(size: number): number[] {
  return [...Array(size).keys()]
}

function refusal(act: () => unknown): StepwellError {
  try {
    act()
  } catch (error) {
    if (error instanceof StepwellError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
