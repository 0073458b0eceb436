import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeTemporaryDir } from '../temporary.ts'

/** A way to break the analysis of code: texts in its sources, each there once, and what to put in their place. */
export interface Break {
  readonly name: string
  readonly edits: readonly {
    /** Below `src/code`. */
    readonly file: string
    readonly find: string
    readonly put: string
  }[]
}

export const BREAKS: readonly Break[] = [
  {
    name: 'a re-export leads nowhere',
    edits: [
      {
        file: 'reach/stops.ts',
        find: ": [[bound.specifier, bound.name === '*' ? members : [bound.name, ...members]] as const]",
        put: ': []',
      },
      {
        file: 'reach/stops.ts',
        find: 'if (found.length > 0 || isInstalled(file)) return found',
        put: 'if (found.length >= 0) return found',
      },
    ],
  },
  {
    name: 'initialisers have no effects',
    edits: [
      {
        file: 'parse/units.ts',
        find: "const unit = add(declarator, names.join(', '), !inert, assumes)",
        put: "const unit = add(declarator, names.join(', '), false && inert, [])",
      },
    ],
  },
  {
    name: 'statements have no effects',
    edits: [
      {
        file: 'parse/units.ts',
        find: 'add(node, `line ${lineOf(syntax, node.start)}`, true)',
        put: 'add(node, `line ${lineOf(syntax, node.start)}`, false)',
      },
    ],
  },
  {
    name: 'static blocks have no effects',
    edits: [
      {
        file: 'parse/inert.ts',
        find: "if (member.type === 'StaticBlock') return false",
        put: "if (member.type === 'StaticBlock') return true",
      },
    ],
  },
  {
    name: 'versions of packages do not count',
    edits: [
      {
        file: 'resolve/packages.ts',
        find: 'const version = versionOf(root, manifest, sources)',
        put: "const version = versionOf(root, manifest, sources) === '' ? 'a' : 'b'",
      },
    ],
  },
  {
    name: 'variables of the environment do not count',
    edits: [
      {
        file: 'parse/references.ts',
        find: 'else for (const name of names) env.add(name)',
        put: "else for (const name of names) if (name === '') env.add(name)",
      },
    ],
  },
  {
    name: 'export * leads nowhere',
    edits: [
      {
        file: 'reach/stops.ts',
        find: '? units.stars.map((specifier) => [specifier, path] as const)',
        put: '? []',
      },
      {
        file: 'reach/stops.ts',
        find: 'const stars = (units?.stars ?? []).flatMap(',
        put: 'const stars = (units?.stars ?? []).slice(99).flatMap(',
      },
    ],
  },
  {
    name: 'default values do not count',
    edits: [
      {
        file: 'parse/scopes.ts',
        find: "nameValue(node['left'], node['right'], scope)\n        return visitParts(node, scope)",
        put: "return node.type === 'AssignmentPattern' ? visit(node['left'], scope) : visitParts(node, scope)",
      },
    ],
  },
  {
    name: 'what assigns to a variable does not count',
    edits: [
      {
        file: 'reach/stops.ts',
        find: 'const assigners = isFinal ? [] : (module.units?.assigners.get(name) ?? [])',
        put: 'const assigners = isFinal ? [] : (module.units?.assigners.get(name) ?? []).slice(99)',
      },
    ],
  },
  {
    name: 'the order of effects does not count',
    edits: [
      {
        file: 'reach/import-graph.ts',
        find: 'return { effects, installed, order: [...places, ...circleOrder()], doubts, effectsBefore }',
        put: 'return { effects: effects.toSorted((a, b) => (a.unit.digest < b.unit.digest ? -1 : 1)), installed, order: places.length < 0 ? circleOrder() : [], doubts, effectsBefore }',
      },
    ],
  },
  {
    name: 'where a circle is entered does not count',
    edits: [
      {
        file: 'reach/import-graph.ts',
        find: 'order: [...places, ...circleOrder()], doubts',
        put: 'order: [...places, ...circleOrder().slice(999)], doubts',
      },
    ],
  },
  {
    name: 'which name of a pattern is meant does not count',
    edits: [
      {
        file: 'reach/stops.ts',
        find: 'const target: Target = [new Hole({ module, unit: bound.unit }), bound.place]',
        put: 'const target: Target = [new Hole({ module, unit: bound.unit })]',
      },
      {
        file: 'reach/stops.ts',
        find: 'const target: Target = [new Hole({ module, unit }), place]',
        put: 'const target: Target = [new Hole({ module, unit })]',
      },
    ],
  },
  {
    name: 'a name of a block hides that of the module in all of the function',
    edits: [
      {
        file: 'parse/scopes.ts',
        find: "case 'BlockStatement':\n        return visitAll(node['body'], new Scope(scope, node))",
        put: "case 'BlockStatement':\n        return visitAll(node['body'], scope)",
      },
    ],
  },
  {
    name: 'a name that is caught hides that of the module in all of the function',
    edits: [
      {
        file: 'parse/scopes.ts',
        find: 'const inner = new Scope(scope, node)\n        for (const each of boundIdentifiers(node[',
        put: 'const inner = scope\n        for (const each of boundIdentifiers(node[',
      },
    ],
  },
  {
    name: 'all of a module leads nowhere',
    edits: [
      {
        file: 'reach/stops.ts',
        find: 'if (units === undefined || name === undefined || module.isModule !== true)',
        put: "if (name === undefined && module.isModule === true) return ['all']\n    if (units === undefined || name === undefined || module.isModule !== true)",
      },
    ],
  },
  {
    name: 'data do not count',
    edits: [
      {
        file: 'reach/modules.ts',
        find: 'if (!parsed) return { file, name, content: digestBytes(bytes), doubts }',
        put: "if (!parsed) return { file, name, content: digestText('data'), doubts }",
      },
    ],
  },
  {
    name: 'undeclared dependencies of packages do not count',
    edits: [
      {
        file: 'resolve/packages.ts',
        find: 'isInstalled(root) ? imports.of(',
        put: "isInstalled(root) && root === '' ? imports.of(",
      },
    ],
  },
  {
    name: 'what is destructured from a module of Node is not followed',
    edits: [
      {
        file: 'parse/carriers.ts',
        find: "    if (whole !== undefined && target.type === 'ObjectPattern') {",
        put: "    if (target.type === 'ObjectPattern') return\n    if (whole !== undefined) {",
      },
    ],
  },
  {
    name: 'writes to what outlives a step are not seen',
    edits: [
      {
        file: 'reach/lasting-state.ts',
        find: 'if (writes.length === 0 && passes.length === 0) return []',
        put: 'if (writes.length + passes.length >= 0) return []',
      },
    ],
  },
  {
    name: 'reads of what a step writes to are not seen',
    edits: [
      {
        file: 'reach/lasting-state.ts',
        find: 'if (write === undefined || found.has(write.place)) continue',
        put: "if (write === undefined || found.has(write.place) || write.place !== '') continue",
      },
    ],
  },
  {
    name: 'clocks and dice are not seen',
    edits: [
      {
        file: 'parse/outside.ts',
        find: 'return members !== undefined && (member === null || includes(members, member))',
        put: "return members !== undefined && member === ''",
      },
    ],
  },
  {
    name: 'functions that are handed on are not followed',
    edits: [
      {
        file: 'reach/load-reads.ts',
        find: 'for (const [index, what] of given) {',
        put: 'for (const [index, what] of given.slice(99)) {',
      },
    ],
  },
]

const ENGINE = resolve(import.meta.dirname, '../../..')

/** The sources of the analysis with one break, by their path below `src/code`. */
function brokenSources({ name, edits }: Break): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { file, find, put } of edits) {
    const text = texts.get(file) ?? readFileSync(join(ENGINE, 'src/code', file), 'utf8')
    const times = text.split(find).length - 1
    if (times !== 1) throw new Error(`${name}: its text is ${times} times in ${file}`)
    texts.set(
      file,
      text.replace(find, () => put),
    )
  }
  return texts
}

/** A copy of the engine with a break, in a temporary directory of its own; the caller removes that. */
export function breakEngine(broken: Break): string {
  const engine = join(makeTemporaryDir(), 'engine')
  mkdirSync(engine)
  for (const part of ['src', 'test/support', 'package.json']) {
    cpSync(join(ENGINE, part), join(engine, part), { recursive: true })
  }
  symlinkSync(join(ENGINE, 'node_modules'), join(engine, 'node_modules'))
  for (const [file, text] of brokenSources(broken)) {
    writeFileSync(join(engine, 'src/code', file), text)
  }
  return engine
}
