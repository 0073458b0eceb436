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
export function ambiguity(
  syntax: Syntax,
  call: Call,
  direct: boolean,
  modules: Iterable<Syntax>,
): string | undefined {
  if (!direct) return 'it is made by another function that calls step()'
  if (!call.ancestors.some(repeats)) return undefined
  const local = new Set(call.ancestors.flatMap(boundBy))
  const variable = variableNames(syntax)
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
    const imported = importedName(syntax, name)
    const others = imported === undefined ? [] : [...modules]
    // An import follows the variable of the other module; which module that is does not matter here.
    if (others.some((module) => exportsVariable(module, imported ?? ''))) {
      return 'its function may differ each time'
    }
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

/** Names at the top level of a module that may come to mean something else. */
function variableNames({ root }: Syntax): Set<string> {
  const names = new Set((root['body'] as SyntaxNode[]).flatMap(variablesOf))
  walk(root, (node) => {
    const target = node.type === 'AssignmentExpression' ? node['left'] : node['argument']
    const assigns = node.type === 'AssignmentExpression' || node.type === 'UpdateExpression'
    if (assigns && isNode(target)) for (const name of namesIn(target)) names.add(name)
  })
  return names
}

function variablesOf(statement: SyntaxNode): string[] {
  const declaration = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (declaration.type !== 'VariableDeclaration' || declaration['kind'] === 'const') return []
  return declaredIn(declaration)
}

/** The name under which another module exports what is imported here as `local`. */
function importedName({ root }: Syntax, local: string): string | undefined {
  for (const { type, specifiers } of root['body'] as SyntaxNode[]) {
    if (type !== 'ImportDeclaration') continue
    const found = (specifiers as SyntaxNode[]).find(
      (each) => identifierName(each['local']) === local,
    )
    if (found !== undefined) return identifierName(found['imported']) ?? 'default'
  }
  return undefined
}

function exportsVariable(module: Syntax, name: string): boolean {
  const variable = variableNames(module)
  if (variable.has(name)) return true
  return (module.root['body'] as SyntaxNode[]).some(({ specifiers }) => {
    const exported = Array.isArray(specifiers) ? (specifiers as SyntaxNode[]) : []
    return exported.some((each) => {
      const renamed = identifierName(each['exported']) === name
      return renamed && variable.has(identifierName(each['local']) ?? '')
    })
  })
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
