import {
  childrenOf,
  identifierName,
  isNode,
  isType,
  lineOf,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** What happens when a piece of code is evaluated, as plain data; functions in it are bodies of their own. */
export interface Body {
  /** What is called: bodies of the same unit by their place in its list, and names of the module. */
  readonly calls: readonly (number | string | Callee)[]
  /** Lines of calls that bring in values from outside. */
  readonly reads?: readonly number[]
}

/** A name, the member of it that is called when it is a namespace, and which bodies may be meant if it is none of ours. */
export type Callee = readonly [name: string, member: string | null, locals: readonly number[]]

/** What happens when a unit is evaluated, and when it is called. */
export interface Evaluation {
  /** The first is what happens when the unit is evaluated. */
  readonly bodies: readonly Body[]
  /** What runs when it is called: a function, or any part of a class or an object. */
  readonly called: readonly number[]
}

/** What names of a module stand for. */
interface Bound {
  /** Where a name comes from, as `namesBySource` says. */
  readonly sources: ReadonlyMap<string, string>
  readonly kindOf: (name: string) => 'unit' | 'import' | 'namespace' | undefined
}

export const NO_EVALUATION: Evaluation = { bodies: [], called: [] }

/** Modules of Node that bring in values from outside. */
const OUTSIDE =
  /^(?:node:)?(fs|fs\/promises|child_process|http|https|http2|net|dns|dns\/promises|os|sqlite)$/
/** Methods that call what they are given before they return, or soon after. */
const CALLBACKS = new Set(
  (
    'catch every filter finally find findIndex findLast flatMap forEach from fromEntries map reduce ' +
    'reduceRight replace replaceAll some sort then toSorted'
  ).split(' '),
)

/** What the evaluation of a unit calls by name, and reads from outside. */
export function evaluationOf(unit: SyntaxNode, syntax: Syntax, bound: Bound): Evaluation {
  const places = new Map<SyntaxNode, number>()
  const nodes: SyntaxNode[] = []
  let named: ReadonlyMap<string, readonly SyntaxNode[]> | undefined
  placeOf(unit)
  const called = bodiesOf(unit).map(placeOf)
  const bodies: Body[] = []
  // It grows while it is walked.
  for (const node of nodes) bodies.push(bodyOf(node))
  return withoutSilent({ bodies, called })

  function placeOf(node: SyntaxNode): number {
    const known = places.get(node)
    if (known !== undefined) return known
    places.set(node, nodes.length)
    return nodes.push(node) - 1
  }

  function bodyOf(root: SyntaxNode): Body {
    const reads = new Set<number>()
    const calls = new Map<string, Body['calls'][number]>()
    const enter = (node: SyntaxNode): void => {
      for (const place of bodiesOf(node).map(placeOf)) calls.set(`${place}`, place)
    }
    walk(root, (node) => {
      if (isType(node)) return false
      if (/Call|New|Tagged/.test(node.type)) {
        const callee = (node['callee'] ?? node['tag']) as SyntaxNode
        const name = rootName(callee)
        if (OUTSIDE.test(bound.sources.get(name) ?? '')) {
          reads.add(lineOf(syntax, node.start))
        } else {
          if (isFunction(callee)) enter(callee)
          for (const part of functionsIn(callee, node)) enter(part)
          callNamed(name, callee)
        }
      }
      return node === root || !isFunction(node)
    })
    const found = [...calls.values()]
    return reads.size === 0 ? { calls: found } : { calls: found, reads: [...reads] }

    function callNamed(name: string, callee: SyntaxNode): void {
      const kind = bound.kindOf(name)
      if (kind === undefined) return localsOf(name).forEach(enter)
      const isMember = kind === 'namespace' && callee.type === 'MemberExpression'
      const member = (isMember ? identifierName(callee['property']) : undefined) ?? null
      const locals = kind === 'unit' ? [] : localsOf(name).flatMap(bodiesOf).map(placeOf)
      const isPlain = member === null && locals.length === 0
      calls.set(`${name}.${member}`, isPlain ? name : [name, member, locals])
    }
  }

  /** What is declared by that name inside of the unit. */
  function localsOf(name: string): readonly SyntaxNode[] {
    named ??= namedIn(unit)
    return named.get(name) ?? []
  }
}

/** Leaves out bodies that read nothing, and call nothing that has a name: most are. */
function withoutSilent({ bodies, called }: Evaluation): Evaluation {
  const loud = new Set<number>()
  const isLoud = (each: number | string | Callee): boolean =>
    typeof each !== 'number' || loud.has(each)
  let before = -1
  while (loud.size > before) {
    before = loud.size
    for (const [place, { calls, reads }] of bodies.entries()) {
      if (reads !== undefined || calls.some(isLoud)) loud.add(place)
    }
  }
  if (loud.size === 0) return NO_EVALUATION
  // The first stays the first.
  const kept = bodies.map((_, place) => place).filter((place) => place === 0 || loud.has(place))
  const places = new Map(kept.map((place, at) => [place, at]))
  const moved = (all: readonly number[]): number[] =>
    all.filter(isLoud).map((place) => places.get(place) ?? 0)
  const move = (each: number | string | Callee): Body['calls'] => {
    if (typeof each === 'string') return [each]
    if (typeof each === 'number') return moved([each])
    const [name, member, locals] = each
    return [[name, member, moved(locals)]]
  }
  return {
    bodies: kept.map((place) => {
      const { calls = [], ...rest } = bodies[place] ?? {}
      return { ...rest, calls: calls.flatMap(move) }
    }),
    called: moved(called),
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

/** Functions written among the arguments of a call that calls them. */
function functionsIn(callee: SyntaxNode, node: SyntaxNode): SyntaxNode[] {
  if (callee.type !== 'MemberExpression') return []
  if (!CALLBACKS.has(identifierName(callee['property']) ?? '')) return []
  return ((node['arguments'] ?? []) as SyntaxNode[]).filter(isFunction)
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

/** The variable at the root of a callee: `fs` of `fs.promises.readFile`. */
function rootName(callee: unknown): string {
  let node = callee
  while (isNode(node) && (node.type === 'MemberExpression' || node.type === 'CallExpression')) {
    node = node.type === 'CallExpression' ? node['callee'] : node['object']
  }
  return identifierName(node) ?? ''
}
