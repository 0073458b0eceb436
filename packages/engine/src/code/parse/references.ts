import { boundNames } from './patterns.ts'
import {
  identifierName,
  isNode,
  isType,
  lineOf,
  literalText,
  walk,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/** What a module refers to outside of itself. */
export interface References {
  /** Specifiers of imported modules, static or not. */
  readonly modules: readonly Reference[]
  /** Relative URLs of files beside it, as in `new URL('./words.txt', import.meta.url)`. */
  readonly assets: readonly Reference[]
  /** Names of environment variables. */
  readonly env: readonly string[]
  /** References that cannot be followed. */
  readonly unclear: readonly Unclear[]
}

export interface Reference {
  readonly specifier: string
  readonly line: number
  /** Whether the path alone is asked for, so that the file may be read as text. */
  readonly isPath?: boolean
}

export interface Unclear {
  readonly what: string
  readonly line: number
  readonly todo: string
}

const GLOBALS = new Set(['globalThis', 'global'])
/** Members of `process` by which code gets at other code, the environment or what it was started with. */
const PROCESS_GATES = new Set(
  'argv argv0 binding dlopen env execArgv getBuiltinModule mainModule stdin'.split(' '),
)
/** Modules of Node that give access to the environment, to loaders or to the evaluation of text. */
const GATES = /^(?:node:)?(process|module|vm|inspector|inspector\/promises|repl)$/

const PATH = /^(?:node:)?path(?:\/posix|\/win32)?$/

const ADVICE = {
  module: 'name the module literally, in an import',
  query: 'import the module without it',
  code: 'write the code out',
  env: 'write process.env.NAME, or declare it with env()',
  file: "declare it with file(), or write new URL('./name', import.meta.url)",
} as const

type Say = (what: string, todo: string) => void

/**
 * Collects what a module refers to. A few plain forms are followed. Any other use of what gives access
 * to modules, files beside the code, the environment or the evaluation of text is named as unclear,
 * whatever it turns out to do: it is the forms that are listed, not the dangers.
 *
 * @param sources what `namesBySource` says of the module
 */
export function collectReferences(
  syntax: Syntax,
  sources: ReadonlyMap<string, string> = namesBySource(syntax.root),
): References {
  const modules: Reference[] = []
  const assets: Reference[] = []
  const env = new Set<string>()
  const unclear: Unclear[] = []
  /** Nodes that are part of a plain form: they need no doubt of their own. */
  const plain = new Set<unknown>()

  walk(syntax.root, (node, ancestors) => {
    if (isType(node)) return false
    const parent = ancestors.at(-1)
    const line = lineOf(syntax, node.start)
    const doubt: Say = (what, todo) => unclear.push({ what, line, todo })
    const follow = (argument: unknown, what: string): void => {
      const specifier = literalText(argument)
      if (specifier === undefined) doubt(`a computed ${what}`, ADVICE.module)
      else if (GATES.test(specifier)) doubt(`all of ${specifier}`, ADVICE.env)
      // With a query, a module is loaded once more, with a state of its own.
      else if (/.[?#]/.test(specifier)) doubt(`a query in ${specifier}`, ADVICE.query)
      else modules.push({ specifier, line, isPath: what.includes('resolve') })
    }
    switch (node.type) {
      case 'ImportDeclaration':
        if (node['importKind'] === 'type') return false
        if (GATES.test(literalText(node['source']) ?? '')) visitGate(node, doubt)
        else follow(node['source'], 'import')
        // The names that it binds are looked at where they are used.
        return false
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        if (node['exportKind'] === 'type') return false
        if (isNode(node['source'])) follow(node['source'], 'import')
        break
      case 'TSExternalModuleReference':
        follow(node['expression'], 'import')
        break
      case 'JSXElement':
      case 'JSXFragment':
        doubt('JSX, which calls a package that it does not name', ADVICE.code)
        break
      case 'ImportExpression':
        follow(node['source'], 'import()')
        break
      case 'VariableDeclarator':
        visitVariable(node)
        break
      case 'CallExpression':
      case 'NewExpression':
        visitCall(node, line, follow)
        break
      case 'MemberExpression':
        visitMember(node, ancestors, doubt)
        break
      case 'Property':
        visitKey(node, parent, doubt)
        break
      case 'MetaProperty':
        if (!plain.has(node)) doubt('import.meta as a whole', ADVICE.file)
        break
      case 'Identifier':
        if (!plain.has(node) && !isMemberName(node, parent)) visitName(node, parent, doubt)
        break
      default:
    }
    return true
  })
  return { modules, assets, env: [...env], unclear }

  function isFrom(name: string, pattern: RegExp): boolean {
    return pattern.test(sources.get(name) ?? '')
  }

  /** Whether a name is that of the platform, or imported from the module of Node that has it. */
  function isOf(name: string, pattern: RegExp): boolean {
    return !sources.has(name) || isFrom(name, pattern)
  }

  /** Whether it is `join` or `resolve` of Node's module for paths. */
  function isJoin(callee: unknown): boolean {
    const name = identifierName(callee) ?? memberName(callee) ?? ''
    if (!['join', 'resolve'].includes(name)) return false
    if (identifierName(callee) !== undefined) return isFrom(name, PATH)
    const { object } = callee as SyntaxNode
    return isFrom(identifierName(object) ?? '', PATH) || PATH.test(requiredBy(object) ?? '')
  }

  /** `const require = createRequire(import.meta.url)` */
  function visitVariable({ id, init }: SyntaxNode): void {
    if (identifierName(id) !== 'require' || !isNode(init) || init.type !== 'CallExpression') return
    const { callee, arguments: args } = init
    const [first] = args as SyntaxNode[]
    if (identifierName(callee) !== 'createRequire' || !isMeta(first, 'url')) return
    if (!isOf('createRequire', GATES)) return
    plain.add(id).add(callee).add(first)
  }

  function visitCall(
    { callee, arguments: args }: SyntaxNode,
    line: number,
    follow: (argument: unknown, what: string) => void,
  ): void {
    const [first, second, ...others] = args as SyntaxNode[]
    const name = identifierName(callee)
    const method = memberName(callee)
    const object = isNode(callee) ? callee['object'] : undefined
    if (name === 'require') {
      plain.add(callee)
      follow(first, 'require()')
    } else if (method === 'resolve' && identifierName(object) === 'require') {
      plain.add(object)
      follow(first, 'require.resolve()')
    } else if (isMeta(callee, 'resolve')) {
      plain.add(callee)
      follow(first, 'import.meta.resolve()')
    } else if (name === 'URL' && isOf(name, /^(?:node:)?url$/) && isMeta(second, 'url')) {
      const specifier = literalText(first)
      if (specifier !== undefined) {
        plain.add(second)
        assets.push({ specifier, line })
      }
    } else if (isJoin(callee)) {
      const here = isMeta(first, 'dirname') || identifierName(first) === '__dirname'
      const parts = [second, ...others].map((part) => literalText(part) ?? '/')
      if (here && parts.every((part) => !part.startsWith('/'))) {
        plain.add(first)
        assets.push({
          specifier: `./${parts
            .flatMap((part) => part.split('/'))
            .map(encodeURIComponent)
            .join('/')}`,
          line,
        })
      }
    }
  }

  function visitMember(node: SyntaxNode, ancestors: readonly SyntaxNode[], doubt: Say): void {
    const { object } = node
    const parent = ancestors.at(-1)
    const name = memberName(node)
    // `globalThis.process` is `process`.
    const isGlobal = isNode(object) && isOfGlobal(object)
    const of = (isGlobal ? memberName(object) : identifierName(object)) ?? ''
    if (isNode(object) && object.type === 'MetaProperty') {
      plain.add(object)
      const harmless = name === 'main' || plain.has(node)
      if (!harmless) doubt(`import.meta.${name ?? '[...]'}`, ADVICE.file)
    } else if (of === 'process' && name !== undefined) {
      plain.add(object)
      if (name === 'env') visitEnv(node, parent, doubt)
      else if (PROCESS_GATES.has(name)) doubt(`process.${name}`, ADVICE.env)
    } else if (name === 'constructor' && mayEvaluate(node, parent)) {
      doubt('a constructor as a value, which may evaluate text', ADVICE.code)
    } else if (of === 'module' && name === 'exports') {
      plain.add(object)
    } else if (isOfGlobal(node) && isHarmless(node, ancestors)) {
      plain.add(object)
    }
  }

  /** Whether a member of the global object is read no otherwise than a name of the platform may be. */
  function isHarmless(node: SyntaxNode, ancestors: readonly SyntaxNode[]): boolean {
    const parent = ancestors.at(-1)
    if (isTested(parent)) return true
    const name = memberName(node) ?? ''
    // What is read of it is looked at in turn.
    if (name === 'process') return parent?.['object'] === node && memberName(parent) !== undefined
    return !isGate(name) && !isWritten([...ancestors, node])
  }

  /** `{ constructor: Make } = f`, `new Worker(text, { eval: true })` */
  function visitKey({ key }: SyntaxNode, parent: SyntaxNode | undefined, doubt: Say): void {
    const name = identifierName(key) ?? literalText(key)
    if (name === 'eval') doubt('an option named eval', ADVICE.code)
    if (name === 'constructor' && parent?.type === 'ObjectPattern')
      doubt('a constructor as a value, which may evaluate text', ADVICE.code)
  }

  function visitEnv(member: SyntaxNode, parent: SyntaxNode | undefined, doubt: Say): void {
    const names = envNames(member, parent)
    if (names === undefined) doubt('process.env as a whole, or by a computed name', ADVICE.env)
    else for (const name of names) env.add(name)
  }

  function visitName(node: SyntaxNode, parent: SyntaxNode | undefined, doubt: Say): void {
    const name = identifierName(node) ?? ''
    if (!isGate(name)) return
    // `x instanceof Function` calls nothing, nor does `'fetch' in globalThis`.
    if ((name === 'Function' || GLOBALS.has(name)) && isTested(parent)) return
    // A module in the syntax of today has no `module`: there it is a name like any other.
    if (name === 'module' && syntax.isModule) return
    if (name === 'eval') doubt('eval', ADVICE.code)
    else if (name === 'Function') doubt('new Function', ADVICE.code)
    else doubt(`${name} as a value`, name === 'process' ? ADVICE.env : ADVICE.code)
  }
}

// Asked for every step of a module; a syntax tree never changes.
const SOURCES = new WeakMap<SyntaxNode, ReadonlyMap<string, string>>()

/**
 * The names that a module binds, with the specifier of the module each is imported from; empty for one
 * that is bound in another way, anywhere in the module.
 */
export function namesBySource(root: SyntaxNode): ReadonlyMap<string, string> {
  const known = SOURCES.get(root)
  if (known !== undefined) return known
  const sources = new Map<string, string>()
  SOURCES.set(root, sources)
  const bind = (nodes: unknown, source = ''): void => {
    for (const node of [nodes].flat()) {
      for (const name of boundNames(node)) {
        sources.set(name, (sources.get(name) ?? source) === source ? source : '')
      }
    }
  }
  walk(root, ({ type, specifiers, source, id, init, params, param }) => {
    if (type === 'ImportDeclaration') {
      for (const { local } of specifiers as SyntaxNode[]) bind(local, literalText(source))
    } else if (type === 'VariableDeclarator') bind(id, requiredBy(init))
    else if (/Function|Class/.test(type)) bind([id, params].flat())
    else if (type === 'CatchClause') bind(param)
  })
  return sources
}

/** The specifier of `require('x')`. */
function requiredBy(node: unknown): string | undefined {
  if (!isNode(node) || node.type !== 'CallExpression') return undefined
  return identifierName(node['callee']) === 'require'
    ? literalText((node['arguments'] as unknown[])[0])
    : undefined
}

/**
 * Whether `x.constructor` may be that of a function, and called: not where it is compared, asked for its
 * name, or that of `this`.
 */
function mayEvaluate(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent?.type === 'BinaryExpression') return false
  if (parent?.type === 'MemberExpression' && parent['object'] === node)
    return memberName(parent) !== 'name'
  return !isNode(node['object']) || node['object'].type !== 'ThisExpression'
}

/** `globalThis.x` */
function isOfGlobal(node: SyntaxNode): boolean {
  return GLOBALS.has(identifierName(node['object']) ?? '') && memberName(node) !== undefined
}

/** Whether all that is asked of a value is what it is: `typeof x`, `x === y`, `'a' in x`. */
function isTested(parent: SyntaxNode | undefined): boolean {
  return (
    parent?.type === 'BinaryExpression' ||
    (parent?.type === 'UnaryExpression' && parent['operator'] === 'typeof')
  )
}

/** Whether something is assigned to the last of some nodes, or to a member of it. */
function isWritten(way: readonly SyntaxNode[]): boolean {
  for (let depth = way.length - 1; depth > 0; depth -= 1) {
    const [parent, node] = [way[depth - 1], way[depth]]
    if (parent === undefined) return false
    const { type, left } = parent
    if (/^(?:Update|Array.?Pattern|Rest|ForIn|ForOf)/.test(type))
      return type[0] !== 'F' || left === node
    if (type === 'AssignmentExpression' || type === 'AssignmentPattern') return left === node
    if (type === 'UnaryExpression') return parent['operator'] === 'delete'
    if (type === 'Property') return way[depth - 2]?.type === 'ObjectPattern'
    const isThrough = parent['object'] === node || /^(?:Chain|TS|Parenthesized)/.test(type)
    if (!isThrough) return false
  }
  return false
}

/** Whether a global name gives access to what must be followed. */
function isGate(name: string): boolean {
  const gates = ['process', 'eval', 'Function', 'require', 'module', 'createRequire']
  return gates.includes(name) || GLOBALS.has(name) || name === '__dirname' || name === '__filename'
}

/** An import from one of Node's modules that are gates: only what is harmless may be imported. */
function visitGate({ source, specifiers }: SyntaxNode, doubt: Say): void {
  const from = literalText(source) ?? ''
  for (const { type, imported, local, importKind } of specifiers as SyntaxNode[]) {
    if (importKind === 'type') continue
    const name = type === 'ImportSpecifier' ? identifierName(imported) : undefined
    const harmless = from.endsWith('process')
      ? name !== undefined && name !== 'default' && !PROCESS_GATES.has(name)
      : // It is a gate by its own name, and looked at where it is called.
        name === 'createRequire' && identifierName(local) === name
    if (!harmless)
      doubt(`${name ?? 'all'} of ${from}`, from.endsWith('process') ? ADVICE.env : ADVICE.code)
  }
}

/** Whether an identifier is the name of a member or of a property, not a variable. */
function isMemberName(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || parent['computed'] === true) return false
  if (parent.type === 'MemberExpression') return parent['property'] === node
  const keyed = ['Property', 'MethodDefinition', 'PropertyDefinition', 'AccessorProperty']
  return keyed.includes(parent.type) && parent['key'] === node && parent['value'] !== node
}

/** The variables read by `process.env.A`, `process.env['A']` or `const { A } = process.env`. */
function envNames(member: SyntaxNode, parent: SyntaxNode | undefined): string[] | undefined {
  if (parent?.type === 'MemberExpression' && parent['object'] === member) {
    const name = memberName(parent)
    return name === undefined ? undefined : [name]
  }
  const pattern = parent?.type === 'VariableDeclarator' ? parent['id'] : undefined
  if (!isNode(pattern) || pattern.type !== 'ObjectPattern') return undefined
  const names = (pattern['properties'] as SyntaxNode[]).map(({ key, computed }) =>
    computed === true ? undefined : (identifierName(key) ?? literalText(key)),
  )
  return names.every((name) => name !== undefined) ? names : undefined
}

/** The name of the member that a member expression reads, when it is written out. */
function memberName(node: unknown): string | undefined {
  if (!isNode(node) || node.type !== 'MemberExpression') return undefined
  return node['computed'] === true
    ? literalText(node['property'])
    : identifierName(node['property'])
}

/** Whether a node is `import.meta.<name>`. */
function isMeta(node: unknown, name: string): boolean {
  if (!isNode(node) || node.type !== 'MemberExpression' || memberName(node) !== name) return false
  return isNode(node['object']) && node['object'].type === 'MetaProperty'
}
