import type { Scopes, Variable } from './scopes.ts'
import { identifierName, isNode, literalText, walk, type SyntaxNode } from './syntax.ts'

/**
 * A name from outside of a unit, the member of it that is meant first, and whether it is called. The name of a
 * module that is imported in place is its specifier after `import `.
 */
export type Root = readonly [name: string, member: string | null, isCall: boolean]

/** What a value may be, or be part of. */
export type Origin = (
  | { readonly kind: 'root'; readonly root: Root }
  | { readonly kind: 'this' }
  | { readonly kind: 'variable'; readonly variable: Variable }
) & {
  /** How deep inside of the value it is: 0 when it may be the value itself, 1 when a new value holds it. */
  readonly depth: number
}

/** What a variable may stand for. */
export interface Source {
  readonly node: SyntaxNode
  /** Whether it is a part of the value, rather than the value. */
  readonly isMember: boolean
  /** Whether the variable holds the value, rather than stands for it. */
  readonly isHeld?: boolean
}

type Sources = ReadonlyMap<Variable, readonly Source[]>

/** Methods that return part of what they are called on, or itself. */
const PARTS = new Set(
  (
    'get at find findLast pop shift next deref valueOf set add push sort reverse fill copyWithin ' +
    'then catch finally'
  ).split(' '),
)
/** Methods whose result is new, and holds what was held. */
const COPIES = new Set(
  'filter slice concat flat toSorted toReversed toSpliced with splice values entries keys'.split(
    ' ',
  ),
)
/** Methods whose result is new, and holds what a function returns. */
const MAPS = new Set(['map', 'flatMap'])
/** Methods that return what a function returns. */
const FOLDS = new Set(['reduce', 'reduceRight'])
const PLATFORM = /^(?:Object|Array|Promise|Reflect)$/

/** What an expression may be another name for. */
export function originsIn(node: SyntaxNode, scopes: Scopes, sources: Sources): readonly Origin[] {
  const seen = new Set<Variable>()
  return of(node)

  function of(each: unknown): Origin[] {
    if (!isNode(each)) return []
    switch (each.type) {
      case 'Identifier':
        return ofName(each)
      case 'ThisExpression':
      case 'Super':
        return [{ kind: 'this', depth: 0 }]
      case 'MemberExpression':
        return ofMember(each)
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
      case 'ChainExpression':
        return of(each['expression'])
      case 'AwaitExpression':
      case 'YieldExpression':
        return of(each['argument'])
      case 'ConditionalExpression':
        return [...of(each['consequent']), ...of(each['alternate'])]
      case 'LogicalExpression':
        return [...of(each['left']), ...of(each['right'])]
      case 'AssignmentExpression':
        return [...of(each['right']), ...(each['operator'] === '=' ? [] : of(each['left']))]
      case 'SequenceExpression':
        return of((each['expressions'] as unknown[]).at(-1))
      case 'ObjectExpression':
        return fresh(
          (each['properties'] as SyntaxNode[]).flatMap(({ type, value, argument }) =>
            type === 'SpreadElement' ? parts(of(argument)) : of(value),
          ),
        )
      case 'ArrayExpression':
        return fresh(
          (each['elements'] as (SyntaxNode | null)[]).flatMap((item) =>
            item?.type === 'SpreadElement' ? parts(of(item['argument'])) : of(item),
          ),
        )
      case 'ImportExpression':
        return ofModule(each['source'])
      case 'CallExpression':
        return ofCall(each)
      case 'NewExpression':
        // `new Map(table)` holds what the table holds.
        return fresh((each['arguments'] as unknown[]).flatMap((arg) => parts(of(arg))))
      default:
        return []
    }
  }

  function ofName(id: SyntaxNode): Origin[] {
    const variable = scopes.variables.get(id)
    if (variable?.scope === undefined) {
      const name = identifierName(id) ?? ''
      return name === 'undefined' ? [] : [{ kind: 'root', root: [name, null, false], depth: 0 }]
    }
    if (seen.has(variable)) return []
    seen.add(variable)
    const all = (sources.get(variable) ?? []).flatMap(({ node: value, isMember, isHeld }) => {
      const found = of(value)
      return isHeld === true ? fresh(found) : isMember ? parts(found) : found
    })
    seen.delete(variable)
    return [{ kind: 'variable', variable, depth: 0 }, ...all]
  }

  function ofModule(source: unknown): Origin[] {
    const specifier = literalText(source)
    if (specifier === undefined) return []
    return [{ kind: 'root', root: [`import ${specifier}`, null, false], depth: 0 }]
  }

  function ofMember(member: SyntaxNode): Origin[] {
    const found = parts(of(member['object']))
    const name =
      member['computed'] === true
        ? literalText(member['property'])
        : identifierName(member['property'])
    const isDirect = /^(?:Identifier|AwaitExpression|CallExpression)$/
    if (!isDirect.test((member['object'] as SyntaxNode).type) || name === undefined) return found
    // Which export of a module it is.
    return found.map((origin) =>
      origin.kind === 'root' && origin.root[1] === null && !origin.root[2]
        ? { ...origin, root: [origin.root[0], name, false] }
        : origin,
    )
  }

  function ofCall(call: SyntaxNode): Origin[] {
    const args = call['arguments'] as unknown[]
    let callee = call['callee'] as SyntaxNode
    while (callee.type === 'ChainExpression' || callee.type === 'TSNonNullExpression') {
      callee = callee['expression'] as SyntaxNode
    }
    const name = identifierName(callee)
    if (name !== undefined) {
      const variable = scopes.variables.get(callee)
      if (name === 'require') return ofModule(args[0])
      if (variable === undefined || variable.scope !== undefined) return []
      return [{ kind: 'root', root: [name, null, true], depth: 0 }]
    }
    if (callee.type !== 'MemberExpression') return []
    const { object, property } = callee
    const method = identifierName(property) ?? literalText(property) ?? ''
    const owner = identifierName(object)
    if (owner !== undefined && scopes.variables.get(object as SyntaxNode) === undefined) {
      return PLATFORM.test(owner) ? ofPlatform(method, args) : []
    }
    if (COPIES.has(method)) return fresh(parts(of(object)))
    if (MAPS.has(method)) return fresh(returned(args[0]))
    if (FOLDS.has(method)) return [...returned(args[0]), ...of(args[1])]
    if (PARTS.has(method)) return parts(of(object))
    const found = of(object)
    return found.flatMap((origin): Origin[] => {
      if (origin.kind !== 'root' || origin.root[1] !== null || origin.root[2]) return []
      return [{ ...origin, root: [origin.root[0], method, true] }]
    })
  }

  /** What a function that is written out returns. */
  function returned(given: unknown): Origin[] {
    if (!isNode(given) || !/Function/.test(given.type)) return []
    const body = given['body'] as SyntaxNode
    if (body.type !== 'BlockStatement') return of(body)
    const found: Origin[] = []
    walk(body, (each) => {
      if (/Function|^Class/.test(each.type)) return false
      if (each.type === 'ReturnStatement') found.push(...of(each['argument']))
      return true
    })
    return found
  }

  function ofPlatform(method: string, args: readonly unknown[]): Origin[] {
    const first = of(args[0])
    if (
      /^(?:assign|freeze|seal|defineProperty|defineProperties|setPrototypeOf|resolve)$/.test(method)
    ) {
      // `Object.assign({}, state)` is a new value that holds what the state holds.
      const others = method === 'assign' ? args.slice(1).flatMap((arg) => parts(of(arg))) : []
      return [...first, ...fresh(others)]
    }
    if (method === 'get') return parts(first)
    if (/^(?:values|entries|from|of|fromEntries|all|allSettled|race|any|create)$/.test(method)) {
      return fresh(parts(args.flatMap(of)))
    }
    return []
  }
}

/** Of a new value that holds what has these origins. */
function fresh(origins: readonly Origin[]): Origin[] {
  return origins.map((origin) => ({ ...origin, depth: origin.depth + 1 }))
}

/** Of what a value holds: a part of what outlives a function outlives it, too. */
function parts(origins: readonly Origin[]): Origin[] {
  return origins.map((origin) => ({ ...origin, depth: Math.max(0, origin.depth - 1) }))
}
