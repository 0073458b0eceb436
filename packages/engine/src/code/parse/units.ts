import { digestText, type Digest } from '@stepwell/base/digest'
import { assignedIn } from './assigned.ts'
import { CODE_OPTIONS, writtenOptions } from './calls.ts'
import { carriersOf } from './carriers.ts'
import { canonical, type Mention } from './canonical.ts'
import { evaluationOf, NO_EVALUATION, type Evaluation } from './evaluation.ts'
import {
  extendedFunction,
  isInert,
  NO_NAMES,
  type Assumption,
  type Names,
  type Use,
} from './inert.ts'
import { boundNames } from './patterns.ts'
import { scopesOf } from './scopes.ts'
import { shapeOf, type Shape } from './shapes.ts'
import { stateUseOf, type StateUse } from './state-use.ts'
import { collectReferences, namesBySource, type References } from './references.ts'
import {
  identifierName,
  isNode,
  isType,
  lineOf,
  literalText,
  memberPath,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** The smallest piece of code that is told apart: a declaration or statement at a module's top level. */
export interface Unit {
  /** For people: the name that it declares, or its line. */
  readonly label: string
  /** Its first and last line, from 1. */
  readonly lines: readonly [first: number, last: number]
  /** Of its text without format and types, not of what it refers to. */
  readonly digest: Digest
  /** What it mentions of its module. */
  readonly mentions: readonly Mention[]
  readonly references: References
  /** Whether loading the module may do more than declare it. */
  readonly isEffect: boolean
  /** Unless all of these hold, it is an effect, too. */
  readonly assumes: readonly Assumption[]
  /** What its functions do to what outlives them, where they do anything of that kind. */
  readonly state?: StateUse
}

/** What a name of a module stands for. */
export type Binding =
  /** `place`: which of the names that the unit declares it is, from 0. */
  | { readonly kind: 'unit'; readonly unit: Unit; readonly name: string; readonly place: number }
  | { readonly kind: 'import'; readonly specifier: string; readonly name: string }

/** A module taken apart. The name `*` stands for all exports of a module. */
export interface Units {
  readonly units: readonly Unit[]
  readonly bindings: ReadonlyMap<string, Binding>
  readonly exports: ReadonlyMap<string, Binding>
  /** Specifiers of `export * from`. */
  readonly stars: readonly string[]
  /** Specifiers of modules imported, in order; those of `import 'x'` are for their effects alone. */
  readonly imports: readonly { readonly specifier: string; readonly isBare: boolean }[]
  /** Units by the names that they assign to. */
  readonly assigners: ReadonlyMap<string, readonly Unit[]>
  /** Names that have one value, whenever they are read. */
  readonly fixed: ReadonlySet<string>
  /** Names of functions among them that do not look at their `this`, and of what cannot be called. */
  readonly withoutThis: ReadonlySet<string>
  /** Those of classes among them. */
  readonly classes: ReadonlySet<string>
  /** What is known of the values of constants that are written out. */
  readonly shapes: ReadonlyMap<string, Shape>
  /** What happens when units are evaluated, where they call or read anything that counts. */
  readonly evaluations: ReadonlyMap<Unit, Evaluation>
  /** Names that stand for what reads, asks or executes, or for what holds it. */
  readonly outside: ReadonlySet<string>
  /** Whether it may change what functions of the platform do. */
  readonly mayPatch: boolean
  /** Whether it may turn a member of an object into a getter. */
  readonly mayDefine: boolean
}

// What declares something and does nothing else, by where it comes from.
const ENGINE_CALLS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    '@stepwell/engine',
    new Set(
      'step matrix pipeline pinned file fileOrDir dir glob url env secret gate command service'.split(
        ' ',
      ),
    ),
  ],
  ['@stepwell/loop', new Set('loop onSchedule onNewData onDrift webhook hook'.split(' '))],
])

/** With the piece of the syntax tree behind each unit. */
export interface SplitUnits extends Units {
  readonly nodes: ReadonlyMap<Unit, SyntaxNode>
}

/** Takes a module apart. One in the syntax of CommonJS is one unit. */
export function splitUnits(syntax: Syntax): SplitUnits {
  const units: Unit[] = []
  const nodes = new Map<Unit, SyntaxNode>()
  const bindings = new Map<string, Binding>()
  const exports = new Map<string, Binding>()
  const later: { readonly exported: string; readonly local: string }[] = []
  const stars: string[] = []
  const body = syntax.root['body'] as SyntaxNode[]
  const imports = body.flatMap(importOf)
  const sources = namesBySource(syntax.root)
  for (const node of body) if (node.type === 'ImportDeclaration') addImport(node)
  const constants = new Map(body.flatMap(constantsOf))
  const scopes = scopesOf(syntax)
  const assigned = assignedIn(syntax.root, scopes)
  const fixed = new Set(body.flatMap(fixedNames).filter((name) => !assigned.has(name)))
  const classes = new Set(
    [
      ...body.flatMap(classNames),
      ...[...constants].flatMap(([name, { type }]) => (type === 'ClassExpression' ? [name] : [])),
    ].filter((name) => fixed.has(name)),
  )
  const known: Names = {
    isFixed: (name) => fixed.has(name),
    isClass: (name) => classes.has(name),
    isNamespace: (name) => {
      const bound = bindings.get(name)
      return bound?.kind === 'import' && bound.name === '*'
    },
    isImported: (name) => bindings.get(name)?.kind === 'import',
    isGlobal: (name) => !sources.has(name),
    engineCall,
    constant: (name) => constants.get(name),
  }

  const assigners = new Map<string, Unit[]>()
  const functions = new Set(body.flatMap(functionNames))
  if (syntax.isModule) for (const node of body) visit(node)
  else add(syntax.root, 'the module', true)
  for (const { exported, local } of later) {
    const bound = bindings.get(local)
    if (bound !== undefined) exports.set(exported, bound)
  }
  for (const [unit, node] of assigned.size === 0 ? [] : nodes) {
    for (const name of assignedIn(node, scopes)) addAssigner(name, unit)
  }
  const evaluations = new Map<Unit, Evaluation>()
  for (const [unit, node] of nodes) {
    const evaluation = evaluationOf(node, syntax, { sources, kindOf, engineCall })
    if (evaluation !== NO_EVALUATION) evaluations.set(unit, evaluation)
  }
  return {
    units,
    bindings,
    exports,
    stars,
    imports,
    assigners,
    fixed,
    withoutThis: new Set(
      body
        .flatMap(callables)
        .filter(isWithoutThis)
        .map(([name]) => name),
    ),
    classes,
    shapes: new Map([...constants].flatMap(shapesOf)),
    evaluations,
    outside: carriersOf(syntax).names,
    ...deedsOf(syntax.root),
    nodes,
  }

  /** The function of the engine that is called, under whichever name it is imported. */
  function engineCall(callee: unknown): string | undefined {
    const [name = '', ...members] = memberPath(callee)
    const bound = bindings.get(name)
    if (bound?.kind !== 'import') return undefined
    const [called, ...more] = bound.name === '*' ? members : [bound.name, ...members]
    // `step.map` makes a step, too.
    const isKnown = more.length === 0 || (called === 'step' && more.join('.') === 'map')
    if (called === undefined || !isKnown) return undefined
    return ENGINE_CALLS.get(bound.specifier)?.has(called) ? called : undefined
  }

  function shapesOf([name, value]: readonly [string, SyntaxNode]): [string, Shape][] {
    const shape = shapeOf(value, (callee) => engineCall(callee) === 'matrix')
    return shape === 'other' ? [] : [[name, shape]]
  }

  /** Whether a function cannot tell what it is called as a member of. */
  function isWithoutThis([name, node]: readonly [string, SyntaxNode]): boolean {
    if (name !== 'default' && !fixed.has(name)) return false
    if (/^(?:Arrow)?Function/.test(node.type)) return !scopes.withThis.has(node)
    return ['ClassDeclaration', 'ClassExpression', 'Literal'].includes(node.type)
  }

  function kindOf(name: string): 'unit' | 'import' | 'namespace' | undefined {
    const bound = bindings.get(name)
    return bound?.kind === 'import' && bound.name === '*' ? 'namespace' : bound?.kind
  }

  function visit(node: SyntaxNode): void {
    if (isType(node)) return
    switch (node.type) {
      case 'ImportDeclaration':
      case 'EmptyStatement':
        return
      case 'VariableDeclaration':
        for (const declarator of node['declarations'] as SyntaxNode[]) {
          declare(declarator, node['kind'] as string)
        }
        return
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
      case 'TSEnumDeclaration': {
        bind([identifierName(node['id']) ?? ''], addDeclaration(node))
        return
      }
      case 'ExportNamedDeclaration':
        return visitExport(node)
      case 'ExportAllDeclaration':
        return visitStar(node)
      case 'ExportDefaultDeclaration':
        return visitDefault(node)
      default:
        add(node, `line ${lineOf(syntax, node.start)}`, true)
    }
  }

  function declare(declarator: SyntaxNode, kind: string): void {
    const { id, init } = declarator
    const names = boundNames(id)
    const options = stepOptions(init, known)
    if (options !== undefined && identifierName(id) !== undefined) {
      // A step shows nothing of itself to the code of others.
      bind(names, addOpaque(declarator, names.join(', '), 'a step', false))
      for (const { value, use } of options) {
        const assumes: Assumption[] = []
        const inert = isInert(value, known, assumes, use)
        if (inert && assumes.length === 0) continue
        add(value as SyntaxNode, `an option of ${names.join(', ')}`, !inert, assumes)
      }
      return
    }
    // A `var` can be read before it is set.
    const plain = identifierName(id) !== undefined && (kind === 'const' || kind === 'let')
    const assumes: Assumption[] = []
    const extended = extendedFunction(init, known, assumes)
    const extendsOwn = extended !== undefined && functions.has(extended) && fixed.has(extended)
    const inert = plain && (extendsOwn || isInert(init, known, assumes))
    const unit = add(declarator, names.join(', '), !inert, assumes)
    bind(names, unit)
    // Users of the function meet what was added to it.
    if (plain && extendsOwn) {
      addAssigner(extended, unit)
      // When that happened counts for all, what was added does not.
      addOpaque(declarator, `the extension of ${extended}`, `an extension of ${extended}`, true)
    }
  }

  function addDeclaration(node: SyntaxNode): Unit {
    const name = identifierName(node['id']) ?? 'default'
    if (node.type === 'TSEnumDeclaration') return add(node, name, !isPlainEnum(node))
    const assumes: Assumption[] = []
    return add(node, name, !isInert(node, known, assumes), assumes)
  }

  function visitExport(node: SyntaxNode): void {
    const { declaration, source, specifiers, exportKind } = node
    if (exportKind === 'type') return
    if (isNode(declaration)) {
      visit(declaration)
      const declared =
        declaration.type === 'VariableDeclaration'
          ? (declaration['declarations'] as SyntaxNode[]).flatMap(({ id }) => boundNames(id))
          : [identifierName(declaration['id']) ?? '']
      for (const name of declared) later.push({ exported: name, local: name })
      return
    }
    const from = literalText(source)
    for (const { local, exported, exportKind: kind } of specifiers as SyntaxNode[]) {
      if (kind === 'type') continue
      const [inner, outer] = [nameOf(local), nameOf(exported)]
      if (from === undefined) later.push({ exported: outer, local: inner })
      else exports.set(outer, { kind: 'import', specifier: from, name: inner })
    }
  }

  function visitStar({ source, exported, exportKind }: SyntaxNode): void {
    if (exportKind === 'type') return
    const specifier = literalText(source) ?? ''
    if (isNode(exported)) exports.set(nameOf(exported), { kind: 'import', specifier, name: '*' })
    else stars.push(specifier)
  }

  function visitDefault({ declaration }: SyntaxNode): void {
    const node = declaration as SyntaxNode
    const unit = addDeclaration(node)
    const name = identifierName(node['id'])
    if (name !== undefined) bind([name], unit)
    // The value of an expression gets that name once, and no code can assign another one.
    else if (node.type.endsWith('Expression')) fixed.add('default')
    // `export default x` is another name for `x`.
    exports.set('default', { kind: 'unit', unit, name: 'default', place: 0 })
  }

  function addImport(node: SyntaxNode): void {
    const { source, specifiers, importKind } = node
    if (importKind === 'type') return
    const specifier = literalText(source) ?? ''
    for (const { type, local, imported, importKind: kind } of specifiers as SyntaxNode[]) {
      if (kind === 'type') continue
      const name =
        type === 'ImportSpecifier'
          ? nameOf(imported)
          : type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*'
      bindings.set(nameOf(local), { kind: 'import', specifier, name })
    }
  }

  function bind(names: readonly string[], unit: Unit): void {
    for (const [place, name] of names.entries()) {
      const before = bindings.get(name)
      // Declared twice (`var`, or an enum in two parts): each of them makes what the name stands for.
      if (before?.kind === 'unit') addAssigner(name, before.unit)
      bindings.set(name, { kind: 'unit', unit, name, place })
    }
  }

  function add(
    node: SyntaxNode,
    label: string,
    isEffect: boolean,
    assumes: readonly Assumption[] = [],
  ): Unit {
    const unit = makeUnit(syntax, node, label, isEffect, assumes)
    nodes.set(unit, node)
    units.push(unit)
    return unit
  }

  /** A unit of which only that it is there counts, not what it names. */
  function addOpaque(node: SyntaxNode, label: string, text: string, isEffect: boolean): Unit {
    const digest = digestText(text)
    const lines = linesOf(syntax, node)
    const unit: Unit = {
      label,
      lines,
      digest,
      mentions: [],
      references: NOTHING,
      isEffect,
      assumes: [],
    }
    nodes.set(unit, node)
    units.push(unit)
    return unit
  }

  function addAssigner(name: string, unit: Unit): void {
    assigners.set(name, [...(assigners.get(name) ?? []), unit])
  }
}

/**
 * Names whose value is the same from the start of the module to its end: of functions, and of constants
 * and classes, which cannot be read before they are there.
 */
function fixedNames(statement: SyntaxNode): string[] {
  const node = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') {
    const name = identifierName(node['id'])
    return name === undefined ? [] : [name]
  }
  return constantsOf(statement).map(([name]) => name)
}

/** The constants that a statement declares, with their values as written. */
function constantsOf(statement: SyntaxNode): [string, SyntaxNode][] {
  const node = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (node.type !== 'VariableDeclaration' || node['kind'] !== 'const') return []
  return (node['declarations'] as SyntaxNode[]).flatMap(({ id, init }) => {
    const name = identifierName(id)
    return name === undefined || !isNode(init) ? [] : [[name, init] as [string, SyntaxNode]]
  })
}

/** The module that a statement imports or exports from: modules are loaded in the order of these. */
function importOf(statement: SyntaxNode): { specifier: string; isBare: boolean }[] {
  const { type, source, specifiers = [], importKind, exportKind } = statement
  const specifier = literalText(source)
  if (specifier === undefined || importKind === 'type' || exportKind === 'type') return []
  // With types alone between the braces, the module is still loaded.
  const names = (specifiers as SyntaxNode[]).filter((each) => {
    return each['importKind'] !== 'type' && each['exportKind'] !== 'type'
  })
  return [{ specifier, isBare: names.length === 0 && type !== 'ExportAllDeclaration' }]
}

/** The name of a function that a statement declares. */
function functionNames(statement: SyntaxNode): string[] {
  const node = isNode(statement['declaration']) ? statement['declaration'] : statement
  const name = node.type === 'FunctionDeclaration' ? identifierName(node['id']) : undefined
  return name === undefined ? [] : [name]
}

/** What a statement declares or exports that may be called as a member of the module. */
function callables(statement: SyntaxNode): [string, SyntaxNode][] {
  const node = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (statement.type === 'ExportDefaultDeclaration') return [['default', node]]
  const name = identifierName(node['id'])
  if (name !== undefined && /^(?:Function|Class)Declaration$/.test(node.type)) return [[name, node]]
  return constantsOf(statement)
}

/** The name of a class that a statement declares. */
function classNames(statement: SyntaxNode): string[] {
  const node = isNode(statement['declaration']) ? statement['declaration'] : statement
  const name = node.type === 'ClassDeclaration' ? identifierName(node['id']) : undefined
  return name === undefined ? [] : [name]
}

const DEFINERS =
  /^(?:define(?:Property|Properties)|__define[GS]etter__|setPrototypeOf|Reflect|Proxy)$/
const PLATFORM = new Set(['Array', 'Map', 'Object', 'Reflect', 'Set', 'Symbol'])

/**
 * Whether a module does more with the objects of the platform than to call their functions: it might
 * replace one. So might one that gets at a prototype. And whether it names what turns members into getters.
 */
function deedsOf(root: SyntaxNode): Pick<Units, 'mayPatch' | 'mayDefine'> {
  let [mayPatch, mayDefine] = [false, false]
  walk(root, (node, ancestors) => {
    if (isType(node)) return false
    const member = node.type === 'MemberExpression' ? node : undefined
    const name = identifierName(member?.['property']) ?? literalText(member?.['property'])
    if (/^(?:prototype|__proto__|getPrototypeOf)$/.test(name ?? '')) mayPatch = true
    if (DEFINERS.test(identifierName(node) ?? literalText(node) ?? '')) mayDefine = true
    const isGlobal = /^global(?:This)?$/.test(identifierName(member?.['object']) ?? '')
    if (isGlobal && PLATFORM.has(name ?? '')) mayPatch = true
    if (PLATFORM.has(identifierName(node) ?? '')) {
      const [above, parent] = ancestors.slice(-2)
      const isCallee = parent?.['callee'] === node
      const isPart = parent?.type === 'MemberExpression' && parent['object'] === node
      const isRead = isPart && parent['computed'] !== true && isPlainUse(parent, above)
      const isOther = parent?.type === 'MemberExpression' && !isPart && parent['computed'] !== true
      const isCompared = parent?.type === 'BinaryExpression' || parent?.['superClass'] === node
      if (!isCallee && !isRead && !isOther && !isCompared) mayPatch = true
    }
    return !mayPatch || !mayDefine
  })
  // What it has of them under another name may do either.
  return { mayPatch, mayDefine: mayDefine || mayPatch }
}

/** Whether a member of an object of the platform is called or read, not set. */
function isPlainUse(member: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent?.['callee'] === member) return true
  return !/^(?:Assignment|Update|Unary|MemberE)/.test(parent?.type ?? '')
}

const NOTHING: References = { modules: [], assets: [], env: [], unclear: [] }

/** The unit of the functions that a `step()` call is given, as written there. */
export function functionUnit(syntax: Syntax, node: SyntaxNode, label: string): Unit {
  return makeUnit(syntax, node, label, false)
}

function makeUnit(
  syntax: Syntax,
  node: SyntaxNode,
  label: string,
  isEffect: boolean,
  assumes: readonly Assumption[] = [],
): Unit {
  const state = stateUseOf(node, syntax)
  const { text, mentions } = canonical(node, scopesOf(syntax))
  return {
    label,
    lines: linesOf(syntax, node),
    digest: digestText(text),
    mentions,
    references: collectReferences({ ...syntax, root: node }, namesBySource(syntax.root)),
    isEffect,
    assumes,
    ...(state !== undefined && { state }),
  }
}

function linesOf(syntax: Syntax, { start, end }: SyntaxNode): [number, number] {
  return [lineOf(syntax, start), lineOf(syntax, Math.max(start, end - 1))]
}

/** The values of the options of a `step()` call that writes them out. */
function stepOptions(
  node: unknown,
  { engineCall }: Names,
): readonly { readonly value: unknown; readonly use: Use }[] | undefined {
  if (!isNode(node) || node.type !== 'CallExpression') return undefined
  const called = engineCall(node['callee'])
  const [options, ...others] = node['arguments'] as SyntaxNode[]
  if (called === undefined || others.length > 0) return undefined
  if (options?.type !== 'ObjectExpression') return undefined
  return writtenOptions(options)?.map(({ key, value }) => {
    return { value, use: CODE_OPTIONS.has(identifierName(key) ?? '') ? 'given' : 'data' }
  })
}

function isPlainEnum({ body, members }: SyntaxNode): boolean {
  const list = (members ?? (body as SyntaxNode | undefined)?.['members']) as
    SyntaxNode[] | undefined
  return (
    list?.every(({ initializer }) => initializer === null || isInert(initializer, NO_NAMES, [])) ??
    false
  )
}

function nameOf(node: unknown): string {
  return identifierName(node) ?? literalText(node) ?? ''
}
