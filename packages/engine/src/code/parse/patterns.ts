import { identifierName, isNode, type SyntaxNode } from './syntax.ts'

/** The identifiers that a pattern binds: not those in its defaults and computed keys. */
export function boundIdentifiers(pattern: unknown): SyntaxNode[] {
  if (!isNode(pattern)) return []
  switch (pattern.type) {
    case 'Identifier':
      return [pattern]
    case 'AssignmentPattern':
      return boundIdentifiers(pattern['left'])
    case 'Property':
      return boundIdentifiers(pattern['value'])
    case 'RestElement':
      return boundIdentifiers(pattern['argument'])
    case 'ObjectPattern':
      return (pattern['properties'] as unknown[]).flatMap(boundIdentifiers)
    case 'ArrayPattern':
      return (pattern['elements'] as unknown[]).flatMap(boundIdentifiers)
    case 'TSParameterProperty':
      return boundIdentifiers(pattern['parameter'])
    default:
      return []
  }
}

/** The names that a pattern binds. */
export function boundNames(pattern: unknown): string[] {
  return boundIdentifiers(pattern).map((node) => identifierName(node) ?? '')
}
