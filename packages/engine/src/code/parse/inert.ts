import { CODE_OPTIONS, writtenOptions } from './calls.ts'
import { isFreeze, isPlainObject, plainRead, type PlainRead } from './shapes.ts'
import { identifierName, isNode, literalText, memberPath, type SyntaxNode } from './syntax.ts'

/** What names stand for in a module. */
export interface Names {
  /** Which function of the engine a callee is, under whichever name: it only makes handles. */
  readonly engineCall: (callee: unknown) => string | undefined
  /** Whether a name of the module has one value, whenever it is read. */
  readonly isFixed: (name: string) => boolean
  /** Whether a name is that of a class of the module, which keeps its prototype. */
  readonly isClass: (name: string) => boolean
  /** Whether a name is that of all exports of another module. */
  readonly isNamespace: (name: string) => boolean
  /** Whether a name is imported. */
  readonly isImported: (name: string) => boolean
  /** Whether a name is that of the platform. */
  readonly isGlobal: (name: string) => boolean
  /** The value of a constant of the module, as written. */
  readonly constant: (name: string) => SyntaxNode | undefined
}

/** How much a value says of itself. */
export type Use =
  /** It is kept: what it was made from, and when, must be plain. */
  | 'kept'
  /** A function of the engine makes a handle of it: where that is in the order of what happens is known. */
  | 'given'
  /** It reaches the key as data: it only must not do anything while it is made. */
  | 'data'

/** What must hold, over modules, for an expression to be inert. */
export type Assumption =
  /** What is imported, or a member of a namespace, has one value, whenever it is read; it is a class. */
  | { readonly kind: 'fixed' | 'class'; readonly name: string; readonly member?: string }
  /** A member of a constant is read, or the constant is spread: it is written out, without getters. */
  | { readonly kind: 'plain'; readonly name: string; readonly read: PlainRead }
  /** Functions of the platform are what they were. */
  | { readonly kind: 'platform' }

/**
 * Whether the evaluation of an expression does nothing but make a value, and always the same one: it
 * calls nothing, and reads nothing that could be a getter or have another value at another time. What
 * is not inert may change what other code sees, or depend on when it happens. What this takes for granted
 * is added to `assumes`.
 */
export function isInert(
  node: unknown,
  names: Names,
  assumes: Assumption[],
  use: Use = 'kept',
): boolean {
  const inert = (part: unknown): boolean => isInert(part, names, assumes, use)
  const isPlain = (read: SyntaxNode): boolean => {
    const name = rootOf(read)
    if (use === 'kept' || name === undefined) return false
    assumes.push({ kind: 'plain', name, read: plainRead(read) })
    return true
  }
  const all = (parts: unknown): boolean =>
    (parts as unknown[]).every((part) => part === null || inert(part))
  if (node === null || node === undefined) return true
  if (!isNode(node)) return false
  switch (node.type) {
    case 'Identifier': {
      // What is read while the module is loaded may be another value a moment before or after.
      const name = identifierName(node) ?? ''
      if (name === 'undefined' || use !== 'kept' || names.isFixed(name)) return true
      if (names.isImported(name)) assumes.push({ kind: 'fixed', name })
      return names.isImported(name)
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
        part?.type === 'SpreadElement' ? isPlain(part) : inert(part),
      )
    case 'ObjectExpression':
      return (node['properties'] as SyntaxNode[]).every((property) => {
        const { type, computed, kind, value } = property
        if (type === 'SpreadElement') return isPlain(property)
        // A getter runs when it is read; that of data is read by step().
        return computed !== true && (kind === 'init' || use === 'kept') && inert(value)
      })
    case 'MemberExpression':
      return isOfNamespace(node, names, assumes, use) || isPlain(node)
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
      return isInertClass(node, names, assumes, inert)
    case 'CallExpression':
      // It calls what it is given at once.
      if (names.engineCall(node['callee']) === 'matrix') return isInertMatrix(node, names, assumes)
      if (isHandleCall(node, names)) {
        const given = use === 'kept' ? 'given' : use
        return (node['arguments'] as unknown[]).every((part) =>
          isInert(part, names, assumes, given),
        )
      }
      if (!isFreeze(node) || !names.isGlobal('Object')) return false
      return isOfPlatform(assumes) && all(node['arguments'])
    case 'NewExpression':
      return isCollection(node, names) && isOfPlatform(assumes) && all(node['arguments'])
    default:
      return false
  }
}

/** `matrix({ degree: [1, 2] }, (params) => step({ params, run: fit }))`, all of it written out. */
function isInertMatrix(
  { arguments: args }: SyntaxNode,
  names: Names,
  assumes: Assumption[],
): boolean {
  const [axes, make, ...others] = args as SyntaxNode[]
  if (others.length > 0 || make?.type !== 'ArrowFunctionExpression') return false
  const params = make['params'] as SyntaxNode[]
  if (!params.every(({ type }) => type === 'Identifier')) return false
  const made = make['body'] as SyntaxNode
  const [options, ...more] =
    made.type === 'CallExpression' ? (made['arguments'] as SyntaxNode[]) : []
  if (options?.type !== 'ObjectExpression' || more.length > 0) return false
  if (!isHandleCall(made, names) || !isInert(axes, names, assumes, 'data')) return false
  const written = writtenOptions(options)
  return (
    written?.every(({ key, value }) => {
      const use = CODE_OPTIONS.has(identifierName(key) ?? '') ? 'given' : 'data'
      return isInert(value, names, assumes, use)
    }) ?? false
  )
}

/** `lib.x`, which has no getter when `lib` is a namespace. */
function isOfNamespace(
  read: SyntaxNode,
  { isNamespace }: Names,
  assumes: Assumption[],
  use: Use,
): boolean {
  const [name = '', member, ...more] = memberPath(read)
  if (!isNamespace(name) || member === undefined || more.length > 0) return false
  if (use === 'kept') assumes.push({ kind: 'fixed', name, member })
  return true
}

function isOfPlatform(assumes: Assumption[]): true {
  assumes.push({ kind: 'platform' })
  return true
}

/** `new Map([[...], ...])`, `new Set([...])`, with what they are given written out. */
function isCollection({ callee, arguments: args }: SyntaxNode, { isGlobal }: Names): boolean {
  const name = identifierName(callee) ?? ''
  const [items, ...others] = args as SyntaxNode[]
  if (!['Map', 'Set'].includes(name) || !isGlobal(name) || others.length > 0) return false
  if (items === undefined) return true
  const list = items.type === 'ArrayExpression' ? (items['elements'] as (SyntaxNode | null)[]) : []
  const isPair = (item: SyntaxNode | null) => item?.type === 'ArrayExpression'
  return items.type === 'ArrayExpression' && (name === 'Set' || list.every(isPair))
}

/** The constant at the root of `x.y.z` or `...x`. */
function rootOf(read: SyntaxNode): string | undefined {
  let node: unknown = read.type === 'SpreadElement' ? read['argument'] : read
  while (isNode(node) && node.type === 'MemberExpression' && node['computed'] !== true) {
    node = node['object']
  }
  return identifierName(node)
}

/** Of a place where no name is known. */
export const NO_NAMES: Names = {
  engineCall: () => undefined,
  isFixed: () => false,
  isClass: () => false,
  isNamespace: () => false,
  isImported: () => false,
  isGlobal: () => false,
  constant: () => undefined,
}

function isLiteral(node: unknown): boolean {
  if (!isNode(node)) return false
  if (node.type === 'UnaryExpression') return isLiteral(node['argument'])
  if (node.type === 'BinaryExpression') return isLiteral(node['left']) && isLiteral(node['right'])
  return node.type === 'Literal'
}

/** `step(...)`, `file(...)` and the like, or `train.pick('model')`. */
function isHandleCall({ callee }: SyntaxNode, { engineCall, constant }: Names): boolean {
  const called = engineCall(callee)
  if (called !== undefined) return called !== 'matrix'
  const [name = '', method, ...more] = memberPath(callee)
  const made = constant(name)
  return (
    more.length === 0 &&
    (method === 'pick' || method === 'out') &&
    made?.type === 'CallExpression' &&
    engineCall(made['callee']) !== undefined
  )
}

function isInertClass(
  node: SyntaxNode,
  { isClass, isImported }: Names,
  assumes: Assumption[],
  inert: (part: unknown) => boolean,
): boolean {
  const { superClass, decorators, body } = node
  // The prototype of a function may be replaced, that of a class may not.
  const name = identifierName(superClass) ?? ''
  const plainSuper = superClass === null || isClass(name) || isImported(name)
  if (isImported(name)) assumes.push({ kind: 'class', name })
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
  names: Names,
  assumes: Assumption[],
): string | undefined {
  if (!isNode(node) || node.type !== 'CallExpression') return undefined
  const { callee, arguments: args } = node
  const [target, ...sources] = args as SyntaxNode[]
  const assigns =
    isNode(callee) &&
    callee.type === 'MemberExpression' &&
    identifierName(callee['object']) === 'Object' &&
    names.isGlobal('Object') &&
    identifierName(callee['property']) === 'assign'
  const plain = sources.every((part) => {
    // A getter would be read now.
    return part.type === 'ObjectExpression' && isPlainObject(part) && isInert(part, names, assumes)
  })
  if (assigns) isOfPlatform(assumes)
  return assigns && plain ? identifierName(target) : undefined
}
