import type { Scopes, Variable } from './scopes.ts'
import {
  ASSERTIONS,
  identifierName,
  isNode,
  isType,
  literalText,
  memberChain,
  type SyntaxNode,
} from './syntax.ts'

/** Something of its module that a piece of code mentions. */
export interface Mention {
  /** A name of the module. */
  readonly name: string
  /** Members that are read of what is imported under that name, as in `name.a.b`. */
  readonly path: readonly string[]
  /** Whether the last of these members is called: then the function is given what it is a member of. */
  readonly isCalled: boolean
}

/** A piece of code without what makes no difference when it runs. */
export interface Canonical {
  /** What it mentions of its module has a number in it, from 0. */
  readonly text: string
  readonly mentions: readonly Mention[]
}

// What is left out: places, comments (which are not nodes), and types. Whatever is not named here
// counts, so that syntax which is new to this list is never overlooked.
const IGNORED = new Set(
  (
    'start end range loc parent raw typeAnnotation typeParameters typeArguments superTypeArguments ' +
    'returnType implements accessibility override definite abstract'
  ).split(' '),
)
const NO_SCOPES: Pick<Scopes, 'variables' | 'unclear'> = {
  variables: new Map(),
  unclear: new Set(),
}

/** A text of a piece of code that is the same for what runs the same: without format and types. */
export function canonicalText(node: SyntaxNode): string {
  return canonical(node, NO_SCOPES).text
}

/**
 * A piece of code without format and types. Its own variables have numbers in place of names, save
 * where running code can see the name.
 */
export function canonical(
  root: SyntaxNode,
  { variables, unclear }: Pick<Scopes, 'variables' | 'unclear'>,
): Canonical {
  const parts: string[] = []
  const own = new Map<Variable, number>()
  const mentions: Mention[] = []
  const numbers = new Map<string, number>()
  write(root)
  return { text: parts.join(''), mentions }

  function write(value: unknown): void {
    if (Array.isArray(value)) {
      parts.push('[')
      for (const item of value) {
        if (isNode(item) && isNothing(item)) continue
        write(item)
        parts.push(',')
      }
      parts.push(']')
    } else if (isNode(value)) {
      writeNode(value)
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

  function writeNode(node: SyntaxNode, isCallee = false): void {
    if (ASSERTIONS.has(node.type)) return write(node['expression'])
    if (isType(node)) return
    if (node.type === 'Identifier' || node.type === 'JSXIdentifier') return writeName(node)
    if (node.type === 'MemberExpression' && writeImported(node, isCallee)) return
    parts.push('(', node.type)
    for (const key of Object.keys(node).toSorted()) {
      if (key === 'type' || IGNORED.has(key) || isSaid(node, key)) continue
      parts.push(' ', key, ':')
      const part = node[key]
      // `{ 'x': 1 }` is `{ x: 1 }`.
      const text = key === 'key' && node['computed'] !== true ? literalText(part) : undefined
      const isCall = key === 'callee' ? node.type === 'CallExpression' : key === 'tag'
      if (text !== undefined) parts.push(JSON.stringify(text))
      else if (isCall && isNode(part)) writeNode(part, true)
      else write(part)
    }
    parts.push(')')
  }

  function writeName(node: SyntaxNode): void {
    const variable = variables.get(node)
    const name = node['name'] as string
    if (variable === undefined) parts.push(JSON.stringify(name))
    else if (variable.scope === undefined) {
      parts.push(`@${mention({ name, path: [], isCalled: false })}`)
      // Of two that are computed by the same text, each has a value of its own.
      const isDeclared = isInside(variable.declaration, root)
      if (isDeclared || unclear.has(node)) parts.push(JSON.stringify(name))
    } else if (variable.isVisible || !isInside(variable.scope, root)) {
      parts.push(JSON.stringify(name))
    } else {
      const number = own.get(variable) ?? own.size
      own.set(variable, number)
      parts.push(`$${number}`)
    }
    const decorators = node['decorators'] as unknown[] | undefined
    if (decorators !== undefined && decorators.length > 0) write(decorators)
  }

  /** Members of what is imported: of all that a module exports, these alone may be meant. */
  function writeImported(node: SyntaxNode, isCallee: boolean): boolean {
    const chain = memberChain(node)
    if (chain === undefined) return false
    const [object, members] = chain
    const variable = variables.get(object)
    if (variable?.imported === undefined || unclear.has(object)) return false
    // Which members lead from module to module is known later: what is read of a value stays in the text.
    const ofModule = variable.imported === '*' ? 1 : 0
    const path = members.slice(0, ofModule + 1).map(([name]) => name)
    const isCalled = isCallee && path.length === members.length
    parts.push(`@${mention({ name: variable.name, path, isCalled })}`)
    for (const [name, isOptional] of members.slice(ofModule)) {
      parts.push(isOptional ? '?.' : '.', JSON.stringify(name))
    }
    return true
  }

  function mention(found: Mention): number {
    const key = JSON.stringify([found.name, found.path, found.isCalled])
    const number = numbers.get(key) ?? mentions.length
    if (number === mentions.length) mentions.push(found)
    numbers.set(key, number)
    return number
  }
}

/** Whether nothing of it is left when the code runs. */
function isNothing(node: SyntaxNode): boolean {
  if (isType(node) || node.type === 'EmptyStatement') return true
  // A parameter `this` is a type, and so is a method without a body.
  if (identifierName(node) === 'this') return true
  const { value } = node
  return isNode(value) && value.type === 'TSEmptyBodyFunctionExpression'
}

/** Whether a part is left out because the others say all of it. */
function isSaid(node: SyntaxNode, key: string): boolean {
  // `{ x }` is `{ x: x }`, save for the name that sets a prototype.
  return key === 'shorthand' && identifierName(node['key']) !== '__proto__'
}

function isInside({ start, end }: SyntaxNode, outer: SyntaxNode): boolean {
  return outer.start <= start && end <= outer.end
}
