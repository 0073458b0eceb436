import type { Doubt } from '../code.ts'
import { findDeclared, type Declared } from './exports.ts'
import type { LocalModule, Modules } from './modules.ts'
import type { Located } from './reach.ts'
import { namesBySource } from './references.ts'
import {
  childrenOf,
  identifierName,
  isNode,
  isType,
  lineOf,
  walk,
  type SyntaxNode,
} from './syntax.ts'

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

/**
 * Finds values that are read from outside while modules are loaded: in what is evaluated then, and in
 * the functions that are called from there by their names. Such a value decides what steps do, and no
 * key shows it.
 */
export function readsWhileLoading(effects: readonly Located[], modules: Modules): Doubt[] {
  const doubts = new Map<string, Doubt>()
  const seen = new Set<SyntaxNode>()
  const declared = new Map<SyntaxNode, Map<string, SyntaxNode[]>>()
  const pending: { readonly node: SyntaxNode; readonly in: Located }[] = []
  for (const effect of effects) run(effect.unit.node, effect)
  for (const { node, in: from } of pending) run(node, from)
  return [...doubts.values()]

  /** What happens when a node is evaluated; functions in it are not, as long as nobody calls them. */
  function run(root: SyntaxNode, from: Located): void {
    if (seen.has(root)) return
    seen.add(root)
    walk(root, (node) => {
      if (isType(node)) return false
      if (/Call|New|Tagged/.test(node.type)) call(node, from)
      return node === root || !isFunction(node)
    })
  }

  function call(node: SyntaxNode, from: Located): void {
    const callee = (node['callee'] ?? node['tag']) as SyntaxNode
    const { module } = from
    const name = rootName(callee)
    if (OUTSIDE.test(sourcesOf(module).get(name) ?? '')) {
      const place = `${module.name}:${module.syntax ? lineOf(module.syntax, node.start) : 1}`
      doubts.set(place, {
        what: 'a value read from outside when the module is loaded',
        place,
        todo: 'read it in a step, from an input declared with file() or env()',
      })
      return
    }
    if (isFunction(callee)) enter(callee, from)
    for (const part of callee.type === 'MemberExpression' || callee.type === 'Identifier'
      ? functionsIn(callee, node)
      : []) {
      enter(part, from)
    }
    const target = calledBy(callee, module)
    if (target === undefined) enterLocal(name, from)
    else enter(target.unit.node, target)
  }

  function enter(node: SyntaxNode, from: Located): void {
    for (const part of bodiesOf(node)) pending.push({ node: part, in: from })
  }

  /** A function that is declared inside of the unit. */
  function enterLocal(name: string, from: Located): void {
    const { node } = from.unit
    const locals = declared.get(node) ?? declarationsIn(node)
    declared.set(node, locals)
    for (const local of locals.get(name) ?? []) enter(local, from)
    locals.delete(name)
  }

  function calledBy(callee: SyntaxNode, module: LocalModule): Declared | undefined {
    const name = rootName(callee)
    const bound = module.units?.bindings.get(name)
    const isMember =
      callee.type === 'MemberExpression' && bound?.kind === 'import' && bound.name === '*'
    const member = isMember ? identifierName(callee['property']) : undefined
    return findDeclared(name, module, modules, member)
  }
}

/** What is declared inside of a node, by name. */
function declarationsIn(root: SyntaxNode): Map<string, SyntaxNode[]> {
  const found = new Map<string, SyntaxNode[]>()
  walk(root, (node) => {
    const name = node === root ? undefined : identifierName(node['id'])
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), node])
  })
  return found
}

/** Functions written among the arguments of a call that calls them. */
function functionsIn(callee: SyntaxNode, node: SyntaxNode): SyntaxNode[] {
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

function sourcesOf({ syntax }: LocalModule): ReadonlyMap<string, string> {
  return syntax === undefined ? new Map() : namesBySource(syntax.root)
}

/** The variable at the root of a callee: `fs` of `fs.promises.readFile`. */
function rootName(callee: unknown): string {
  let node = callee
  while (isNode(node) && (node.type === 'MemberExpression' || node.type === 'CallExpression')) {
    node = node.type === 'CallExpression' ? node['callee'] : node['object']
  }
  return identifierName(node) ?? ''
}
