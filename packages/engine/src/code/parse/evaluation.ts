import { isBuiltin } from 'node:module'
import { carriersOf, isReshape, valueNode } from './carriers.ts'
import { isOutsideValue } from './outside.ts'
import { boundIdentifiers } from './patterns.ts'
import { scopesOf, type Variable } from './scopes.ts'
import {
  childrenOf,
  identifierName,
  isNode,
  isType,
  keyName,
  lineOf,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** What happens when a piece of code is evaluated, as plain data; functions in it are bodies of their own. */
export interface Body {
  /** What is called: bodies of the same unit by their place in its list, and names. */
  readonly calls: readonly (number | Callee)[]
  /** Lines where values are brought in from outside. */
  readonly reads?: readonly number[]
  /** Members that are read, which may be getters. */
  readonly gets?: readonly Callee[]
  /** Parameters that are called, or handed on, by their places. */
  readonly opens?: readonly number[]
}

/**
 * A name of the module that is called, the member of it when there is one, and the line. Which bodies may
 * be meant if it is none of ours; and what the function is given that can be called.
 */
export type Callee = readonly [
  name: string,
  member: string | null,
  line: number,
  locals?: readonly number[],
  given?: readonly Given[],
]

/** A function that is given to another one: a body of the unit, or what has a name. */
export type Given = readonly [index: number, what: number | string]

/** What happens when a unit is evaluated, and when it is called. */
export interface Evaluation {
  /** The first is what happens when the unit is evaluated. */
  readonly bodies: readonly Body[]
  /** What runs when it is called: a function, or any part of a class or an object. */
  readonly called: readonly number[]
  /** Bodies of getters, by name. */
  readonly getters?: readonly (readonly [name: string, place: number])[]
  /** Names that its value is another one for, or holds. */
  readonly held?: readonly Callee[]
}

/** What names of a module stand for. */
interface Bound {
  /** Where a name comes from, as `namesBySource` says. */
  readonly sources: ReadonlyMap<string, string>
  readonly kindOf: (name: string) => 'unit' | 'import' | 'namespace' | undefined
  /** Which function of the engine a callee is, under whichever name. */
  readonly engineCall: (callee: unknown) => string | undefined
}

export const NO_EVALUATION: Evaluation = { bodies: [], called: [] }

/** Methods that call what they are given before they return, or soon after. */
const CALLBACKS = new Set(
  (
    'apply call catch every filter finally find findIndex findLast flatMap forEach from fromEntries map ' +
    'reduce reduceRight replace replaceAll some sort then toSorted'
  ).split(' '),
)
/** Methods of the platform's values, which call nothing that these hold. */
const PLAIN_METHODS =
  /^(?:at|concat|entries|get|has|includes|indexOf|join|keys|length|pop|push|set|add|shift|slice|splice|toString|unshift|values)$/
/** What calls later what it is given, if at all. */
const DEFERRED =
  /^(?:on|once|addListener|prependListener|addEventListener|set(?:Timeout|Interval|Immediate)|queueMicrotask|nextTick)$/
/** Objects and functions of the platform that call what they are given. */
const CALLERS = /^(?:Promise|Reflect)$/

/** What the evaluation of a unit calls by name, and reads from outside. */
export function evaluationOf(unit: SyntaxNode, syntax: Syntax, bound: Bound): Evaluation {
  const { capabilityOf, holds } = carriersOf(syntax)
  const { variables } = scopesOf(syntax)
  const places = new Map<SyntaxNode, number>()
  const nodes: SyntaxNode[] = []
  const params = new Map<Variable, readonly [owner: SyntaxNode, index: number]>()
  const opened = new Map<SyntaxNode, Set<number>>()
  const getterNames = getterNamesIn(syntax.root)
  let named: ReadonlyMap<string, readonly SyntaxNode[]> | undefined
  placeOf(unit)
  const called = bodiesOf(unit).map(placeOf)
  const getters = gettersOf(unit).map(([name, node]) => [name, placeOf(node)] as const)
  const found: Omit<Body, 'opens'>[] = []
  // It grows while it is walked.
  for (const node of nodes) found.push(bodyOf(node))
  const bodies = found.map((body, place): Body => {
    const opens = opened.get(nodes[place] as SyntaxNode)
    return opens === undefined ? body : { ...body, opens: [...opens] }
  })
  return withoutSilent({ bodies, called, getters, held: heldBy(unit) })

  function placeOf(node: SyntaxNode): number {
    const known = places.get(node)
    if (known !== undefined) return known
    places.set(node, nodes.length)
    for (const [index, param] of ((node['params'] ?? []) as SyntaxNode[]).entries()) {
      for (const id of boundIdentifiers(param)) {
        const variable = variables.get(id)
        if (variable !== undefined) params.set(variable, [node, index])
      }
    }
    return nodes.push(node) - 1
  }

  function bodyOf(root: SyntaxNode): Omit<Body, 'opens'> {
    const reads = new Set<number>()
    const calls = new Map<string, Body['calls'][number]>()
    const gets = new Map<string, Callee>()
    const read = (node: SyntaxNode): void => void reads.add(lineOf(syntax, node.start))
    const enter = (node: SyntaxNode): void => {
      for (const place of bodiesOf(node).map(placeOf)) calls.set(`${place}`, place)
    }
    if (isFunction(root) && isReturned(root['body'])) read(root['body'] as SyntaxNode)
    walk(root, (node, ancestors) => {
      if (isType(node)) return false
      if (/Call|New|Tagged/.test(node.type)) visitCall(node, ancestors)
      else if (
        node.type === 'ReturnStatement' &&
        isFunction(root) &&
        isReturned(node['argument'])
      ) {
        read(node)
      } else if (/^(?:Identifier|MemberExpression)$/.test(node.type)) {
        if (isOutsideValue(capabilityOf(node)?.member ?? null)) read(node)
        if (node.type === 'MemberExpression') get(node)
      }
      return node === root || !isFunction(node)
    })
    return {
      calls: [...calls.values()],
      ...(reads.size > 0 && { reads: [...reads] }),
      ...(gets.size > 0 && { gets: [...gets.values()] }),
    }

    function get(node: SyntaxNode): void {
      const [name, member] = [identifierName(node['object']) ?? '', memberOf(node)]
      const kind = bound.kindOf(name)
      // What is imported is looked into only where it is read at once.
      const mayCall = kind === 'unit' ? getterNames.has(member ?? '') : root === unit
      if (kind === undefined || member === undefined || !mayCall) return
      gets.set(`${name}.${member}`, [name, member, lineOf(syntax, node.start)])
    }

    function visitCall(node: SyntaxNode, ancestors: readonly SyntaxNode[]): void {
      const callee = (node['callee'] ?? node['tag']) as SyntaxNode
      const args = (node['arguments'] ?? []) as SyntaxNode[]
      const [name, id] = rootOf(callee)
      const engineCall = bound.engineCall(callee)
      // That one calls what it is given.
      const isEngine = engineCall !== undefined && engineCall !== 'matrix'
      if (readsOutside(node, callee) || (!isEngine && handsOver(node, callee, args)))
        return read(node)
      if (isFunction(callee)) enter(callee)
      const method = identifierName(callee['property']) ?? ''
      const isKept =
        isEngine || isBuiltin(bound.sources.get(name) ?? '') || DEFERRED.test(method || name)
      const given = isKept ? [] : args.flatMap(givenBy)
      if (runsGiven(name, method, node, ancestors)) {
        for (const [, what] of given) {
          if (typeof what === 'number') calls.set(`${what}`, what)
          else addNamed(what, null, node, [])
        }
        callNamed(name, id, callee, [])
      } else callNamed(name, id, callee, isLocal(name) ? given : [])
    }

    /** @param id of the name */
    function callNamed(
      name: string,
      id: SyntaxNode | undefined,
      callee: SyntaxNode,
      given: readonly Given[],
    ): void {
      const kind = bound.kindOf(name)
      const variable = id && variables.get(id)
      if (variable !== undefined) open(variable)
      if (kind === undefined) return localsOf(name).forEach(enter)
      const member = callee.type === 'MemberExpression' ? memberOf(callee) : undefined
      addNamed(name, member ?? null, callee, given)
    }

    function addNamed(
      name: string,
      member: string | null,
      at: SyntaxNode,
      given: readonly Given[],
    ): void {
      const kind = bound.kindOf(name)
      if (kind === undefined) return localsOf(name).forEach(enter)
      const locals = kind === 'unit' ? [] : localsOf(name).flatMap(bodiesOf).map(placeOf)
      const line = lineOf(syntax, at.start)
      const key = `${name}.${member} ${JSON.stringify(given)}`
      if (calls.has(key)) return
      const base = [name, member, line] as const
      if (given.length > 0) calls.set(key, [...base, locals, given])
      else calls.set(key, locals.length === 0 ? base : [...base, locals])
    }
  }

  /** Whether what is called reads, asks or executes, or is a part of what does. */
  function readsOutside(call: SyntaxNode, callee: SyntaxNode): boolean {
    let node = valueNode(callee)
    for (;;) {
      const capability = capabilityOf(node)
      if (capability !== undefined) {
        if (capability.isClass === true && call.type === 'NewExpression') return false
        if (!capability.isWhole) return !isReshape(call)
        // `new Date(0)` is what is written there.
        const args = (call['arguments'] ?? []) as unknown[]
        const isNow = call.type === 'CallExpression' || args.length === 0
        return node === valueNode(callee) ? isNow : isModule(node)
      }
      if (node.type === 'MemberExpression') {
        const object = valueNode(node['object'] as SyntaxNode)
        // Another member of a whole module: `Math.max(1, 2)`.
        if (capabilityOf(object)?.isWhole === true && !isModule(object)) return false
        node = object
      } else if (/^(?:Call|New)Expression$/.test(node.type)) {
        node = valueNode(node['callee'] as SyntaxNode)
      } else return !/^(?:Identifier|This|Super)/.test(node.type) && holds(node)
    }
  }

  /** `import('node:fs').then(...)` */
  function isModule(node: SyntaxNode): boolean {
    return node.type === 'ImportExpression'
  }

  /** Whether something that reads is given to a function. */
  function handsOver(call: SyntaxNode, callee: SyntaxNode, args: readonly SyntaxNode[]): boolean {
    const method = memberOf(callee)
    if (isReshape(call) || method === 'instanceof') return false
    const [name] = rootOf(callee)
    if (name === 'Object' && method === 'freeze') return false
    return args.some(holds)
  }

  function isReturned(node: unknown): boolean {
    return isNode(node) && node.type !== 'BlockStatement' && holds(node)
  }

  function givenBy(arg: SyntaxNode, index: number): Given[] {
    const node = valueNode(arg)
    if (isFunction(node)) return bodiesOf(node).map((body): Given => [index, placeOf(body)])
    if (node.type === 'ObjectExpression') {
      return (node['properties'] as SyntaxNode[]).flatMap(({ value }) => {
        return isNode(value) ? givenBy(value, index) : []
      })
    }
    const name = identifierName(node)
    const variable = name === undefined ? undefined : variables.get(node)
    if (variable !== undefined) open(variable)
    if (name === undefined || variable?.scope !== undefined) return []
    return bound.kindOf(name) === undefined ? [] : [[index, name]]
  }

  /** A parameter that is called or handed on may be a function that reads. */
  function open(variable: Variable): void {
    const [owner, index] = params.get(variable) ?? []
    if (owner === undefined || index === undefined) return
    const known = opened.get(owner)
    if (known === undefined) opened.set(owner, new Set([index]))
    else known.add(index)
  }

  /** Whether what is given is called: always, as far as can be seen from here. */
  function runsGiven(
    name: string,
    method: string,
    { type }: SyntaxNode,
    ancestors: readonly SyntaxNode[],
  ): boolean {
    if (CALLBACKS.has(method)) return true
    const source = bound.sources.get(name)
    if (source === undefined)
      return CALLERS.test(name) && (type === 'NewExpression' || method !== '')
    if (source === '' || /^(?:[./#]|node:|@stepwell\/)/.test(source)) return false
    // A package that is given a function for later, such as that of a test, returns nothing of use.
    const around = ancestors.findLast((each) => each.type !== 'AwaitExpression')
    return around?.type !== 'ExpressionStatement'
  }

  /** Whether it can be seen what is done with what a function is given. */
  function isLocal(name: string): boolean {
    return bound.kindOf(name) === 'unit' || /^[./#]/.test(bound.sources.get(name) ?? '')
  }

  /** Names that are mentioned in a value, not called. */
  function heldBy(root: SyntaxNode): Callee[] {
    if (root.type !== 'VariableDeclarator' || !isNode(root['init'])) return []
    const names = new Map<string, Callee>()
    walk(root['init'], (node) => {
      if (isType(node) || isFunction(node) || /^(?:Call|New)Expression|^Class/.test(node.type)) {
        return false
      }
      const [name, id] = /^(?:Identifier|MemberExpression)$/.test(node.type) ? rootOf(node) : ['']
      if (id === undefined || bound.kindOf(name) === undefined) return true
      if (variables.get(id)?.scope !== undefined) return false
      const member = memberOf(node) ?? null
      names.set(`${name}.${member}`, [name, member, lineOf(syntax, node.start)])
      return false
    })
    return [...names.values()]
  }

  /** What is declared by that name inside of the unit. */
  function localsOf(name: string): readonly SyntaxNode[] {
    named ??= namedIn(unit)
    return named.get(name) ?? []
  }
}

/** Whether a method of a value of the platform is called, rather than a function that it holds. */
export function isPlainMethod(member: string | null): boolean {
  return member !== null && (CALLBACKS.has(member) || PLAIN_METHODS.test(member))
}

/** Leaves out bodies that read nothing, and call nothing that has a name: most are. */
function withoutSilent({ bodies, called, getters = [], held = [] }: Evaluation): Evaluation {
  const loud = new Set<number>()
  const isLoud = (each: number | Callee): boolean => typeof each !== 'number' || loud.has(each)
  let before = -1
  while (loud.size > before) {
    before = loud.size
    for (const [place, { calls, reads, opens, gets }] of bodies.entries()) {
      if (reads !== undefined || gets !== undefined || opens !== undefined || calls.some(isLoud))
        loud.add(place)
    }
  }
  if (loud.size === 0 && held.length === 0) return NO_EVALUATION
  // The first stays the first.
  const kept = bodies.map((_, place) => place).filter((place) => place === 0 || loud.has(place))
  const places = new Map(kept.map((place, at) => [place, at]))
  const moved = (all: readonly number[]): number[] =>
    all.filter(isLoud).map((place) => places.get(place) ?? 0)
  const move = (each: number | Callee): Body['calls'] => {
    if (typeof each === 'number') return moved([each])
    const [name, member, line, locals = [], given = []] = each
    const inner = given.flatMap(([index, what]): Given[] =>
      typeof what === 'number' ? moved([what]).map((place) => [index, place]) : [[index, what]],
    )
    if (inner.length > 0) return [[name, member, line, moved(locals), inner]]
    const rest = moved(locals)
    return [rest.length === 0 ? [name, member, line] : [name, member, line, rest]]
  }
  const loudGetters = getters.flatMap(([name, place]) =>
    moved([place]).map((at) => [name, at] as const),
  )
  return {
    bodies: kept.map((place) => {
      const { calls = [], ...rest } = bodies[place] ?? {}
      return { ...rest, calls: calls.flatMap(move) }
    }),
    called: moved(called),
    ...(loudGetters.length > 0 && { getters: loudGetters }),
    ...(held.length > 0 && { held }),
  }
}

function namedIn(unit: SyntaxNode): ReadonlyMap<string, readonly SyntaxNode[]> {
  const found = new Map<string, SyntaxNode[]>()
  walk(unit, (node) => {
    const name = node === unit ? undefined : identifierName(node['id'])
    if (name === undefined) return
    const others = found.get(name)
    if (others === undefined) found.set(name, [node])
    else others.push(node)
  })
  return found
}

/** What runs when a declaration is called: a function, or any part of a class or an object. */
function bodiesOf(node: SyntaxNode): SyntaxNode[] {
  if (isFunction(node)) return [node]
  const parts = childrenOf(node)
  if (/^Class|Object|Property|Method|Declarat|^Export/.test(node.type))
    return parts.flatMap(bodiesOf)
  return [node]
}

function isFunction({ type }: SyntaxNode): boolean {
  return /^(?:Arrow)?Function/.test(type)
}

/** Getters of the object or class that a unit declares. */
function gettersOf(unit: SyntaxNode): [name: string, body: SyntaxNode][] {
  const found: [string, SyntaxNode][] = []
  walk(unit, (node) => {
    if (node['kind'] === 'get')
      found.push([keyName(node['key']) ?? '', node['value'] as SyntaxNode])
    return !isFunction(node)
  })
  return found
}

const GETTERS = new WeakMap<SyntaxNode, ReadonlySet<string>>()

function getterNamesIn(root: SyntaxNode): ReadonlySet<string> {
  const known = GETTERS.get(root)
  if (known !== undefined) return known
  const names = new Set<string>()
  walk(root, (node) => {
    if (node['kind'] === 'get') names.add(keyName(node['key']) ?? '')
  })
  GETTERS.set(root, names)
  return names
}

function memberOf(node: SyntaxNode): string | undefined {
  return node.type === 'MemberExpression' ? identifierName(node['property']) : undefined
}

/** The variable at the root of a callee: `fs` of `fs.promises.readFile`. */
function rootOf(callee: SyntaxNode): [name: string, id?: SyntaxNode] {
  let node = valueNode(callee)
  for (;;) {
    const { type, object, tag } = node
    if (type === 'MemberExpression') node = valueNode(object as SyntaxNode)
    else if (type === 'CallExpression') node = valueNode(node['callee'] as SyntaxNode)
    else if (type === 'TaggedTemplateExpression') node = valueNode(tag as SyntaxNode)
    else break
  }
  const name = identifierName(node)
  return name === undefined ? [''] : [name, node]
}
