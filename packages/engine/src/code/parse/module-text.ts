import { callFacts, exportedVariables, type CallFacts } from './ambiguity.ts'
import { indexCalls, type Call } from './calls.ts'
import { collectReferences, type References, type Unclear } from './references.ts'
import { offsetOf, parseSource, type Syntax, type SyntaxNode } from './syntax.ts'
import { functionUnit, splitUnits, type SplitUnits, type Unit, type Units } from './units.ts'

/** What the text of a module says, as plain data. */
export interface ModuleFacts {
  /** Whether it imports or exports: an ES module, not CommonJS. */
  readonly isModule: boolean
  readonly units: Units
  /** What any part of it loads when it runs: modules, and files that are modules. */
  readonly loads: References
  /** What cannot be followed in its imports, and in what it passes on from elsewhere. */
  readonly unclear: readonly Unclear[]
  readonly variables: ReadonlySet<string>
}

/** Facts, and the answers to what was asked about places, by `line:column`. */
export interface KnownText {
  readonly facts: ModuleFacts
  readonly calls: ReadonlyMap<string, CallFacts | null>
  readonly enclosing: ReadonlyMap<string, Unit | null>
}

interface Parsed {
  readonly syntax: Syntax
  readonly units: SplitUnits
  readonly calls: ReadonlyMap<number, Call>
}

/** The text of a module. It is parsed only when something is asked that is not known yet. */
export class ModuleText implements KnownText {
  readonly facts: ModuleFacts
  readonly calls: Map<string, CallFacts | null>
  readonly enclosing: Map<string, Unit | null>
  readonly #file: string
  readonly #bytes: Uint8Array
  #parsed: Parsed | undefined

  private constructor(file: string, bytes: Uint8Array, known: KnownText, parsed?: Parsed) {
    this.#file = file
    this.#bytes = bytes
    this.#parsed = parsed
    this.facts = known.facts
    this.calls = new Map(known.calls)
    this.enclosing = new Map(known.enclosing)
  }

  /**
   * @param known what is known of the same text in a file of the same extension
   * @returns the message of the first error where it cannot be parsed
   */
  static read(file: string, bytes: Uint8Array, known?: KnownText): ModuleText | string {
    if (known !== undefined) return new ModuleText(file, bytes, known)
    const parsed = parse(file, bytes)
    if (typeof parsed === 'string') return parsed
    const { syntax, units } = parsed
    const facts: ModuleFacts = {
      isModule: syntax.isModule,
      units,
      loads: collectReferences(syntax),
      unclear: unclearImports(syntax),
      variables: exportedVariables(syntax),
    }
    return new ModuleText(file, bytes, { facts, calls: new Map(), enclosing: new Map() }, parsed)
  }

  /** The call at a place, if there is one; line and column from 1. */
  callAt(line: number, column: number): CallFacts | null {
    return answer(this.calls, `${line}:${column}`, () => {
      const { syntax, calls, units } = this.#parse()
      const call = calls.get(offsetOf(syntax, line, column))
      return call === undefined ? null : callFacts(syntax, call, units)
    })
  }

  /** The declaration or statement that a place is in. A step is looked into here. */
  enclosingAt(line: number, column: number): Unit | null {
    return answer(this.enclosing, `${line}:${column}`, () => {
      const { syntax, units } = this.#parse()
      const offset = offsetOf(syntax, line, column)
      for (const unit of units.units) {
        const node = units.nodes.get(unit)
        if (node === undefined || offset < node.start || node.end < offset) continue
        return functionUnit(syntax, node, unit.label)
      }
      return null
    })
  }

  #parse(): Parsed {
    if (this.#parsed !== undefined) return this.#parsed
    const parsed = parse(this.#file, this.#bytes)
    // Facts are kept only of what could be parsed.
    if (typeof parsed === 'string') throw new TypeError(parsed)
    this.#parsed = parsed
    return parsed
  }
}

function parse(file: string, bytes: Uint8Array): Parsed | string {
  const syntax = parseSource(file, bytes)
  if (typeof syntax === 'string') return syntax
  let calls: ReadonlyMap<number, Call> | undefined
  return {
    syntax,
    units: splitUnits(syntax),
    get calls() {
      return (calls ??= indexCalls(syntax))
    },
  }
}

function answer<T>(known: Map<string, T | null>, key: string, find: () => T | null): T | null {
  const before = known.get(key)
  if (before !== undefined) return before
  const found = find()
  known.set(key, found)
  return found
}

/** What is imported, or passed on from elsewhere; the rest belongs to units. */
function unclearImports(syntax: Syntax): Unclear[] {
  return (syntax.root['body'] as SyntaxNode[]).flatMap((root) => {
    if (root['source'] === undefined || root['source'] === null) return []
    return [...collectReferences({ ...syntax, root }).unclear]
  })
}
