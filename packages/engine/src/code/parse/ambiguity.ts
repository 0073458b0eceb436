import { codeOptions, dependsOption, type Call } from './calls.ts'
import { assignedIn, declaredIn, namesIn } from './names.ts'
import { identifierName, isNode, type Syntax, type SyntaxNode } from './syntax.ts'
import { functionUnit, type Unit } from './units.ts'

/** What is known of a call from its module alone, as plain data. */
export interface CallFacts {
  /** Its place among the calls of the file. */
  readonly index: number
  /** Whether it may be evaluated more than once. */
  readonly isRepeated: boolean
  /** Why its functions may differ each time, if what is written there says so. */
  readonly unclear: string | null
  /** Names under which other modules export its functions. */
  readonly imported: readonly string[]
  /** The functions that are handed to it, where they are written out or named. */
  readonly functions: readonly Unit[]
  /** What else the code depends on, as written. */
  readonly dependsOn: Unit | null
}

/** How well the function of a step is known from the call that makes the step. */
export type Knowledge =
  /** The function is what is written there, whichever evaluation of the call it is. */
  | 'written'
  /** The call is evaluated once, so its place says which function it is. */
  | 'placed'
  /** Two steps may have the same source and different functions. */
  | { readonly ambiguous: string }

const DIFFERS = 'its function may differ each time'

/** Takes a call apart, should it make steps. */
export function callFacts(syntax: Syntax, call: Call): CallFacts {
  const functions = codeOptions(call)
  const dependsOn = dependsOption(call)
  const imported: string[] = []
  const unit = (node: SyntaxNode, label: string): Unit => functionUnit(syntax, node, label)
  return {
    index: call.index,
    isRepeated: call.ancestors.some(repeats),
    unclear: whyUnclear(),
    imported,
    functions: (functions ?? []).map((node) => unit(node, 'its function')),
    // Whatever expression it is: all that it names is reached.
    dependsOn: dependsOn === undefined ? null : unit(dependsOn, 'its dependsOn'),
  }

  function whyUnclear(): string | null {
    if (functions === undefined) return 'its function is not written out, and may differ each time'
    if (call.ancestors.some(({ type }) => type === 'WithStatement')) {
      return 'its names may be those of an object, by `with`'
    }
    const local = new Set(call.ancestors.flatMap(boundBy))
    for (const part of [...functions, ...(dependsOn === undefined ? [] : [dependsOn])]) {
      const captured = [...new Set(namesIn(part))].filter((name) => local.has(name)).toSorted()
      if (captured.length > 0) {
        return `its code captures ${captured.map((name) => `\`${name}\``).join(', ')}`
      }
    }
    for (const part of functions) {
      if (part.type === 'ArrowFunctionExpression' || part.type === 'FunctionExpression') continue
      const name = identifierName(part)
      if (name === undefined || variableNames(syntax).has(name)) return DIFFERS
      const from = importedName(syntax, name)
      if (from !== undefined) imported.push(from)
    }
    return null
  }
}

/**
 * A call at the top level of a module is made once, so its place says which function it is about. One
 * in a loop or a function may be made many times, with other values of what is bound around it: there,
 * the function must be written out and use nothing of that, or be the same each time. Names are
 * compared without regard to shadowing, which errs towards doubt.
 *
 * @param direct whether the call is that of `step()` itself
 * @param isVariable whether some module exports a variable of that name: an import follows it, and which
 *   module it is does not matter here
 */
export function knowledgeOf(
  { isRepeated, unclear, imported }: CallFacts,
  direct: boolean,
  isVariable: (name: string) => boolean,
): Knowledge {
  if (!direct) return { ambiguous: 'it is made by another function that calls step()' }
  const why = unclear ?? (imported.some(isVariable) ? DIFFERS : null)
  if (why === null) return 'written'
  return isRepeated ? { ambiguous: why } : 'placed'
}

/** Whether what is inside of a node may be evaluated more than once. */
function repeats({ type }: SyntaxNode): boolean {
  return /Function|Loop|^For|^While|^DoWhile|^ClassBody$/.test(type)
}

// Asked for every step that names its function; a syntax tree never changes.
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

/** Names of variables of a module, and those under which it exports them. */
export function exportedVariables(syntax: Syntax): ReadonlySet<string> {
  const variables = variableNames(syntax)
  const renamed = (syntax.root['body'] as SyntaxNode[]).flatMap(({ specifiers }) => {
    const exported = Array.isArray(specifiers) ? (specifiers as SyntaxNode[]) : []
    return exported.flatMap((each) => {
      const name = identifierName(each['exported'])
      const isOne = variables.has(identifierName(each['local']) ?? '')
      return name !== undefined && isOne ? [name] : []
    })
  })
  return new Set([...variables, ...renamed])
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
