import { codeOptions, type Call } from './calls.ts'
import {
  childrenOf,
  identifierName,
  isNode,
  isType,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/**
 * What keeps the steps made by one call from being told apart by their source, if anything does. A call
 * at the top level of a module is made once, so its place says which function it is about. One in a
 * loop or a function may be made many times, with other values of what is bound around it: there, the
 * function must be written out and use nothing of that, or be the same each time.
 *
 * Names are compared without regard to shadowing, which errs towards doubt.
 */
export function ambiguity({ root }: Syntax, call: Call, direct: boolean): string | undefined {
  if (!direct) return 'it is made by another function that calls step()'
  if (!call.ancestors.some(repeats)) return undefined
  const local = new Set(call.ancestors.flatMap(boundBy))
  const variable = new Set((root['body'] as SyntaxNode[]).flatMap(variablesOf))
  const parts = codeOptions(call)
  if (parts === undefined) return 'its function is not written out, and may differ each time'
  for (const part of parts) {
    const captured = [...new Set(namesIn(part))].filter((name) => local.has(name)).toSorted()
    if (captured.length > 0) {
      return `its code captures ${captured.map((name) => `\`${name}\``).join(', ')}`
    }
    if (isFunction(part)) continue
    const name = identifierName(part)
    if (name === undefined || variable.has(name)) return 'its function may differ each time'
  }
  return undefined
}

function isFunction({ type }: SyntaxNode): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression'
}

/** Whether what is inside of a node may be evaluated more than once. */
function repeats({ type }: SyntaxNode): boolean {
  return /Function|Loop|^For|^While|^DoWhile|^ClassBody$/.test(type)
}

/** Names of variables, not constants, that a statement declares at the top level. */
function variablesOf(statement: SyntaxNode): string[] {
  const declaration = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (declaration.type !== 'VariableDeclaration' || declaration['kind'] === 'const') return []
  return declaredIn(declaration)
}

/** Names that a node binds for what is inside it, below the top level of the module. */
function boundBy(node: SyntaxNode): string[] {
  switch (node.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration': {
      // An arrow function sees the `this` and `arguments` of the function around it.
      const own = node.type === 'ArrowFunctionExpression' ? [] : ['this', 'arguments']
      const params = (node['params'] as SyntaxNode[]).flatMap(namesIn)
      return [...own, ...params, ...declaredIn(node['body'])]
    }
    case 'BlockStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'CatchClause':
    case 'StaticBlock':
      return [...declaredIn(node), ...(isNode(node['param']) ? namesIn(node['param']) : [])]
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
    const named = ['VariableDeclarator', 'FunctionDeclaration', 'ClassDeclaration'].includes(
      node.type,
    )
    if (named && isNode(node['id'])) names.push(...namesIn(node['id']))
    return node === root || !/Function|Class/.test(node.type)
  })
  return names
}

/** Every name that is used or bound in a piece of code. */
function namesIn(root: SyntaxNode): string[] {
  const names: string[] = []
  walk(root, (node) => {
    if (node.type === 'ThisExpression') names.push('this')
    const name = identifierName(node)
    if (name !== undefined) names.push(name)
    if (isType(node)) return false
    // The names of members are not variables.
    const plain = node['computed'] !== true
    const skipped = plain && node.type === 'MemberExpression' ? node['property'] : undefined
    const key = plain && node.type === 'Property' ? node['key'] : undefined
    if (skipped === undefined && key === undefined) return true
    for (const child of childrenOf(node)) {
      if (child !== skipped && child !== key) names.push(...namesIn(child))
    }
    return false
  })
  return names
}
