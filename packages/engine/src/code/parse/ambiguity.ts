import { codeOptions, dependsOption, type Call } from './calls.ts'
import { assignedIn } from './assigned.ts'
import { boundNames } from './patterns.ts'
import { capturedIn, scopesOf } from './scopes.ts'
import { identifierName, literalText, memberPath, type Syntax, type SyntaxNode } from './syntax.ts'
import { functionUnit, type SplitUnits, type Unit } from './units.ts'

/** A function that is imported, as plain data. */
export interface ImportedFunction {
  readonly specifier: string
  /** Under which it is exported there; `*` for all of the module. */
  readonly name: string
  /** The member of it that the function is; none when it is the function itself. */
  readonly members: readonly string[]
}

/** What is known of a call from its module alone, as plain data. */
export interface CallFacts {
  /** Where it is in the statement that it is in: a text that other statements do not change. */
  readonly path: string
  /** How many units of the module come before it. */
  readonly unitsBefore: number
  /** Whether it may be evaluated more than once. */
  readonly isRepeated: boolean
  /** Whether its functions use nothing of what is bound around the call, below the top level. */
  readonly isContained: boolean
  /** Why its functions may differ each time, if what is written there says so. */
  readonly unclear: string | null
  /** Its functions that are imported. */
  readonly imported: readonly ImportedFunction[]
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
export function callFacts(syntax: Syntax, call: Call, { units, nodes }: SplitUnits): CallFacts {
  const functions = codeOptions(call)
  const dependsOn = dependsOption(call)
  const imported: ImportedFunction[] = []
  const around = surroundings()
  const unit = (node: SyntaxNode, label: string): Unit => functionUnit(syntax, node, label)
  return {
    path: pathOf(call),
    unitsBefore: units.filter((each) => (nodes.get(each)?.end ?? 0) <= call.node.start).length,
    isRepeated: call.ancestors.some(repeats),
    isContained: around === undefined,
    unclear: around ?? whyUnclear(),
    imported,
    functions: (functions ?? []).map((node) => unit(node, 'its function')),
    // Whatever expression it is: all that it names is reached.
    dependsOn: dependsOn === undefined ? null : unit(dependsOn, 'its dependsOn'),
  }

  function surroundings(): string | undefined {
    if (functions === undefined) return 'its function is not written out, and may differ each time'
    if (call.ancestors.some(({ type }) => type === 'WithStatement')) {
      return 'its names may be those of an object, by `with`'
    }
    for (const part of [...functions, ...(dependsOn === undefined ? [] : [dependsOn])]) {
      const captured = capturedIn(part, scopesOf(syntax))
      if (captured.length > 0) {
        return `its code captures ${captured.map((name) => `\`${name}\``).join(', ')}`
      }
    }
    return undefined
  }

  function whyUnclear(): string | null {
    for (const part of functions ?? []) {
      if (part.type === 'ArrowFunctionExpression' || part.type === 'FunctionExpression') continue
      const [name = '', ...members] = memberPath(part)
      const from = importOf(syntax, name)
      if (name === '' || variableNames(syntax).has(name)) return DIFFERS
      if (from !== undefined) imported.push({ ...from, members })
      else if (members.length > 0) return DIFFERS
    }
    return null
  }
}

/**
 * A call at the top level of a module is made once, so its place says which function it is about. One
 * in a loop or a function may be made many times, with other values of what is bound around it: there,
 * the function must be written out and use nothing of that, or be the same each time.
 *
 * @param direct whether the call is that of `step()` itself
 * @param differs whether what is imported may be another function at another time
 */
export function knowledgeOf(
  { isRepeated, unclear, imported }: CallFacts,
  direct: boolean,
  differs: (imported: ImportedFunction) => boolean,
): Knowledge {
  if (!direct) return { ambiguous: 'it is made by another function that calls step()' }
  const why = unclear ?? (imported.some(differs) ? DIFFERS : null)
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
  const scopes = scopesOf(syntax)
  const declared = [...scopes.ofModule.values()].filter(({ kind }) => kind === 'variable')
  const names = new Set([...declared.map(({ name }) => name), ...assignedIn(syntax.root, scopes)])
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

/** The module that a name is imported from, and the name under which that exports it, `*` for all. */
function importOf({ root }: Syntax, local: string): Omit<ImportedFunction, 'members'> | undefined {
  for (const { type, specifiers, source } of root['body'] as SyntaxNode[]) {
    if (type !== 'ImportDeclaration') continue
    const found = (specifiers as SyntaxNode[]).find(
      (each) => identifierName(each['local']) === local,
    )
    if (found === undefined) continue
    const { type: form, imported } = found
    const whole = form === 'ImportNamespaceSpecifier' ? '*' : 'default'
    const name = identifierName(imported) ?? literalText(imported) ?? whole
    return { specifier: literalText(source) ?? '', name }
  }
  return undefined
}

/** The way down to a call, from the declaration or statement that it is in. */
function pathOf({ node, ancestors }: Call): string {
  const way = [...ancestors, node]
  const steps = way.flatMap((each, depth) => {
    const above = way[depth - 1]
    if (above === undefined || /^(?:Program|Export)/.test(above.type)) return []
    if (each.type === 'VariableDeclarator') return boundNames(each['id']).join('+')
    // Members of an object have names, whatever their order is.
    const key = each['computed'] === true ? undefined : each['key']
    const name = each.type === 'Property' ? (identifierName(key) ?? literalText(key)) : undefined
    return name ?? placeIn(above, each)
  })
  return steps.join('.')
}

/** Which part of a node another one is. */
function placeIn(above: SyntaxNode, node: SyntaxNode): string {
  for (const [key, part] of Object.entries(above)) {
    if (part === node) return key
    const at = Array.isArray(part) ? part.indexOf(node) : -1
    if (at >= 0) return `${key}[${at}]`
  }
  return ''
}
