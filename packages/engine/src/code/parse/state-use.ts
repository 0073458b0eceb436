import { originsIn, type Origin, type Root, type Source } from './origins.ts'
import { boundIdentifiers } from './patterns.ts'
import { scopesOf, type Scopes, type Variable } from './scopes.ts'
import {
  bareNode,
  childrenOf,
  identifierName,
  isNode,
  isType,
  keyName,
  lineOf,
  literalText,
  type Syntax,
  type SyntaxNode,
} from './syntax.ts'

/**
 * What the functions of a unit do to values that outlive them, as plain data. A function that a step
 * runs leaves state behind when it writes to a name of its module, or through it. One that is called
 * while modules are loaded may leave functions behind that do.
 */
export interface StateUse {
  /** Whether the unit is a function: what is in it happens when it is called. */
  readonly isFunction: boolean
  readonly writes?: readonly StateWrite[]
  /** What functions return of what outlives them: by method, '' for the unit itself. */
  readonly returns?: readonly (readonly [method: string, root: Root])[]
  /** Functions that write through a parameter, by method and place. */
  readonly mutates?: readonly (readonly [method: string, index: number])[]
  readonly passes?: readonly Pass[]
  /** Names that are only called, and when the unit is evaluated or, of a function, called. */
  readonly calledOnly?: readonly string[]
  /** For a unit that is not a function: names that its evaluation uses. */
  readonly direct?: readonly string[]
  /** Names of methods that it has of its own. */
  readonly methods?: readonly string[]
  /** Whether a package makes its value, whose methods may return another value instead of changing it. */
  readonly isForeign?: boolean
}

export interface StateWrite {
  readonly line: number
  /** What is written to; `null` for what belongs to the unit: a variable that a function keeps, or `this`. */
  readonly root: Root | null
  /** The method of it that is called, and whether its result is used. */
  readonly method?: readonly [name: string, isUsed: boolean]
  readonly when: When
}

/** That a function is given what outlives the one that calls it, or what that one was given. */
export interface Pass {
  readonly callee: readonly [name: string, member: string | null]
  readonly index: number
  /** What is passed; else it is a parameter of the function that calls. */
  readonly root: Root | readonly [method: string, index: number]
  readonly line: number
  readonly when: When
}

/** When a write counts, by how the unit is met. */
export interface When {
  /** A step runs its functions. */
  readonly run: boolean
  /** It is evaluated, or called, while modules are loaded; its functions may be run later. */
  readonly load: boolean
  /** Its functions are called while modules are loaded; those that they leave behind may be run later. */
  readonly set: boolean
}

/** Methods that change what they are called on. */
const MUTATORS = new Set(
  (
    'push pop shift unshift splice sort reverse fill copyWithin set add delete clear append next ' +
    'setTime setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds setUTCDate ' +
    'setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds'
  ).split(' '),
)
/** Those of them that values of packages may have under the same name, and that change nothing. */
export const ALSO_PURE: ReadonlySet<string> = new Set(['add', 'set', 'append', 'fill', 'next'])
/** Functions of the platform that change their first argument. */
const CHANGES_FIRST =
  /^(?:Object\.(?:assign|defineProperty|defineProperties|setPrototypeOf)|Reflect\.(?:set|defineProperty|deleteProperty|setPrototypeOf)|Atomics\.(?:add|and|compareExchange|exchange|or|store|sub|xor))$/
/** Methods that call what they are given before they return. */
const INLINE = new Set(
  (
    'every filter find findIndex findLast findLastIndex flatMap forEach map reduce reduceRight ' +
    'replace replaceAll some sort toSorted from'
  ).split(' '),
)

interface Entry {
  /** By which it is called, of a function of the unit. */
  readonly method?: string
  /** Whether it is called where it is written. */
  readonly isInline?: boolean
  /** When a write through its `this` counts. */
  readonly self?: When
}

interface Context {
  /** How many functions a node is inside of, but for those that are called where they are written. */
  readonly level: number
  /** The function of the unit that it is in, by method. */
  readonly method: string
  readonly isConstructor: boolean
  /** When a write through `this` counts. */
  readonly self: When
}

const NEVER: When = { run: false, load: false, set: false }
const ALWAYS: When = { run: true, load: true, set: true }
const WHEN_LOADED: When = { run: false, load: true, set: true }
/** Of a method of a value. */
const OF_VALUE: When = { run: true, load: true, set: false }
const OF_INSTANCE: When = { run: false, load: true, set: false }

/** @returns nothing where nothing that counts is done */
export function stateUseOf(unit: SyntaxNode, syntax: Syntax): StateUse | undefined {
  const scopes = scopesOf(syntax)
  const core = coreOf(unit)
  const kind = isFunction(core) ? 'function' : core.type.startsWith('Class') ? 'class' : 'value'
  const found = new Walk(syntax, scopes, kind).of(unit, core)
  const kept = Object.entries(found).filter(([, list]) => list.length > 0)
  const isForeign = kind === 'value' && isOfPackage(core['init'], syntax)
  if (kept.length === 0 && !isForeign) return undefined
  return {
    isFunction: kind === 'function',
    ...(isForeign && { isForeign }),
    ...Object.fromEntries(kept),
  }
}

/** Whether a value is what something returns that is imported from a package. */
function isOfPackage(value: unknown, { root }: Syntax): boolean {
  const name = isNode(value) ? rootName(bareNode(value)) : ''
  if (name === '') return false
  return (root['body'] as SyntaxNode[]).some(({ type, source, specifiers }) => {
    if (type !== 'ImportDeclaration' || /^[./#]/.test(literalText(source) ?? '')) return false
    return (specifiers as SyntaxNode[]).some(({ local }) => identifierName(local) === name)
  })
}

class Walk {
  readonly #syntax: Syntax
  readonly #scopes: Scopes
  readonly #kind: 'function' | 'class' | 'value'
  readonly #levels = new Map<SyntaxNode, number>()
  readonly #params = new Map<Variable, readonly [method: string, index: number]>()
  readonly #sources = new Map<Variable, Source[]>()
  /** What can be judged once all variables are known. */
  readonly #pending: (() => void)[] = []
  readonly #called = new Set<string>()
  readonly #methods = new Set<string>()
  /** Calls that stand for themselves. */
  readonly #unused = new Set<SyntaxNode>()
  readonly #mentioned = new Set<string>()
  readonly #direct = new Set<string>()
  readonly #writes: StateWrite[] = []
  readonly #returns: [string, Root][] = []
  readonly #mutates: [string, number][] = []
  readonly #passes: Pass[] = []

  constructor(syntax: Syntax, scopes: Scopes, kind: 'function' | 'class' | 'value') {
    this.#syntax = syntax
    this.#scopes = scopes
    this.#kind = kind
  }

  of(unit: SyntaxNode, core: SyntaxNode): Required<Omit<StateUse, 'isFunction' | 'isForeign'>> {
    const context: Context = { level: 0, method: '', isConstructor: false, self: NEVER }
    if (this.#kind === 'function') this.#enterFunction(core, context, { method: '', self: NEVER })
    else this.#visit(unit, context)
    for (const judge of this.#pending) judge()
    return {
      writes: this.#writes,
      returns: this.#returns,
      mutates: this.#mutates,
      passes: this.#passes,
      calledOnly: [...this.#called].filter((name) => !this.#mentioned.has(name)),
      direct: this.#kind === 'value' ? [...this.#direct, ...this.#called] : [],
      methods: [...this.#methods],
    }
  }

  #visitAll(nodes: readonly unknown[], context: Context): void {
    for (const node of nodes) if (isNode(node)) this.#visit(node, context)
  }

  #visit(node: SyntaxNode, context: Context): void {
    if (isType(node)) return
    if (/Block|^For|Switch|Catch|Class|Definition|^Program/.test(node.type)) {
      this.#levels.set(node, context.level)
    }
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#enterFunction(node, context)
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#visitClass(node, context)
      case 'ObjectExpression':
        for (const member of node['properties'] as SyntaxNode[]) this.#visitMember(member, context)
        return
      case 'VariableDeclarator':
        this.#assign(node['id'], node['init'])
        break
      case 'AssignmentPattern':
        this.#assign(node['left'], node['right'])
        break
      case 'AssignmentExpression':
        this.#write(node['left'], context)
        this.#assign(node['left'], node['right'])
        break
      case 'UpdateExpression':
        this.#write(node['argument'], context)
        break
      case 'UnaryExpression':
        if (node['operator'] === 'delete') this.#write(node['argument'], context)
        break
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#visitLoop(node, context)
        break
      case 'ExpressionStatement':
        this.#setUnused(node['expression'])
        break
      case 'ReturnStatement':
        this.#return(node['argument'], context)
        break
      case 'CallExpression':
      case 'NewExpression':
        return this.#visitCall(node, context)
      case 'Property':
        if (node['computed'] === true) this.#visit(node['key'] as SyntaxNode, context)
        return this.#visit(node['value'] as SyntaxNode, context)
      case 'Identifier':
        if (this.#isModuleName(node)) {
          this.#mentioned.add(identifierName(node) ?? '')
          if (context.level === 0) this.#direct.add(identifierName(node) ?? '')
        }
        return
      case 'MemberExpression':
        this.#visit(node['object'] as SyntaxNode, context)
        if (node['computed'] === true) this.#visit(node['property'] as SyntaxNode, context)
        return
      default:
    }
    this.#visitAll(childrenOf(node), context)
  }

  /** The level of what happens when the unit is evaluated, or called, when it is a function. */
  get #directLevel(): number {
    return this.#kind === 'function' ? 1 : 0
  }

  #enterFunction(node: SyntaxNode, around: Context, entry: Entry = {}): void {
    const { method = around.method, isInline = false } = entry
    const level = isInline ? around.level : around.level + 1
    const isArrow = node.type === 'ArrowFunctionExpression'
    const ofUnit = level === 1 && !isInline
    // A function that is put somewhere when the unit is evaluated may be a method there.
    const own = entry.self ?? (around.level === 0 ? OF_VALUE : WHEN_LOADED)
    const context: Context = { ...around, level, method, self: isArrow ? around.self : own }
    this.#levels.set(node, level)
    for (const [index, param] of (node['params'] as SyntaxNode[]).entries()) {
      for (const id of boundIdentifiers(param)) {
        const variable = this.#scopes.variables.get(id)
        if (ofUnit && variable !== undefined) this.#params.set(variable, [method, index])
      }
      this.#visit(param, context)
    }
    const body = node['body'] as SyntaxNode | null
    if (body === null) return
    if (body.type !== 'BlockStatement') {
      this.#return(body, context)
      this.#setUnused(body)
    }
    this.#visit(body, context)
  }

  #setUnused(node: unknown): void {
    if (!isNode(node)) return
    const inner = bareNode(node)
    this.#unused.add(inner)
    const parts = ['argument', 'left', 'right', 'consequent', 'alternate']
    if (/^(?:Await|Unary|Logical|Conditional)Expression$/.test(inner.type)) {
      for (const part of parts) this.#setUnused(inner[part])
    }
  }

  #visitClass(node: SyntaxNode, context: Context): void {
    if (isNode(node['superClass'])) this.#visit(node['superClass'], context)
    const { body } = node['body'] as SyntaxNode
    for (const member of body as SyntaxNode[]) {
      const isStatic = member['static'] === true
      const isField = member.type === 'PropertyDefinition' || member.type === 'AccessorProperty'
      const isMaking = !isStatic && (member['kind'] === 'constructor' || isField)
      const kept = context.level > 0 ? WHEN_LOADED : isStatic ? OF_VALUE : OF_INSTANCE
      const self = isMaking ? NEVER : kept
      this.#levels.set(member, context.level)
      this.#visitAll((member['decorators'] ?? []) as unknown[], context)
      const { key, value } = member
      if (member['computed'] === true && isNode(key)) this.#visit(key, context)
      const method = keyName(key) ?? ''
      if (context.level === 0 && isNode(value)) this.#methods.add(method)
      if (!isNode(value)) {
        if (member.type === 'StaticBlock') this.#visitAll(childrenOf(member), context)
      } else if (isFunction(value) && isField) {
        // An arrow function has the `this` of the object that is made.
        this.#enterFunction(value, { ...context, self: kept }, { method, self: kept })
      } else if (isFunction(value)) {
        this.#enterFunction(value, { ...context, isConstructor: isMaking }, { method, self })
      } else {
        const level = isMaking ? context.level + 1 : context.level
        this.#visit(value, { ...context, level, isConstructor: isMaking, self })
      }
    }
  }

  /** A member of an object that is written out. */
  #visitMember(member: SyntaxNode, context: Context): void {
    const { type, value, key, computed, argument } = member
    if (type === 'SpreadElement') return this.#visit(argument as SyntaxNode, context)
    if (computed === true) this.#visit(key as SyntaxNode, context)
    const node = value as SyntaxNode
    if (!isFunction(node)) return this.#visit(node, context)
    const method = context.level === 0 ? (keyName(key) ?? '') : context.method
    if (context.level === 0) this.#methods.add(method)
    const self = context.level === 0 ? OF_VALUE : WHEN_LOADED
    this.#enterFunction(node, context, { method, self })
  }

  #visitLoop(node: SyntaxNode, context: Context): void {
    const left = node['left'] as SyntaxNode
    const isDeclared = left.type === 'VariableDeclaration'
    const target = isDeclared ? (left['declarations'] as SyntaxNode[])[0]?.['id'] : left
    if (!isDeclared) this.#write(target, context)
    this.#assign(target, node['right'], true)
  }

  #visitCall(node: SyntaxNode, context: Context): void {
    const callee = bareNode(node['callee'] as SyntaxNode)
    const args = node['arguments'] as SyntaxNode[]
    const method =
      callee.type === 'MemberExpression' ? (keyName(callee['property']) ?? '') : undefined
    const object = method === undefined ? undefined : bareNode(callee['object'] as SyntaxNode)
    if (object !== undefined) this.#judgeMethod(node, object, method ?? '', context)
    this.#judgePlatform(callee, args, context)
    this.#pass(callee, args, context)
    const name = identifierName(callee)
    if (name !== undefined) {
      if (context.level <= this.#directLevel) this.#called.add(name)
      else this.#visit(callee, context)
    } else if (isFunction(callee)) this.#enterFunction(callee, context, { isInline: true })
    else this.#visit(callee, context)
    const isInline =
      (method !== undefined && INLINE.has(method)) ||
      (name === 'Promise' && node.type === 'NewExpression')
    for (const arg of args) {
      const given = bareNode(arg)
      if (!isFunction(given)) {
        this.#visit(arg, context)
        // `state.items.forEach(change)`
        if (object !== undefined && isInline) this.#passTo(given, object, context)
        continue
      }
      // What is held by the object is what its methods give to functions.
      const source = object ?? args.find((each) => !isFunction(bareNode(each)))
      if (source !== undefined) {
        const folds = method === 'reduce' || method === 'reduceRight'
        for (const [index, param] of (given['params'] as SyntaxNode[]).entries()) {
          const start = folds && index === 0 ? args[1] : undefined
          this.#assign(param, start ?? source, start === undefined)
        }
      }
      this.#enterFunction(given, context, { isInline })
    }
  }

  /** A method that changes what it is called on: `list.push(x)`, `Array.prototype.push.call(list, x)`. */
  #judgeMethod(call: SyntaxNode, object: SyntaxNode, method: string, context: Context): void {
    const args = call['arguments'] as SyntaxNode[]
    if (method === 'call' || method === 'apply') {
      const inner = object.type === 'MemberExpression' ? (keyName(object['property']) ?? '') : ''
      if (MUTATORS.has(inner)) this.#through(args[0], call, context)
      return
    }
    if (method === 'chdir' && identifierName(object) === 'process') {
      this.#through(object, call, context)
    }
    if (!MUTATORS.has(method)) return
    if (identifierName(object) === undefined) return this.#through(object, call, context)
    const of = this.#scopes.variables.get(object)
    // The functions of a module are called, and those of the platform are no methods of a value.
    if (of === undefined || of.imported === '*') return
    this.#through(object, call, context, [method, !this.#unused.has(call)])
  }

  #judgePlatform(callee: SyntaxNode, args: readonly SyntaxNode[], context: Context): void {
    if (callee.type !== 'MemberExpression') return
    const object = callee['object'] as SyntaxNode
    const name = `${identifierName(object)}.${keyName(callee['property']) ?? ''}`
    if (CHANGES_FIRST.test(name) && this.#scopes.variables.get(object) === undefined) {
      this.#through(args[0], callee, context)
    }
  }

  #assign(target: unknown, value: unknown, isMember = false): void {
    if (!isNode(value) || !isNode(target)) return
    const whole = bareNode(target)
    const ids = boundIdentifiers(whole)
    for (const id of ids) this.#addSource(id, { node: value, isMember: isMember || id !== whole })
    // What is put into a local object is held by it.
    if (whole.type === 'MemberExpression') {
      let root = whole
      while (root.type === 'MemberExpression') root = bareNode(root['object'] as SyntaxNode)
      this.#addSource(root, { node: value, isMember: false, isHeld: true })
    }
  }

  #addSource(id: SyntaxNode, source: Source): void {
    const variable = this.#scopes.variables.get(id)
    if (variable?.scope === undefined) return
    const sources = this.#sources.get(variable)
    if (sources === undefined) this.#sources.set(variable, [source])
    else sources.push(source)
  }

  /** An assignment, or what is like it. */
  #write(target: unknown, context: Context): void {
    if (!isNode(target)) return
    const node = bareNode(target)
    switch (node.type) {
      case 'MemberExpression':
        return this.#through(node['object'], node, context)
      case 'Identifier':
        return void this.#pending.push(() => this.#judgeBinding(node, context))
      case 'AssignmentPattern':
        return this.#write(node['left'], context)
      case 'RestElement':
        return this.#write(node['argument'], context)
      case 'Property':
        return this.#write(node['value'], context)
      case 'ObjectPattern':
        for (const each of node['properties'] as unknown[]) this.#write(each, context)
        return
      case 'ArrayPattern':
        for (const each of node['elements'] as unknown[]) this.#write(each, context)
        return
      default:
    }
  }

  #judgeBinding(id: SyntaxNode, context: Context): void {
    const variable = this.#scopes.variables.get(id)
    const line = lineOf(this.#syntax, id.start)
    if (variable?.scope === undefined) {
      const root: Root = [identifierName(id) ?? '', null, false]
      return this.#add(line, root, this.#whenOf(context))
    }
    this.#judgeKept(variable, line, context)
  }

  /** A variable of a function that another function writes to, or through, outlives a call of that one. */
  #judgeKept(variable: Variable, line: number, { level }: Context): void {
    const declared = this.#levelOf(variable)
    if (declared === level) return
    this.#add(line, null, declared === 0 ? ALWAYS : WHEN_LOADED)
  }

  #levelOf({ scope }: Variable): number {
    // What is around the unit was there when it was evaluated.
    return (scope && this.#levels.get(scope)) ?? 0
  }

  #through(object: unknown, at: SyntaxNode, context: Context, method?: StateWrite['method']): void {
    if (!isNode(object)) return
    const line = lineOf(this.#syntax, at.start)
    this.#pending.push(() => {
      for (const origin of this.#origins(object)) {
        if (origin.depth > 0) continue
        if (origin.kind === 'this') {
          if (context.level > 0) this.#add(line, null, context.self)
        } else if (origin.kind === 'root') {
          this.#add(line, origin.root, this.#whenOf(context), method)
        } else {
          const param = this.#params.get(origin.variable)
          const isOwn = this.#levelOf(origin.variable) === context.level
          if (param !== undefined && isOwn) this.#mutates.push([...param])
          this.#judgeKept(origin.variable, line, context)
        }
      }
    })
  }

  #origins(node: SyntaxNode): readonly Origin[] {
    return originsIn(node, this.#scopes, this.#sources)
  }

  #return(node: unknown, { level, method }: Context): void {
    if (!isNode(node) || level !== 1) return
    this.#pending.push(() => {
      for (const origin of this.#origins(node)) {
        if (origin.kind === 'root' && origin.depth === 0) this.#returns.push([method, origin.root])
      }
    })
  }

  /** What functions are given by name may be changed by them. */
  #pass(callee: SyntaxNode, args: readonly SyntaxNode[], context: Context): void {
    const isMember = callee.type === 'MemberExpression'
    const root = isMember ? bareNode(callee['object'] as SyntaxNode) : callee
    const name = identifierName(root)
    if (name === undefined || !this.#isModuleName(root)) return
    const member = isMember ? (keyName(callee['property']) ?? '') : null
    for (const [index, arg] of args.entries()) {
      if (/Literal|Function/.test(arg.type)) continue
      this.#addPass([name, member], index, arg, callee, context)
    }
  }

  #passTo(given: SyntaxNode, object: SyntaxNode, context: Context): void {
    const name = identifierName(given)
    if (name === undefined || !this.#isModuleName(given)) return
    // The first is what has been gathered so far, of `reduce`.
    for (const index of [0, 1]) this.#addPass([name, null], index, object, given, context)
  }

  #addPass(
    callee: Pass['callee'],
    index: number,
    given: SyntaxNode,
    at: SyntaxNode,
    context: Context,
  ): void {
    const shared = {
      callee,
      index,
      line: lineOf(this.#syntax, at.start),
      when: this.#whenOf(context),
    }
    this.#pending.push(() => {
      for (const origin of this.#origins(given)) {
        if (origin.depth > 0 || origin.kind === 'this') continue
        const root = origin.kind === 'root' ? origin.root : this.#params.get(origin.variable)
        if (root !== undefined) this.#passes.push({ ...shared, root })
      }
    })
  }

  /** Whether it is a name of the module, rather than one of the platform. */
  #isModuleName(id: SyntaxNode): boolean {
    const variable = this.#scopes.variables.get(id)
    return variable !== undefined && variable.scope === undefined
  }

  /** When a write to a name of the module counts. */
  #whenOf({ level, isConstructor }: Context): When {
    if (level === 0) return NEVER
    const isCalledAtLoad =
      (this.#kind === 'function' && level === 1) || (this.#kind === 'class' && isConstructor)
    return { run: true, load: !isCalledAtLoad, set: level > 1 }
  }

  #add(line: number, root: Root | null, when: When, method?: StateWrite['method']): void {
    if (!when.run && !when.load && !when.set) return
    this.#writes.push({ line, root, when, ...(method !== undefined && { method }) })
  }
}

/** What a unit is made of: the function of `const f = () => ...`. */
function coreOf(unit: SyntaxNode): SyntaxNode {
  const inner = bareNode(unit)
  if (inner.type !== 'VariableDeclarator' || !isNode(inner['init'])) return inner
  const value = bareNode(inner['init'])
  return isFunction(value) || value.type.startsWith('Class') ? value : inner
}

function rootName(node: SyntaxNode): string {
  let at: unknown = node
  for (;;) {
    if (!isNode(at)) return ''
    if (at.type === 'MemberExpression') at = at['object']
    else if (/^(?:Call|New)Expression$/.test(at.type)) at = at['callee']
    else if (at.type === 'AwaitExpression') at = at['argument']
    else return identifierName(at) ?? ''
  }
}

function isFunction({ type }: SyntaxNode): boolean {
  return /^(?:Arrow)?Function/.test(type)
}
