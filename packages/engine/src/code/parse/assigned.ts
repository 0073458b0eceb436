import type { Scopes } from './scopes.ts'
import { walk, type SyntaxNode } from './syntax.ts'

/** Names of a module that a piece of code assigns to, or to what they stand for. */
export function assignedIn(root: SyntaxNode, { variables }: Scopes): Set<string> {
  const names = new Set<string>()
  const addAll = (target: unknown): void =>
    walk(target as SyntaxNode, (node) => {
      const variable = variables.get(node)
      if (variable !== undefined && variable.scope === undefined) names.add(variable.name)
    })
  walk(root, (node) => {
    if (node.type === 'AssignmentExpression') addAll(node['left'])
    if (node.type === 'UpdateExpression') addAll(node['argument'])
    const loops = node.type === 'ForInStatement' || node.type === 'ForOfStatement'
    if (loops) addAll(node['left'])
  })
  return names
}
