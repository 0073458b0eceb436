import { Graph } from '@dagrejs/graphlib'
import { orderSteps } from '../define/order.ts'
import type { Pipeline } from '../define/pipeline.ts'

/**
 * The pipeline as a graph: an edge from each step to each one that reads it, labelled with the inputs
 * by which it does. Node ids carry a prefix, since graphlib drops a node named `constructor`.
 */
function toGraph(pipeline: Pipeline): Graph {
  const graph = new Graph({ directed: true })
  for (const { name } of orderSteps(pipeline)) graph.setNode(nodeId(name), name)
  for (const { name, upstream } of orderSteps(pipeline)) {
    for (const read of upstream) graph.setEdge(nodeId(read), nodeId(name))
  }
  return graph
}

/** The pipeline in Mermaid's flowchart language. */
export function toMermaid(pipeline: Pipeline): string {
  const graph = toGraph(pipeline)
  const nodes = graph.nodes().map((id) => `  ${id}["${labelOf(graph, id)}"]`)
  const edges = graph.edges().map(({ v, w }) => `  ${v} --> ${w}`)
  return ['flowchart LR', ...nodes, ...edges, ''].join('\n')
}

/** The pipeline in Graphviz's language. */
export function toDot(pipeline: Pipeline): string {
  const graph = toGraph(pipeline)
  const nodes = graph.nodes().map((id) => `  "${id}" [label="${labelOf(graph, id)}"];`)
  const edges = graph.edges().map(({ v, w }) => `  "${v}" -> "${w}";`)
  const head = [`digraph "${pipeline.name}" {`, '  rankdir=LR;', '  node [shape=box];']
  return [...head, ...nodes, ...edges, '}', ''].join('\n')
}

// Step names hold letters, digits and hyphens only; Mermaid does not take `end` as an id.
function nodeId(name: string): string {
  return `step_${name.replaceAll('.', '__').replaceAll(/[^\w-]/g, (sign) => `_${sign.codePointAt(0)}_`)}`
}

function labelOf(graph: Graph, id: string): string {
  return graph.node(id) as string
}
