import {
  identifierName,
  isNode,
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
}

export interface Unclear {
  readonly what: string
  readonly line: number
  readonly todo: string
}

/** Collects what a module refers to. Whatever cannot be followed is named, never passed over. */
export function collectReferences(syntax: Syntax): References {
  const modules: Reference[] = []
  const assets: Reference[] = []
  const env = new Set<string>()
  const unclear: Unclear[] = []

  walk(syntax.root, (node, ancestors) => {
    const line = () => lineOf(syntax, node.start)
    const follow = (argument: unknown, what: string) => {
      const specifier = literalText(argument)
      if (specifier === undefined) {
        unclear.push({
          what: `a computed ${what}`,
          line: line(),
          todo: 'name the module literally',
        })
      } else {
        modules.push({ specifier, line: line() })
      }
    }
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type'
        if (isNode(node['source']) && !typeOnly) follow(node['source'], 'import')
        break
      }
      case 'ImportExpression':
        follow(node['source'], 'import()')
        break
      case 'CallExpression':
        visitCall(node, follow, () =>
          unclear.push({ what: 'eval', line: line(), todo: 'write the code out' }),
        )
        break
      case 'NewExpression':
        visitNew(node)
        break
      case 'MemberExpression':
        if (isProcessEnv(node)) visitEnv(node, ancestors)
        break
      default:
    }

    function visitNew({ callee, arguments: args }: SyntaxNode): void {
      const name = identifierName(callee)
      const [first, second] = args as SyntaxNode[]
      if (name === 'Function') {
        unclear.push({ what: 'new Function', line: line(), todo: 'write the code out' })
      }
      if (name !== 'URL' || !isImportMeta(second, 'url')) return
      const specifier = literalText(first)
      if (specifier !== undefined) assets.push({ specifier, line: line() })
    }

    function visitEnv(member: SyntaxNode, path: readonly SyntaxNode[]): void {
      const parent = path.at(-1)
      const names = envNames(member, parent)
      if (names !== undefined) for (const name of names) env.add(name)
      else {
        unclear.push({
          what: 'process.env as a whole, or by a computed name',
          line: line(),
          todo: 'name the variables literally, or declare them with env()',
        })
      }
    }
  })
  return { modules, assets, env: [...env], unclear }
}

function visitCall(
  { callee, arguments: args }: SyntaxNode,
  follow: (argument: unknown, what: string) => void,
  onEval: () => void,
): void {
  const name = identifierName(callee)
  const [first] = args as SyntaxNode[]
  if (name === 'eval') onEval()
  // Also what `createRequire` returned, as long as it goes by its usual name.
  if (name === 'require') follow(first, 'require()')
  if (!isNode(callee) || callee.type !== 'MemberExpression') return
  const method = identifierName(callee['property'])
  if (method === 'resolve' && identifierName(callee['object']) === 'require')
    follow(first, 'require.resolve()')
  if (method === 'resolve' && isMetaProperty(callee['object']))
    follow(first, 'import.meta.resolve()')
}

/** The variables read by `process.env.A`, `process.env['A']` or `const { A } = process.env`. */
function envNames(member: SyntaxNode, parent: SyntaxNode | undefined): string[] | undefined {
  if (parent?.type === 'MemberExpression' && parent['object'] === member) {
    const { property, computed } = parent
    const name = computed === true ? literalText(property) : identifierName(property)
    return name === undefined ? undefined : [name]
  }
  const pattern = parent?.type === 'VariableDeclarator' ? parent['id'] : undefined
  if (!isNode(pattern) || pattern.type !== 'ObjectPattern') return undefined
  const names = (pattern['properties'] as SyntaxNode[]).map(({ key, computed }) =>
    computed === true ? undefined : (identifierName(key) ?? literalText(key)),
  )
  return names.every((name) => name !== undefined) ? names : undefined
}

function isProcessEnv({ object, property, computed }: SyntaxNode): boolean {
  const name = computed === true ? literalText(property) : identifierName(property)
  return name === 'env' && identifierName(object) === 'process'
}

function isImportMeta(node: unknown, member: string): boolean {
  if (!isNode(node) || node.type !== 'MemberExpression') return false
  return isMetaProperty(node['object']) && identifierName(node['property']) === member
}

function isMetaProperty(node: unknown): boolean {
  return isNode(node) && node.type === 'MetaProperty'
}
