import { isNode, isType, type SyntaxNode } from './syntax.ts'

// What is left out: places, comments (which are not nodes), and types. Whatever is not named here
// counts, so that syntax which is new to this list is never overlooked.
const IGNORED = new Set(
  (
    'start end range loc parent raw typeAnnotation typeParameters typeArguments superTypeArguments ' +
    'returnType implements accessibility override definite abstract'
  ).split(' '),
)
/** Wrappers of an expression that are gone when it runs. */
const ASSERTIONS = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ParenthesizedExpression',
])

/** A text of a piece of code that is the same for what runs the same: without format and types. */
export function canonicalText(node: SyntaxNode): string {
  const parts: string[] = []
  write(node, parts)
  return parts.join('')
}

function write(value: unknown, parts: string[]): void {
  if (Array.isArray(value)) {
    parts.push('[')
    for (const item of value) {
      write(item, parts)
      parts.push(',')
    }
    parts.push(']')
  } else if (isNode(value)) {
    writeNode(value, parts)
  } else if (typeof value === 'bigint') {
    parts.push(`${value}n`)
  } else if (value instanceof RegExp) {
    parts.push(String(value))
  } else if (typeof value === 'object' && value !== null) {
    // The `regex` of a literal, the `value` of a template's part.
    parts.push(JSON.stringify(value))
  } else if (typeof value === 'number') {
    // Not as JSON, which has no infinity: that is what `1e999` is.
    parts.push(Object.is(value, -0) ? '-0' : String(value))
  } else {
    parts.push(JSON.stringify(value) ?? 'undefined')
  }
}

function writeNode(node: SyntaxNode, parts: string[]): void {
  if (ASSERTIONS.has(node.type)) return write(node['expression'], parts)
  if (isType(node)) return
  parts.push('(', node.type)
  for (const key of Object.keys(node).toSorted()) {
    if (key === 'type' || IGNORED.has(key)) continue
    parts.push(' ', key, ':')
    write(node[key], parts)
  }
  parts.push(')')
}
