import { boundIdentifiers } from './patterns.ts'
import { isOutsideGlobal, isOutsideModule } from './outside.ts'
import { namesBySource } from './references.ts'
import { scopesOf, type Variable } from './scopes.ts'
import {
  bareNode,
  identifierName,
  isNode,
  isType,
  keyName,
  literalText,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** Something that reads, asks or executes, by whatever name. */
export interface Capability {
  /** The member of it that is meant first, as far as that is known. */
  readonly member: string | null
  /** Whether it is all of a module or of an object of the platform. */
  readonly isWhole: boolean
  /** Whether it is a class that holds such a thing: to make an object of it asks nothing yet. */
  readonly isClass?: boolean
}

/** The names in a module of what brings in values from outside. */
export interface Carriers {
  /** What an expression is, when it is a name of such a thing, or a member of one. */
  readonly capabilityOf: (node: SyntaxNode) => Capability | undefined
  /** Whether a value is one, or holds one. */
  readonly holds: (node: unknown) => boolean
  /** Names of the module that stand for such a thing. */
  readonly names: ReadonlySet<string>
}

/** Calls that only give a function another shape. */
const RESHAPES = /^(?:promisify|callbackify|bind)$/

const KNOWN = new WeakMap<SyntaxNode, Carriers>()

export function carriersOf(syntax: Syntax): Carriers {
  const known = KNOWN.get(syntax.root)
  if (known !== undefined) return known
  const { variables } = scopesOf(syntax)
  const sources = namesBySource(syntax.root)
  const carrying = new Set<Variable>()
  const classes = new Set<Variable>()
  const given: (readonly [target: SyntaxNode, value: SyntaxNode])[] = []
  walk(syntax.root, (node) => {
    if (isType(node)) return false
    const { type, id, init, left, right } = node
    if (type === 'VariableDeclarator' && isNode(init)) given.push([id as SyntaxNode, init])
    if (type === 'ClassDeclaration' && isNode(id)) {
      const variable = variables.get(id)
      if (variable !== undefined) classes.add(variable)
      given.push([id, node])
    }
    if (type.startsWith('Assignment')) given.push([left as SyntaxNode, right as SyntaxNode])
    if (type === 'ForOfStatement') {
      const [declared] = ((left as SyntaxNode)['declarations'] ?? []) as SyntaxNode[]
      given.push([(declared?.['id'] ?? left) as SyntaxNode, right as SyntaxNode])
    }
    return true
  })
  let before = -1
  while (carrying.size > before) {
    before = carrying.size
    for (const [target, value] of given) give(target, value)
  }
  const names = new Set(
    [...carrying].flatMap(({ scope, name }) => (scope === undefined ? [name] : [])),
  )
  for (const { type, declaration } of syntax.root['body'] as SyntaxNode[]) {
    if (type === 'ExportDefaultDeclaration' && holds(declaration)) names.add('default')
  }
  const carriers: Carriers = { capabilityOf, holds, names }
  KNOWN.set(syntax.root, carriers)
  return carriers

  function give(target: SyntaxNode, value: SyntaxNode): void {
    const whole = moduleOf(value)
    if (whole !== undefined && target.type === 'ObjectPattern') {
      for (const part of target['properties'] as SyntaxNode[]) {
        const key = part['computed'] === true ? undefined : keyName(part['key'])
        if (part.type === 'RestElement' || key === undefined || whole(key)) carry(part)
      }
    } else if (holds(value)) carry(target)
  }

  function carry(target: SyntaxNode): void {
    let node = target
    // An object that it is put into holds it.
    while (node.type === 'MemberExpression') node = node['object'] as SyntaxNode
    for (const id of boundIdentifiers(node)) {
      const variable = variables.get(id)
      if (variable !== undefined) carrying.add(variable)
    }
  }

  /** Of what is all of a module or an object of the platform: which of its members count. */
  function moduleOf(node: unknown): ((member: string) => boolean) | undefined {
    if (!isNode(node)) return undefined
    const inner = valueNode(node)
    const specifier = loadedBy(inner)
    if (specifier !== undefined) return (member) => isOutsideModule(specifier, member)
    const name = identifierName(inner) ?? globalName(inner)
    if (name === undefined) return undefined
    const variable = variables.get(inner)
    const source = sources.get(name) ?? ''
    if (variable === undefined) return (member) => isOutsideGlobal(name, member)
    if (source === '' || variable.scope !== undefined) return undefined
    const isAll = variable.imported === undefined || /^(?:\*|default)$/.test(variable.imported)
    return isAll ? (member) => isOutsideModule(source, member) : undefined
  }

  /** The name of the platform that `globalThis.x` stands for. */
  function globalName(node: SyntaxNode): string | undefined {
    if (node.type !== 'MemberExpression') return undefined
    const object = node['object'] as SyntaxNode
    const isGlobal = /^(?:globalThis|global)$/.test(identifierName(object) ?? '')
    return isGlobal && variables.get(object) === undefined ? memberName(node) : undefined
  }

  function capabilityOf(node: SyntaxNode): Capability | undefined {
    const inner = valueNode(node)
    if (inner.type === 'MemberExpression' && globalName(inner) === undefined) {
      const whole = moduleOf(inner['object'])
      const member = memberName(inner) ?? null
      if (whole === undefined) return undefined
      return member === null || whole(member) ? { member, isWhole: false } : undefined
    }
    const specifier = loadedBy(inner)
    if (specifier !== undefined) {
      return isOutsideModule(specifier, null) ? { member: null, isWhole: true } : undefined
    }
    const name = identifierName(inner) ?? globalName(inner)
    if (name === undefined) return undefined
    const variable = variables.get(inner)
    if (variable === undefined) {
      return isOutsideGlobal(name, null) ? { member: null, isWhole: name !== 'fetch' } : undefined
    }
    if (carrying.has(variable)) {
      return { member: null, isWhole: false, isClass: classes.has(variable) }
    }
    if (variable.scope !== undefined) return undefined
    const source = sources.get(name) ?? ''
    const { imported = '*' } = variable
    const isWhole = imported === '*' || imported === 'default'
    if (source === '' || !isOutsideModule(source, isWhole ? null : imported)) return undefined
    return { member: isWhole ? null : imported, isWhole }
  }

  function isOther(object: unknown): boolean {
    return moduleOf(object) === undefined && holds(object)
  }

  function holds(node: unknown): boolean {
    if (!isNode(node) || isType(node)) return false
    const inner = valueNode(node)
    if (capabilityOf(inner) !== undefined) return true
    switch (inner.type) {
      case 'MemberExpression':
        // Of a whole module, another member is meant.
        return isOther(inner['object'])
      case 'CallExpression':
      case 'NewExpression': {
        const callee = valueNode(inner['callee'] as SyntaxNode)
        const isShape = RESHAPES.test(memberName(callee) ?? '')
        if (isShape && isNode(callee['object']) && holds(callee['object'])) return true
        return (inner['arguments'] as unknown[]).some(holds)
      }
      case 'ObjectExpression':
        return (inner['properties'] as unknown[]).some(holds)
      case 'Property':
      case 'PropertyDefinition':
      case 'AccessorProperty':
      case 'MethodDefinition':
        return holds(inner['value'])
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
      case 'FunctionDeclaration':
      case 'BinaryExpression':
      case 'UnaryExpression':
        return false
      default:
        return partsOf(inner).some(holds)
    }
  }
}

/** Whether a call only gives a function another shape: `promisify(readFile)`, `readFile.bind(fs)`. */
export function isReshape({ callee }: SyntaxNode): boolean {
  if (!isNode(callee)) return false
  const name = identifierName(callee) ?? memberName(callee)
  return RESHAPES.test(name ?? '')
}

/** The module of `await import('x')` or `require('x')`. */
function loadedBy(node: SyntaxNode): string | undefined {
  if (node.type === 'ImportExpression') return literalText(node['source'])
  const isRequire = node.type === 'CallExpression' && identifierName(node['callee']) === 'require'
  return isRequire ? literalText((node['arguments'] as unknown[])[0]) : undefined
}

/** Without types, `await` and what comes before it in a sequence. */
export function valueNode(node: SyntaxNode): SyntaxNode {
  const inner = bareNode(node)
  if (inner.type === 'AwaitExpression') return valueNode(inner['argument'] as SyntaxNode)
  if (inner.type !== 'SequenceExpression') return inner
  return valueNode((inner['expressions'] as SyntaxNode[]).at(-1) as SyntaxNode)
}

function memberName(node: SyntaxNode): string | undefined {
  if (node.type !== 'MemberExpression') return undefined
  const { computed, property } = node
  return computed === true ? literalText(property) : keyName(property)
}

function partsOf(node: SyntaxNode): unknown[] {
  return Object.values(node).flatMap((part) => (Array.isArray(part) ? (part as unknown[]) : [part]))
}
