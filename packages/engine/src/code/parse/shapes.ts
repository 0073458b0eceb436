import { canonicalText } from './canonical.ts'
import { identifierName, isNode, literalText, type SyntaxNode } from './syntax.ts'

/**
 * What is known of a value that is written out: the members of a plain object, that it is a list or an
 * object whose members are not known, or nothing. As plain data.
 */
export type Shape = readonly (readonly [key: string, shape: Shape])[] | 'list' | 'record' | 'other'

/** A read of members of a constant, or its spreading, as plain data. */
export interface PlainRead {
  /** From the constant down. */
  readonly path: readonly string[]
  readonly isSpread: boolean
  /** It, without format and types. */
  readonly text: string
}

/**
 * @param value as written; an object with a getter, or with what is computed, is not known
 * @param isRecord whether the value of a call is an object of its own, without getters
 */
export function shapeOf(value: unknown, isRecord: (callee: unknown) => boolean): Shape {
  const node = bare(value)
  if (isNode(node) && node.type === 'ArrayExpression') return 'list'
  if (isNode(node) && node.type === 'CallExpression' && isRecord(node['callee'])) return 'record'
  if (!isPlainObject(node)) return 'other'
  const members = new Map<string, Shape>()
  for (const member of node['properties'] as SyntaxNode[]) {
    const key = identifierName(member['key']) ?? literalText(member['key'])
    if (key !== undefined && !members.has(key)) members.set(key, shapeOf(member['value'], isRecord))
  }
  return [...members]
}

/** `x.y.z` or `...x.y` */
export function plainRead(read: SyntaxNode): PlainRead {
  const path: string[] = []
  const isSpread = read.type === 'SpreadElement'
  let node: unknown = isSpread ? read['argument'] : read
  for (; isNode(node) && node.type === 'MemberExpression'; node = node['object']) {
    path.unshift(identifierName(node['property']) ?? '')
  }
  return { path, isSpread, text: canonicalText(read) }
}

/** Whether a read of a constant of this shape meets plain data only: no getter, nothing inherited. */
export function meetsPlain({ path, isSpread }: PlainRead, shape: Shape = 'other'): boolean {
  let at = shape
  for (const key of path) {
    const member = typeof at === 'string' ? undefined : at.find(([name]) => name === key)
    if (member === undefined) return false
    at = member[1]
  }
  return !isSpread || at !== 'other'
}

/** An object that is written out: no spread, no accessor, no computed key. */
export function isPlainObject(node: unknown): node is SyntaxNode {
  if (!isNode(node) || node.type !== 'ObjectExpression') return false
  return (node['properties'] as SyntaxNode[]).every(({ type, kind, computed, key }) => {
    const name = identifierName(key) ?? literalText(key)
    return type === 'Property' && kind === 'init' && computed !== true && name !== '__proto__'
  })
}

/** `Object.freeze(...)` */
export function isFreeze({ callee }: SyntaxNode): boolean {
  if (!isNode(callee) || callee.type !== 'MemberExpression' || callee['computed'] === true)
    return false
  const isObject = identifierName(callee['object']) === 'Object'
  return isObject && identifierName(callee['property']) === 'freeze'
}

/** Without `as const` and `Object.freeze()`. */
function bare(node: unknown): unknown {
  if (!isNode(node)) return node
  if (/^TS(?:As|Satisfies|NonNull|TypeAssertion)/.test(node.type)) return bare(node['expression'])
  const isFrozen = node.type === 'CallExpression' && isFreeze(node)
  return isFrozen ? bare((node['arguments'] as unknown[])[0]) : node
}
