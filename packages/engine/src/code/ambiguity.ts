import { codeOptions, dependsOption, type Call } from './calls.ts'
import { assignedIn, declaredIn, namesIn } from './names.ts'
import { identifierName, isNode, type Syntax, type SyntaxNode } from './syntax.ts'

/** How well the function of a step is known from the call that makes the step. */
export type Knowledge =
  /** The function is what is written there, whichever evaluation of the call it is. */
  | {
      readonly kind: 'written'
      readonly functions: readonly SyntaxNode[]
      /** What else the code depends on, as written. */
      readonly dependsOn?: SyntaxNode
    }
  /** The call is evaluated once, so its place says which function it is. */
  | { readonly kind: 'placed' }
  /** Two steps may have the same source and different functions. */
  | { readonly kind: 'ambiguous'; readonly what: string }

/**
 * A call at the top level of a module is made once, so its place says which function it is about. One
 * in a loop or a function may be made many times, with other values of what is bound around it: there,
 * the function must be written out and use nothing of that, or be the same each time. Names are
 * compared without regard to shadowing, which errs towards doubt.
 */
export function knowledgeOf(
  syntax: Syntax,
  call: Call,
  direct: boolean,
  modules: () => Iterable<Syntax>,
): Knowledge {
  const what = 'it is made by another function that calls step()'
  if (!direct) return { kind: 'ambiguous', what }
  const repeated = call.ancestors.some(repeats)
  const unclear = (why: string): Knowledge =>
    repeated ? { kind: 'ambiguous', what: why } : { kind: 'placed' }
  const functions = codeOptions(call)
  if (functions === undefined) {
    return unclear('its function is not written out, and may differ each time')
  }
  if (call.ancestors.some(({ type }) => type === 'WithStatement')) {
    return unclear('its names may be those of an object, by `with`')
  }
  const local = new Set(call.ancestors.flatMap(boundBy))
  const dependsOn = dependsOption(call)
  for (const part of [...functions, ...(dependsOn === undefined ? [] : [dependsOn])]) {
    const captured = [...new Set(namesIn(part))].filter((name) => local.has(name)).toSorted()
    if (captured.length > 0) {
      return unclear(`its code captures ${captured.map((name) => `\`${name}\``).join(', ')}`)
    }
  }
  for (const part of functions) {
    if (!isConstant(part, syntax, modules)) return unclear('its function may differ each time')
  }
  return { kind: 'written', functions, ...(dependsOn !== undefined && { dependsOn }) }
}

/** Whether an expression is the same function whenever it is evaluated. */
function isConstant(part: SyntaxNode, syntax: Syntax, modules: () => Iterable<Syntax>): boolean {
  if (part.type === 'ArrowFunctionExpression' || part.type === 'FunctionExpression') return true
  const name = identifierName(part)
  if (name === undefined || variableNames(syntax).has(name)) return false
  const imported = importedName(syntax, name)
  // An import follows the variable of the other module; which module that is does not matter here.
  return imported === undefined || ![...modules()].some((other) => exportsVariable(other, imported))
}

/** Whether what is inside of a node may be evaluated more than once. */
function repeats({ type }: SyntaxNode): boolean {
  return /Function|Loop|^For|^While|^DoWhile|^ClassBody$/.test(type)
}

// Asked for every step that imports its function; a syntax tree never changes.
const VARIABLES = new WeakMap<Syntax, ReadonlySet<string>>()

/** Names at the top level of a module that may come to mean something else. */
function variableNames(syntax: Syntax): ReadonlySet<string> {
  const known = VARIABLES.get(syntax)
  if (known !== undefined) return known
  const declared = (syntax.root['body'] as SyntaxNode[]).flatMap(variablesOf)
  const names = new Set([...declared, ...assignedIn(syntax.root)])
  VARIABLES.set(syntax, names)
  return names
}

function variablesOf(statement: SyntaxNode): string[] {
  const declaration = isNode(statement['declaration']) ? statement['declaration'] : statement
  if (declaration.type !== 'VariableDeclaration' || declaration['kind'] === 'const') return []
  return declaredIn(declaration)
}

/** The name under which another module exports what is imported here as `local`. */
function importedName({ root }: Syntax, local: string): string | undefined {
  for (const { type, specifiers } of root['body'] as SyntaxNode[]) {
    if (type !== 'ImportDeclaration') continue
    const found = (specifiers as SyntaxNode[]).find(
      (each) => identifierName(each['local']) === local,
    )
    if (found !== undefined) return identifierName(found['imported']) ?? 'default'
  }
  return undefined
}

function exportsVariable(module: Syntax, name: string): boolean {
  const variable = variableNames(module)
  if (variable.has(name)) return true
  return (module.root['body'] as SyntaxNode[]).some(({ specifiers }) => {
    const exported = Array.isArray(specifiers) ? (specifiers as SyntaxNode[]) : []
    return exported.some((each) => {
      const renamed = identifierName(each['exported']) === name
      return renamed && variable.has(identifierName(each['local']) ?? '')
    })
  })
}

/** Names that a node binds for what is inside it, below the top level of the module. */
function boundBy(node: SyntaxNode): string[] {
  switch (node.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration': {
      // An arrow function sees the `this` and `arguments` of the function around it.
      const own = node.type === 'ArrowFunctionExpression' ? [] : ['this', 'arguments']
      const params = (node['params'] as SyntaxNode[]).flatMap(namesIn)
      return [...ownName(node), ...own, ...params, ...declaredIn(node['body'])]
    }
    case 'BlockStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'CatchClause':
    case 'StaticBlock':
      return [...declaredIn(node), ...(isNode(node['param']) ? namesIn(node['param']) : [])]
    case 'ClassBody':
      return ['this']
    case 'ClassExpression':
      return ownName(node)
    default:
      return []
  }
}

/** The name that a function or class expression has inside of itself. */
function ownName({ type, id }: SyntaxNode): string[] {
  return type.endsWith('Expression') && isNode(id) ? namesIn(id) : []
}
