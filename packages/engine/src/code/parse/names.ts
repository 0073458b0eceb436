import { childrenOf, identifierName, isNode, isType, walk, type SyntaxNode } from './syntax.ts'

const DECLARATIONS = new Set([
  'VariableDeclarator',
  'FunctionDeclaration',
  'ClassDeclaration',
  'TSEnumDeclaration',
  'TSModuleDeclaration',
  'TSImportEqualsDeclaration',
])

/** Names declared in a statement or block, not those inside of functions in it. */
export function declaredIn(root: unknown): string[] {
  if (!isNode(root)) return []
  const names: string[] = []
  walk(root, (node) => {
    const named = DECLARATIONS.has(node.type)
    if (named && isNode(node['id'])) names.push(...namesIn(node['id']))
    return node === root || !/Function|Class/.test(node.type)
  })
  return names
}

/** Every name that is used or bound in a piece of code. */
export function namesIn(root: SyntaxNode): string[] {
  const names: string[] = []
  walk(root, (node) => {
    // `super.x` and `new.target` are of the same call as `this` is.
    if (['ThisExpression', 'Super', 'MetaProperty'].includes(node.type)) names.push('this')
    const name = identifierName(node)
    if (name !== undefined) names.push(name)
    if (node.type === 'JSXIdentifier') names.push(node['name'] as string)
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

/** Names that a piece of code assigns to, wherever they are bound. */
export function assignedIn(root: SyntaxNode): string[] {
  const names: string[] = []
  walk(root, (node) => {
    if (node.type === 'AssignmentExpression') names.push(...namesIn(node['left'] as SyntaxNode))
    if (node.type === 'UpdateExpression') names.push(...namesIn(node['argument'] as SyntaxNode))
    const loops = node.type === 'ForInStatement' || node.type === 'ForOfStatement'
    if (loops) names.push(...namesIn(node['left'] as SyntaxNode))
  })
  return names
}
