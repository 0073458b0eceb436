import type { Call } from './calls.ts'
import { childrenOf, identifierName, isNode, walk, type SyntaxNode } from './syntax.ts'

/**
 * The local variables that a call may hand to the step's function: what is bound around the call below
 * the top level of the module, such as a loop variable or the parameter of a factory. Their values are
 * not in the source, so two steps with the same code may differ by them. Names are compared without
 * regard to shadowing, which errs towards naming too many.
 *
 * @param code the parts of the call that may end up in the step's function
 */
export function captures(call: Call, code: readonly SyntaxNode[]): string[] {
  const local = new Set(call.ancestors.flatMap(boundBy))
  if (local.size === 0) return []
  const used = new Set(code.flatMap(namesIn))
  return [...local].filter((name) => used.has(name)).toSorted()
}

/** Names that a node binds for what is inside it, below the top level of the module. */
function boundBy(node: SyntaxNode): string[] {
  switch (node.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration': {
      // An arrow function sees the `this` and `arguments` of the function around it.
      const own = node.type === 'ArrowFunctionExpression' ? [] : ['this', 'arguments']
      const params = (node['params'] as SyntaxNode[]).flatMap(patternNames)
      return [...own, ...params, ...declaredIn(node['body'])]
    }
    case 'BlockStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'CatchClause':
    case 'StaticBlock':
      return [...declaredIn(node), ...patternNames(node['param'])]
    case 'ClassBody':
      return ['this']
    default:
      return []
  }
}

/** Names declared in a statement or block, not those inside of functions in it. */
function declaredIn(root: unknown): string[] {
  if (!isNode(root)) return []
  const names: string[] = []
  walk(root, (node) => {
    if (node.type === 'VariableDeclarator') names.push(...patternNames(node['id']))
    const named = node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration'
    if (named) names.push(...patternNames(node['id']))
    return node === root || !/Function|Class/.test(node.type)
  })
  return names
}

/** The names that a binding pattern binds, with those in its default values. */
function patternNames(pattern: unknown): string[] {
  return isNode(pattern) ? namesIn(pattern) : []
}

function namesIn(root: SyntaxNode): string[] {
  const names: string[] = []
  walk(root, (node) => {
    if (node.type === 'ThisExpression') names.push('this')
    const name = identifierName(node)
    if (name !== undefined) names.push(name)
    // The names of members are not variables; types are not code.
    if (node.type === 'MemberExpression' && node['computed'] !== true) {
      names.push(...namesIn(node['object'] as SyntaxNode))
      return false
    }
    if (node.type === 'Property' && node['computed'] !== true) {
      names.push(...namesIn(node['value'] as SyntaxNode))
      return false
    }
    return !isType(node)
  })
  return names
}

function isType(node: SyntaxNode): boolean {
  if (!node.type.startsWith('TS')) return false
  // `x as T`, `x!`, `x satisfies T` hold an expression.
  return !childrenOf(node).some((child) => child === node['expression'])
}
