import { identifierName, isNode, literalText, type SyntaxNode } from './syntax.ts'

/** What names stand for in a module. */
export interface Names {
  /** Whether a name is that of a function of the engine, which only makes handles. */
  readonly isEngineCall: (name: string) => boolean
  /** Whether a name of the module has one value, whenever it is read. */
  readonly isFixed: (name: string) => boolean
  /** The value of a constant of the module, as written. */
  readonly constant: (name: string) => SyntaxNode | undefined
}

/** How much a value says of itself. */
export type Use =
  /** It is kept: what it was made from, and when, must be plain. */
  | 'kept'
  /** It reaches the key as data: it only must not do anything while it is made. */
  | 'data'

/**
 * Whether the evaluation of an expression does nothing but make a value, and always the same one: it
 * calls nothing, and reads nothing that could be a getter or have another value at another time. What
 * is not inert may change what other code sees, or depend on when it happens.
 */
export function isInert(node: unknown, names: Names, use: Use = 'kept'): boolean {
  const inert = (part: unknown): boolean => isInert(part, names, use)
  const isPlain = (part: unknown, type: string): boolean => {
    return use === 'data' && isPlainConstant(part, names, type)
  }
  const all = (parts: unknown): boolean =>
    (parts as unknown[]).every((part) => part === null || inert(part))
  if (node === null || node === undefined) return true
  if (!isNode(node)) return false
  switch (node.type) {
    case 'Identifier': {
      // What is read while the module is loaded may be another value a moment before or after.
      const name = identifierName(node) ?? ''
      return name === 'undefined' || use === 'data' || names.isFixed(name)
    }
    case 'Literal':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'FunctionDeclaration':
      return true
    case 'TemplateLiteral':
      // A part that is an object would have its `toString` called.
      return literalText(node) !== undefined
    case 'ArrayExpression':
      return (node['elements'] as (SyntaxNode | null)[]).every((part) =>
        part?.type === 'SpreadElement' ? isPlain(part['argument'], 'ArrayExpression') : inert(part),
      )
    case 'ObjectExpression':
      return (node['properties'] as SyntaxNode[]).every(
        ({ type, computed, kind, value, argument }) => {
          if (type === 'SpreadElement') return isPlain(argument, 'ObjectExpression')
          return computed !== true && kind === 'init' && inert(value)
        },
      )
    case 'MemberExpression':
      return node['computed'] !== true && isPlain(node['object'], 'ObjectExpression')
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
      return isHandleCall(node, names) && all(node['arguments'])
    default:
      return false
  }
}

/** Whether a name stands for a constant array or object, written out without getters. */
function isPlainConstant(node: unknown, { constant }: Names, type: string): boolean {
  const name = identifierName(node)
  const value = name === undefined ? undefined : constant(name)
  if (value?.type !== type) return false
  if (type === 'ArrayExpression') return true
  return (value['properties'] as SyntaxNode[]).every((property) => {
    return (
      property.type === 'Property' && property['kind'] === 'init' && property['computed'] !== true
    )
  })
}

function isLiteral(node: unknown): boolean {
  if (!isNode(node)) return false
  if (node.type === 'UnaryExpression') return isLiteral(node['argument'])
  if (node.type === 'BinaryExpression') return isLiteral(node['left']) && isLiteral(node['right'])
  return node.type === 'Literal'
}

/** `step(...)`, `file(...)` and the like, or `train.pick('model')`. */
function isHandleCall({ callee }: SyntaxNode, { isEngineCall, constant }: Names): boolean {
  const name = identifierName(callee)
  if (name !== undefined) return isEngineCall(name)
  if (!isNode(callee) || callee.type !== 'MemberExpression' || callee['computed'] === true)
    return false
  const object = constant(identifierName(callee['object']) ?? '')
  const made =
    object?.type === 'CallExpression' && isEngineCall(identifierName(object['callee']) ?? '')
  return made && ['pick', 'out'].includes(identifierName(callee['property']) ?? '')
}

function isInertClass(node: SyntaxNode, inert: (part: unknown) => boolean): boolean {
  const { superClass, decorators, body } = node
  const plainSuper = superClass === null || inert(superClass)
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
export function extendedFunction(node: unknown, names: Names): string | undefined {
  if (!isNode(node) || node.type !== 'CallExpression') return undefined
  const { callee, arguments: args } = node
  const [target, ...sources] = args as SyntaxNode[]
  const assigns =
    isNode(callee) &&
    callee.type === 'MemberExpression' &&
    identifierName(callee['object']) === 'Object' &&
    identifierName(callee['property']) === 'assign'
  const plain = sources.every((part) => part.type === 'ObjectExpression' && isInert(part, names))
  return assigns && plain ? identifierName(target) : undefined
}
