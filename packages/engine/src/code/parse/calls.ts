import {
  identifierName,
  isNode,
  literalText,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** The options of a step that hold its code. */
export const CODE_OPTIONS: ReadonlySet<string> = new Set(['run', 'check'])

/** A call in a source file. */
export interface Call {
  readonly node: SyntaxNode
  /** From the root of the file down. */
  readonly ancestors: readonly SyntaxNode[]
}

/** The calls of a file by the offset that V8 gives for them: that of the last name of the callee. */
export function indexCalls({ root }: Syntax): Map<number, Call> {
  const calls = new Map<number, Call>()
  walk(root, (node, ancestors) => {
    if (node.type !== 'CallExpression') return
    const call = { node, ancestors: [...ancestors] }
    const callee = node['callee'] as SyntaxNode
    const name = callee.type === 'MemberExpression' ? (callee['property'] as SyntaxNode) : callee
    calls.set(name.start, call)
  })
  return calls
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
    const runs = writtenOptions(first)?.filter(({ key }) => {
      return CODE_OPTIONS.has(identifierName(key) ?? '')
    })
    return runs?.length === 1 ? runs.map(({ value }) => value as SyntaxNode) : undefined
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

/** What comes after `dependsOn:` in a `step()` call that writes its options out. */
export function dependsOption({ node }: Call): SyntaxNode | undefined {
  const [options] = node['arguments'] as SyntaxNode[]
  if (options?.type !== 'ObjectExpression') return undefined
  const found = writtenOptions(options)?.findLast(({ key }) => optionName(key) === 'dependsOn')
  return found?.['value'] as SyntaxNode | undefined
}

function optionName(key: unknown): string | undefined {
  return identifierName(key) ?? literalText(key)
}

/** The members of an object that are all written out: no spread, no accessor, no computed key. */
export function writtenOptions(options: SyntaxNode): SyntaxNode[] | undefined {
  const members = options['properties'] as SyntaxNode[]
  const plain = members.every(({ type, kind, computed }) => {
    return type === 'Property' && kind === 'init' && computed !== true
  })
  return plain ? members : undefined
}
