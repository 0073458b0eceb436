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
        find: ': [[bound.specifier, bound.name] as const]',
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
        find: 'versions.add(versionOf(root, manifest, sources))',
        put: "versions.add(versionOf(root, manifest, sources) === '' ? 'a' : 'b')",
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
        find: '? units.stars.map((specifier) => [specifier, name] as const)',
        put: '? units.stars.slice(units.stars.length).map((specifier) => [specifier, name] as const)',
      },
      {
        file: 'reach/stops.ts',
        find: 'const stars = (module.units?.stars ?? []).flatMap(',
        put: 'const stars = (module.units?.stars ?? []).slice(99).flatMap(',
      },
    ],
  },
  {
    name: 'default values do not count',
    edits: [
      {
        file: 'parse/names.ts',
        find: '    if (isType(node)) return false\n    // The names of members',
        put: "    if (isType(node) || node.type === 'AssignmentPattern') return false\n    // The names of members",
      },
    ],
  },
  {
    name: 'what assigns to a variable does not count',
    edits: [
      {
        file: 'reach/stops.ts',
        find: 'return units?.assigners.get(name) ?? []',
        put: 'return (units?.assigners.get(name) ?? []).slice(99)',
      },
    ],
  },
  {
    name: 'the order of effects does not count',
    edits: [
      {
        file: 'reach/import-graph.ts',
        find: 'return { effects, installed, order: [...places, ...names], doubts }',
        put: 'return { effects: effects.toSorted((a, b) => (a.unit.digest < b.unit.digest ? -1 : 1)), installed, order: [], doubts: places.length + names.length < 0 ? [] : doubts }',
      },
    ],
  },
  {
    name: 'where a circle is entered does not count',
    edits: [
      {
        file: 'reach/import-graph.ts',
        find: 'const names = isCircular ? order.map(({ name }) => name) : []',
        put: 'const names = isCircular && order.length === 0 ? order.map(({ name }) => name) : []',
      },
    ],
  },
  {
    name: 'which name of a pattern is meant does not count',
    edits: [
      {
        file: 'reach/stops.ts',
        find: "if (bound?.kind === 'unit') return [[new Hole({ module, unit: bound.unit }), bound.name]]",
        put: "if (bound?.kind === 'unit') return [new Hole({ module, unit: bound.unit })]",
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
