import { parseSync } from 'oxc-parser'

/** Wrappers of an expression that are gone when it runs. */
export const ASSERTIONS: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ParenthesizedExpression',
])

/** A node of an ESTree, as far as it is looked at here. */
export interface SyntaxNode {
  readonly type: string
  /** Offsets in UTF-16 code units. */
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** A parsed source file. */
export interface Syntax {
  readonly source: string
  readonly root: SyntaxNode
  /** The offset at which each line starts. */
  readonly lines: readonly number[]
  /** Whether it imports or exports: an ES module, not CommonJS. */
  readonly isModule: boolean
}

/** @returns the syntax tree, or the message of the first error. */
export function parseSource(file: string, bytes: Uint8Array): Syntax | string {
  // A module without a known extension is CommonJS.
  const lang = /\.[cm]?[jt]sx?$/.test(file) ? undefined : ('js' as const)
  const source = new TextDecoder().decode(bytes)
  const { program, errors, module } = parseSync(file, source, {
    preserveParens: false,
    ...(lang !== undefined && { lang }),
  })
  const error = errors.find(({ severity }) => (severity as string) === 'Error')
  if (error !== undefined) return error.message
  const root = program as unknown as SyntaxNode
  return { source, root, lines: lineStarts(source), isModule: module.hasModuleSyntax }
}

/**
 * Visits every node below and including `root`, parents first, without recursion. `ancestors` is the
 * path from the root, and is reused: copy it to keep it. A visitor that returns `false` prunes.
 */
export function walk(
  root: SyntaxNode,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => boolean | void,
): void {
  const ancestors: SyntaxNode[] = []
  const stack: (SyntaxNode | 'leave')[] = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === 'leave') {
      ancestors.pop()
      continue
    }
    if (visit(node, ancestors) === false) continue
    const children = childrenOf(node)
    if (children.length === 0) continue
    ancestors.push(node)
    stack.push('leave')
    for (let index = children.length - 1; index >= 0; index -= 1) {
      stack.push(children[index] as SyntaxNode)
    }
  }
}

/** The nodes directly below a node, in source order of its members. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  // Half of the time of an analysis is spent here and in `walk`.
  const children: SyntaxNode[] = []
  for (const key of Object.keys(node)) {
    const member = node[key]
    if (typeof member !== 'object' || member === null) continue
    if (isNode(member)) children.push(member)
    else if (Array.isArray(member)) {
      for (const item of member as unknown[]) if (isNode(item)) children.push(item)
    }
  }
  return children
}

/** Whether a node is a type, of which nothing is left when the code runs. */
export function isType(node: SyntaxNode): boolean {
  // `declare x: T`, also of a field.
  if (node['declare'] === true) return true
  if (!node.type.startsWith('TS')) return false
  // `<T>x` is an expression.
  if (node.type === 'TSTypeAssertion') return false
  if (node.type.startsWith('TSType') || node.type.startsWith('TSInterface')) return true
  const runs = [
    'TSEnum',
    'TSModule',
    'TSParameterProperty',
    'TSExport',
    'TSImportEquals',
    'TSExternal',
    // `import x = Space.y`; those within types go with the types.
    'TSQualifiedName',
  ]
  if (runs.some((prefix) => node.type.startsWith(prefix))) return false
  // `x as T`, `x!`, `x satisfies T` hold an expression.
  return !isNode(node['expression'])
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The string that a literal or a template without parts stands for, if it is one. */
export function literalText(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node.type !== 'TemplateLiteral') return undefined
  const quasis = node['quasis'] as { readonly value: { readonly cooked: string } }[]
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined
}

/** The name of an identifier node. */
export function identifierName(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined
}

/** Without types and `?.` around it. */
export function bareNode(node: SyntaxNode): SyntaxNode {
  const wraps = /^(?:TS(?:As|Satisfies|NonNull|TypeAssertion|Instantiation)|Chain|Parenthesized)/
  const inner = wraps.test(node.type) ? node['expression'] : undefined
  return isNode(inner) ? bareNode(inner) : node
}

/** The name or the text of a key, or of a member. */
export function keyName(key: unknown): string | undefined {
  return identifierName(key) ?? literalText(key)
}

/** The identifier and the members of `a.b['c']?.d`, with whether each is optional. */
export function memberChain(
  node: SyntaxNode,
): [object: SyntaxNode, members: [name: string, isOptional: boolean][]] | undefined {
  const members: [string, boolean][] = []
  let at: unknown = node
  for (;;) {
    if (!isNode(at)) return undefined
    if (at.type === 'Identifier') return [at, members]
    if (ASSERTIONS.has(at.type)) at = at['expression']
    else if (at.type === 'MemberExpression') {
      const { computed, property } = at
      const name = computed === true ? literalText(property) : identifierName(property)
      if (name === undefined) return undefined
      members.unshift([name, at['optional'] === true])
      at = at['object']
    } else return undefined
  }
}

/** `a`, `b` and `c` of `a.b.c`. */
export function memberPath(node: unknown): readonly string[] {
  const chain = isNode(node) ? memberChain(node) : undefined
  if (chain === undefined) return []
  const [object, members] = chain
  return [object['name'] as string, ...members.map(([name]) => name)]
}

/** The line of an offset, from 1. */
export function lineOf({ lines }: Syntax, offset: number): number {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The offset of a line and column, both from 1. */
export function offsetOf({ lines }: Syntax, line: number, column: number): number {
  return (lines[line - 1] ?? Number.NaN) + column - 1
}

/** Lines as V8 counts them: the specification of JavaScript has four line terminators. */
function lineStarts(source: string): number[] {
  return [
    0,
    ...[...source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)].map(
      ({ 0: end, index }) => index + end.length,
    ),
  ]
}
