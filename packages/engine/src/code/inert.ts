import { identifierName, isNode, literalText, type SyntaxNode } from './syntax.ts'

/**
 * Whether the evaluation of an expression does nothing but make a value: it calls nothing, and reads
 * nothing that could be a getter. What is not inert may change what other code sees.
 *
 * @param isEngineCall whether a name is that of a function of the engine, which only makes handles
 */
export function isInert(node: unknown, isEngineCall: (name: string) => boolean): boolean {
  const inert = (part: unknown): boolean => isInert(part, isEngineCall)
  const all = (parts: unknown): boolean =>
    (parts as unknown[]).every((part) => part === null || inert(part))
  if (node === null || node === undefined) return true
  if (!isNode(node)) return false
  switch (node.type) {
    case 'Literal':
    case 'Identifier':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'FunctionDeclaration':
      return true
    case 'TemplateLiteral':
      // A part that is an object would have its `toString` called.
      return literalText(node) !== undefined
    case 'ArrayExpression':
      return all(node['elements'])
    case 'ObjectExpression':
      return (node['properties'] as SyntaxNode[]).every(
        ({ type, computed, value }) => type === 'Property' && computed !== true && inert(value),
      )
    case 'UnaryExpression':
      return (
        ['-', '+', '!', 'typeof', 'void'].includes(node['operator'] as string) &&
        isLiteral(node['argument'])
      )
    case 'BinaryExpression':
      return isLiteral(node['left']) && isLiteral(node['right'])
    case 'LogicalExpression':
      return inert(node['left']) && inert(node['right'])
    case 'ConditionalExpression':
      return inert(node['test']) && inert(node['consequent']) && inert(node['alternate'])
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
      return inert(node['expression'])
    case 'ClassDeclaration':
    case 'ClassExpression':
      return isInertClass(node, inert)
    case 'CallExpression':
      return isHandleCall(node, isEngineCall) && all(node['arguments'])
    default:
      return false
  }
}

function isLiteral(node: unknown): boolean {
  if (!isNode(node)) return false
  if (node.type === 'UnaryExpression') return isLiteral(node['argument'])
  if (node.type === 'BinaryExpression') return isLiteral(node['left']) && isLiteral(node['right'])
  return node.type === 'Literal'
}

/** `step(...)`, `file(...)` and the like, or `train.pick('model')`. */
function isHandleCall({ callee }: SyntaxNode, isEngineCall: (name: string) => boolean): boolean {
  const name = identifierName(callee)
  if (name !== undefined) return isEngineCall(name)
  if (!isNode(callee) || callee.type !== 'MemberExpression') return false
  // On anything but a step a `pick` could do more; it is only taken for one where its step is named.
  return (
    callee['computed'] !== true &&
    identifierName(callee['property']) === 'pick' &&
    identifierName(callee['object']) !== undefined
  )
}

function isInertClass(node: SyntaxNode, inert: (part: unknown) => boolean): boolean {
  const { superClass, decorators, body } = node
  const plainSuper = superClass === null || identifierName(superClass) !== undefined
  if (!plainSuper || (decorators as unknown[] | undefined)?.length) return false
  return ((body as SyntaxNode)['body'] as SyntaxNode[]).every((member) => {
    if (member['computed'] === true || (member['decorators'] as unknown[] | undefined)?.length)
      return false
    if (member.type === 'StaticBlock') return false
    if (member.type === 'MethodDefinition' || member.type.startsWith('TS')) return true
    return member['static'] !== true || inert(member['value'])
  })
}

/**
 * The name of the function that `Object.assign(name, { ... })` adds members to, where the members are
 * inert: its effect is on that function alone.
 */
export function extendedFunction(
  node: unknown,
  isEngineCall: (name: string) => boolean,
): string | undefined {
  if (!isNode(node) || node.type !== 'CallExpression') return undefined
  const { callee, arguments: args } = node
  const [target, ...sources] = args as SyntaxNode[]
  const assigns =
    isNode(callee) &&
    callee.type === 'MemberExpression' &&
    identifierName(callee['object']) === 'Object' &&
    identifierName(callee['property']) === 'assign'
  const plain = sources.every(
    (part) => part.type === 'ObjectExpression' && isInert(part, isEngineCall),
  )
  return assigns && plain ? identifierName(target) : undefined
}
