import { boundIdentifiers } from './patterns.ts'
import {
  identifierName,
  isNode,
  isType,
  literalText,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** What a name in a module stands for. */
export interface Variable {
  readonly name: string
  /** The piece of code inside of which it has that meaning; `undefined` for the whole module. */
  readonly scope: SyntaxNode | undefined
  /** Where it is declared. */
  readonly declaration: SyntaxNode
  /** Whether it has one value for as long as it can be read, unless something else assigns to it. */
  readonly kind: 'constant' | 'variable'
  /** The export that is imported under this name, `*` for all of a module. */
  readonly imported: string | undefined
  /** Whether running code can see the name: that of a function is its `name`. */
  readonly isVisible: boolean
}

/** The variables of a module. */
export interface Scopes {
  /**
   * What each identifier stands for, also where it is declared. Names of members and labels are left
   * out, and so are names that are declared nowhere: those of the platform. `this`, `super` and
   * `new.target` stand for a variable `this` of the function that they belong to.
   */
  readonly variables: ReadonlyMap<SyntaxNode, Variable>
  /** Those of the module's top level, by name. */
  readonly ofModule: ReadonlyMap<string, Variable>
  /** Identifiers that may as well stand for a member of an enum or of a namespace of TypeScript. */
  readonly unclear: ReadonlySet<SyntaxNode>
  /** Functions that look at their `this`. */
  readonly withThis: ReadonlySet<SyntaxNode>
}

interface MutableVariable extends Variable {
  kind: Variable['kind']
  isVisible: boolean
}

class Scope {
  readonly names = new Map<string, MutableVariable>()
  readonly parent: Scope | undefined
  readonly node: SyntaxNode | undefined
  /** Of a body: where the parameters are, of which a `var` in the body may be one. */
  readonly params: Scope | undefined
  readonly isTypeScript: boolean
  readonly #hoists: boolean

  constructor(
    parent: Scope | undefined,
    node: SyntaxNode | undefined,
    { hoists = false, params, isTypeScript = false }: ScopeOptions = {},
  ) {
    this.parent = parent
    this.node = node
    this.params = params
    this.#hoists = hoists
    this.isTypeScript = isTypeScript || (parent?.isTypeScript ?? false)
  }

  /** Where a `var` belongs to. */
  get forVar(): Scope {
    return this.#hoists || this.parent === undefined ? this : this.parent.forVar
  }

  find(name: string): MutableVariable | undefined {
    return this.names.get(name) ?? this.parent?.find(name)
  }
}

interface ScopeOptions {
  /** Whether it is that of a body, to which a `var` belongs. @default false */
  readonly hoists?: boolean
  readonly params?: Scope
  /** Whether names may stand for members of an enum or a namespace, of which not all are known. @default false */
  readonly isTypeScript?: boolean
}

// Asked for by all that looks at a module; a syntax tree never changes.
const KNOWN = new WeakMap<SyntaxNode, Scopes>()

/** Finds what the names in a module stand for. */
export function scopesOf({ root, isModule }: Pick<Syntax, 'root' | 'isModule'>): Scopes {
  const known = KNOWN.get(root)
  if (known !== undefined) return known
  const variables = new Map<SyntaxNode, Variable>()
  const unclear = new Set<SyntaxNode>()
  const withThis = new Set<SyntaxNode>()
  // What a name stands for is known when all declarations are.
  const uses: (readonly [node: SyntaxNode, name: string, scope: Scope])[] = []
  const named: (readonly [name: string, scope: Scope])[] = []

  const top = new Scope(undefined, undefined, { hoists: true })
  visitAll(root['body'], top)
  for (const [name, scope] of named) {
    const variable = scope.find(name)
    if (variable !== undefined) variable.isVisible = true
  }
  for (const [node, name, scope] of uses) {
    const variable = scope.find(name)
    if (variable === undefined) continue
    variables.set(node, variable)
    if (scope.isTypeScript) {
      variable.isVisible = true
      unclear.add(node)
    }
    if (name === 'this' && variable.scope !== undefined) withThis.add(variable.scope)
  }
  const scopes = { variables, ofModule: top.names, unclear, withThis }
  KNOWN.set(root, scopes)
  return scopes

  function visitAll(nodes: unknown, scope: Scope): void {
    for (const node of nodes as unknown[]) visit(node, scope)
  }

  function visit(node: unknown, scope: Scope): void {
    if (!isNode(node) || isType(node)) return
    switch (node.type) {
      case 'Identifier':
      case 'JSXIdentifier':
        visitAll(node['decorators'] ?? [], scope)
        uses.push([node, node['name'] as string, scope])
        return
      case 'ThisExpression':
      case 'Super':
        uses.push([node, 'this', scope])
        return
      case 'MetaProperty':
        if (identifierName(node['meta']) === 'new') uses.push([node, 'this', scope])
        return
      case 'MemberExpression':
        visit(node['object'], scope)
        if (node['computed'] === true) visit(node['property'], scope)
        return
      case 'Property':
      case 'MethodDefinition':
        return visitMember(node, scope, scope)
      case 'PropertyDefinition':
      case 'AccessorProperty':
        return visitMember(node, scope, functionScope(node, scope))
      case 'LabeledStatement':
        return visit(node['body'], scope)
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'VariableDeclaration':
        return visitVariables(node, scope)
      case 'AssignmentExpression':
      case 'AssignmentPattern':
        nameValue(node['left'], node['right'], scope)
        return visitParts(node, scope)
      case 'FunctionDeclaration':
        declareFunction(node['id'], scope)
        return visitFunction(node, scope)
      case 'FunctionExpression':
        return visitFunction(node, ownNameScope(node, scope))
      case 'ArrowFunctionExpression':
        return visitFunction(node, scope)
      case 'ClassDeclaration':
        declare(node['id'], scope, { isVisible: true })
        return visitParts(node, scope)
      case 'ClassExpression':
        return visitParts(node, ownNameScope(node, scope))
      case 'StaticBlock':
        return visitAll(node['body'], functionScope(node, scope))
      case 'BlockStatement':
        return visitAll(node['body'], new Scope(scope, node))
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return visitParts(node, new Scope(scope, node))
      case 'SwitchStatement':
        visit(node['discriminant'], scope)
        return visitAll(node['cases'], new Scope(scope, node))
      case 'CatchClause': {
        const inner = new Scope(scope, node)
        for (const each of boundIdentifiers(node['param'])) declare(each, inner)
        return visitParts(node, inner)
      }
      case 'ImportDeclaration':
        return visitImport(node, scope)
      case 'ImportExpression':
        visit(node['source'], scope)
        return visit(node['options'], scope)
      case 'ExportAllDeclaration':
        return
      case 'ExportNamedDeclaration':
        if (!isNode(node['source'])) visitParts(node, scope)
        return
      case 'ExportSpecifier':
        return visit(node['local'], scope)
      case 'JSXAttribute':
        return visit(node['value'], scope)
      case 'JSXMemberExpression':
        return visit(node['object'], scope)
      case 'TSQualifiedName':
        return visit(node['left'], scope)
      case 'TSImportEqualsDeclaration':
        declare(node['id'], scope, { isVisible: true })
        return visitParts(node, scope)
      case 'TSEnumDeclaration':
        return visitEnum(node, scope)
      case 'TSModuleDeclaration':
        declare(node['id'], scope, { isVisible: true })
        visit(node['id'], scope)
        return visit(node['body'], scope)
      case 'TSModuleBlock':
        return visitAll(node['body'], new Scope(scope, node, { hoists: true, isTypeScript: true }))
      default:
        visitParts(node, scope)
    }
  }

  function visitParts(node: SyntaxNode, scope: Scope): void {
    for (const key of Object.keys(node)) {
      // Each of these is a type, though it is written as an expression.
      if (key === 'implements') continue
      const part = node[key]
      if (typeof part !== 'object' || part === null) continue
      if (Array.isArray(part)) visitAll(part, scope)
      else visit(part, scope)
    }
  }

  function visitMember(member: SyntaxNode, scope: Scope, inner: Scope): void {
    visitAll(member['decorators'] ?? [], scope)
    if (member['computed'] === true) visit(member['key'], scope)
    visit(member['value'], inner)
  }

  function visitVariables({ kind, declarations }: SyntaxNode, scope: Scope): void {
    for (const declarator of declarations as SyntaxNode[]) {
      for (const each of boundIdentifiers(declarator['id'])) {
        if (kind === 'var') declareVar(each, scope.forVar)
        else declare(each, scope, { kind: kind === 'let' ? 'variable' : 'constant' })
      }
      nameValue(declarator['id'], declarator['init'], scope)
      visit(declarator['id'], scope)
      visit(declarator['init'], scope)
    }
  }

  function visitFunction(node: SyntaxNode, scope: Scope): void {
    const isArrow = node.type === 'ArrowFunctionExpression'
    const params = isArrow ? new Scope(scope, node) : functionScope(node, scope)
    if (!isArrow) implicit('arguments', params)
    for (const param of node['params'] as SyntaxNode[]) {
      const isProperty = param.type === 'TSParameterProperty'
      for (const each of boundIdentifiers(param)) declare(each, params, { isVisible: isProperty })
    }
    visit(node['id'], scope)
    visitAll(node['params'], params)
    const { body } = node
    if (!isNode(body) || body.type !== 'BlockStatement') return visit(body, params)
    visitAll(body['body'], new Scope(params, body, { hoists: true, params }))
  }

  /** The scope of what has a `this` of its own. */
  function functionScope(node: SyntaxNode, scope: Scope): Scope {
    const inner = new Scope(scope, node, { hoists: node.type === 'StaticBlock' })
    implicit('this', inner)
    return inner
  }

  function implicit(name: string, scope: Scope): void {
    const { node } = scope
    if (node === undefined) return
    scope.names.set(name, {
      name,
      scope: node,
      declaration: node,
      kind: 'constant',
      imported: undefined,
      isVisible: true,
    })
  }

  function ownNameScope(node: SyntaxNode, scope: Scope): Scope {
    if (!isNode(node['id'])) return scope
    const inner = new Scope(scope, node)
    declare(node['id'], inner, { isVisible: true })
    return inner
  }

  function visitEnum(node: SyntaxNode, scope: Scope): void {
    declare(node['id'], scope, { isVisible: true })
    visit(node['id'], scope)
    const { body, members } = node
    const list = (members ?? (body as SyntaxNode)['members']) as SyntaxNode[]
    const inner = new Scope(scope, node, { isTypeScript: true })
    for (const { initializer } of list) visit(initializer, inner)
  }

  function visitImport({ specifiers, importKind }: SyntaxNode, scope: Scope): void {
    if (importKind === 'type') return
    for (const { type, local, imported, importKind: kind } of specifiers as SyntaxNode[]) {
      if (kind === 'type') continue
      const name = identifierName(imported) ?? literalText(imported)
      const whole = type === 'ImportDefaultSpecifier' ? 'default' : '*'
      declare(local, scope, { imported: name ?? whole })
    }
  }

  function declare(
    id: unknown,
    scope: Scope,
    { kind = 'constant', isVisible = false, imported }: Partial<Variable> = {},
  ): void {
    const name = identifierName(id)
    if (name === undefined) return
    const before = scope.names.get(name)
    // Declared again: a parameter, an enum in parts, a `var`.
    if (before !== undefined && before.declaration !== before.scope) {
      before.isVisible ||= isVisible
      if (kind === 'variable') before.kind = kind
      return
    }
    scope.names.set(name, {
      name,
      scope: scope.node,
      declaration: id as SyntaxNode,
      kind,
      imported,
      isVisible,
    })
  }

  /** A `var` of the name of a parameter is that parameter. */
  function declareVar(id: unknown, scope: Scope, options: Partial<Variable> = {}): void {
    const isParam = scope.params?.names.has(identifierName(id) ?? '') ?? false
    declare(id, isParam ? (scope.params as Scope) : scope, { kind: 'variable', ...options })
  }

  function declareFunction(id: unknown, scope: Scope): void {
    const options = { isVisible: true, kind: 'constant' } as const
    if (scope === scope.forVar) return declareVar(id, scope, options)
    declare(id, scope, options)
    // Outside of modules, it can be called from around its block.
    if (!isModule) declareVar(id, scope.forVar, { isVisible: true })
  }

  /** A function or class without a name of its own has that of the variable that it is assigned to. */
  function nameValue(target: unknown, value: unknown, scope: Scope): void {
    const name = identifierName(target)
    if (name !== undefined && isAnonymous(value)) named.push([name, scope])
  }
}

/** Names of variables that a piece of code uses of the functions and blocks around it. */
export function capturedIn(root: SyntaxNode, { variables }: Scopes): string[] {
  const names = new Set<string>()
  walk(root, (node) => {
    const variable = variables.get(node)
    const scope = variable?.scope
    if (variable === undefined || scope === undefined) return
    if (scope.start < root.start || root.end < scope.end) names.add(variable.name)
  })
  return [...names].toSorted()
}

function isAnonymous(value: unknown): boolean {
  if (!isNode(value)) return false
  if (/^TS(?:As|Satisfies|NonNull|TypeAssertion|Instantiation)/.test(value.type)) {
    return isAnonymous(value['expression'])
  }
  return /^(?:ArrowFunction|Function|Class)Expression$/.test(value.type) && !isNode(value['id'])
}
