import { identifierName, isNode, walk, type Syntax, type SyntaxNode } from './syntax.ts'

/** A call in a source file. */
export interface Call {
  readonly node: SyntaxNode
  /** From the root of the file down. */
  readonly ancestors: readonly SyntaxNode[]
  /** Its place among the calls of the file, in source order: unlike a line, it outlives reformatting. */
  readonly index: number
}

/** A part of a source file, in UTF-16 code units. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** The calls of a file by the offset that V8 gives for them: that of the last name of the callee. */
export function indexCalls({ root }: Syntax): Map<number, Call> {
  const calls = new Map<number, Call>()
  let index = 0
  walk(root, (node, ancestors) => {
    if (node.type !== 'CallExpression') return
    const call = { node, ancestors: [...ancestors], index }
    index += 1
    const callee = node['callee'] as SyntaxNode
    const name = callee.type === 'MemberExpression' ? (callee['property'] as SyntaxNode) : callee
    calls.set(name.start, call)
  })
  return calls
}

// Their values reach the key as data.
const DATA_OPTIONS = new Set(['params', 'version', 'description'])

/**
 * The parts of a `step()` call's options that are data written out in full, so that an edit of them is
 * no edit of the code.
 */
export function dataOptions({ node }: Call): Range[] {
  return optionsOf(node)
    .filter(({ key, computed }) => computed !== true && DATA_OPTIONS.has(identifierName(key) ?? ''))
    .flatMap(({ value }) => writtenOut(value as SyntaxNode))
}

/**
 * The functions handed to a `step()` or `pipeline()` call, as written there: what comes after `run:`,
 * or the second part of each link. `undefined` when the call does not write them out.
 */
export function codeOptions({ node }: Call): SyntaxNode[] | undefined {
  const { property } = node['callee'] as SyntaxNode
  if (['call', 'apply', 'bind'].includes(identifierName(property) ?? '')) return undefined
  const [first, second] = node['arguments'] as SyntaxNode[]
  if (first?.type === 'ObjectExpression') {
    const members = first['properties'] as SyntaxNode[]
    const runs = members.filter(({ key }) => identifierName(key) === 'run')
    const plain = members.every(({ type, computed, kind }) => {
      return type === 'Property' && computed !== true && kind === 'init'
    })
    return plain && runs.length === 1 ? runs.map(({ value }) => value as SyntaxNode) : undefined
  }
  // The record form has no code: its steps were made elsewhere.
  if (second?.type === 'ObjectExpression') return []
  if (second?.type !== 'ArrayExpression') return undefined
  const links = second['elements'] as (SyntaxNode | null)[]
  const runs = links.map((link) => {
    return link?.type === 'ArrayExpression'
      ? (link['elements'] as (SyntaxNode | null)[])[1]
      : undefined
  })
  return runs.every((run) => isNode(run)) ? runs : undefined
}

function optionsOf(call: SyntaxNode): SyntaxNode[] {
  const [options] = call['arguments'] as SyntaxNode[]
  return options?.type === 'ObjectExpression' ? (options['properties'] as SyntaxNode[]) : []
}

function writtenOut(node: SyntaxNode): Range[] {
  if (isWrittenOut(node)) return [node]
  if (node.type !== 'ObjectExpression') return []
  return (node['properties'] as SyntaxNode[])
    .filter(({ type, computed }) => type === 'Property' && computed !== true)
    .flatMap(({ value }) => writtenOut(value as SyntaxNode))
}

function isWrittenOut(node: unknown): boolean {
  if (!isNode(node)) return false
  switch (node.type) {
    case 'Literal':
      return true
    case 'UnaryExpression':
      return node['operator'] === '-' && isWrittenOut(node['argument'])
    case 'ArrayExpression':
      return (node['elements'] as unknown[]).every(isWrittenOut)
    case 'ObjectExpression':
      return (node['properties'] as SyntaxNode[]).every(
        ({ type, computed, value }) =>
          type === 'Property' && computed !== true && isWrittenOut(value),
      )
    default:
      return false
  }
}
