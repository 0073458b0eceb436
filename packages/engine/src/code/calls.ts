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

/** The arguments of any call. */
export function callArguments({ node }: Call): SyntaxNode[] {
  return node['arguments'] as SyntaxNode[]
}

/** The parts of a `step()` or `pipeline()` call that may hold the code of steps. */
export function codeArguments({ node }: Call): SyntaxNode[] {
  const args = node['arguments'] as SyntaxNode[]
  if (args[0]?.type !== 'ObjectExpression') return args
  return optionsOf(node).filter(({ key, computed }) => {
    const name = identifierName(key)
    // What is evaluated when the step is made reaches the key as data; `run` is the code.
    return name === undefined || computed === true || name === 'run'
  })
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
