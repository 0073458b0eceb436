import { ENV, generateProgram, mutate, type Random } from '../fuzz-program.ts'
import { group } from './idioms/groups.ts'
import { bigInteger, meddled, unreachable } from './idioms/inputs.ts'
import { clockAtLoad, readAtLoad, variable } from './idioms/load-reads.ts'
import { circle, effect, through, values } from './idioms/modules.ts'
import { namespace } from './idioms/namespaces.ts'
import { order } from './idioms/orders.ts'
import { hoisted } from './idioms/packages.ts'
import { sharedState } from './idioms/shared-state.ts'
import { readme, shadow } from './idioms/shadows.ts'
import {
  applyEdit,
  bothOf,
  ProjectWriter,
  type Edit,
  type Generated,
  type Version,
} from './project.ts'

type Idiom = (writer: ProjectWriter) => void

/** What is about code that can be followed; each with how often it is met. */
const CLEAR: readonly (readonly [Idiom, number])[] = [
  [order, 3],
  [namespace, 4],
  [shadow, 5],
  [readme, 2],
  [hoisted, 3],
  [circle, 2],
  [through, 3],
  [effect, 3],
  [values, 5],
  [group, 2],
  [meddled, 2],
  [unreachable, 2],
]

/** What may put steps, or all of them, in doubt: then nothing else is seen. */
const DOUBTFUL: readonly (readonly [Idiom, number])[] = [
  [readAtLoad, 5],
  [clockAtLoad, 2],
  [variable, 3],
  [sharedState, 6],
]

/** What takes a process of its own. */
const COSTLY: readonly (readonly [Idiom, number])[] = [[bigInteger, 1]]

/** A random project: a few idioms, and in some of them random modules besides. `without` names idioms. */
export function generate(random: Random, without: readonly string[] = []): Generated {
  const base = random() < 0.3 ? generateProgram(random) : undefined
  const main = base === undefined ? 'pipeline.js' : 'pipeline.ts'
  const writer = new ProjectWriter(random, ENV, main)
  const idioms: Idiom[] = []
  for (let left = base === undefined ? 4 : 2; left > 0; left -= 1) {
    idioms.push(...pickWeighted(writer, CLEAR, without))
  }
  if (writer.chance(0.35)) idioms.push(...pickWeighted(writer, DOUBTFUL, without))
  if (writer.chance(0.03)) idioms.push(...pickWeighted(writer, COSTLY, without))
  for (const idiom of idioms) idiom(writer)
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}',
    ...base,
    ...writer.files,
  }
  const [head, members] = base === undefined ? ['', ''] : withoutEnd(base['pipeline.ts'] ?? '')
  files[main] = [
    `import { ${base === undefined ? 'pipeline, step, ' : ''}command, dir, file, glob, matrix } from '@stepwell/engine'; void [command, dir, file, glob, matrix]`,
    ...writer.imports,
    head,
    ...writer.body,
    `export default pipeline('p', { ${[members, ...writer.members].filter((each) => each !== '').join(', ')} })`,
  ].join('\n')
  return {
    main,
    version: { files, links: writer.links, env: writer.env, demands: writer.demands },
    edits: [...writer.edits, ...everyday(writer)],
    idioms: idioms.map(({ name }) => name),
  }
}

/** One edit of a version, or several at once; `undefined` when none was found. */
export function nextEdit(generated: Generated, version: Version, random: Random): Edit | undefined {
  let made: Edit | undefined
  let now = version
  for (let left = random() < 0.5 ? 1 : 3; left > 0; left -= 1) {
    const next = oneEdit(generated, now, random)
    if (next === undefined) continue
    now = applyEdit(now, next)
    made = made === undefined ? next : bothOf(made, next)
  }
  return made
}

/** An edit about one of the idioms, or at random. */
function oneEdit({ edits, main }: Generated, version: Version, random: Random): Edit | undefined {
  for (let tries = 0; tries < 20; tries += 1) {
    const make = edits[Math.floor(random() * edits.length)]
    const edit = random() < 0.8 ? make?.(version) : atRandom(version, main, random)
    if (edit !== undefined) return edit
  }
  return undefined
}

function atRandom({ files, env }: Version, main: string, random: Random): Edit | undefined {
  const named = (path: string): string => (path === main ? 'pipeline.ts' : path)
  const texts = Object.entries(files).filter(
    ([path, text]) =>
      text !== undefined && /\.[cm]?[jt]s$/.test(path) && !path.includes('node_modules'),
  ) as [string, string][]
  const program = Object.fromEntries(texts.map(([path, text]) => [named(path), text]))
  const { kind, path, before, after, more, env: given } = mutate(program, random)
  if (kind === 'package' || (before === after && given === undefined)) return undefined
  const at = path === 'pipeline.ts' ? main : path
  // What was demanded may be about what is gone.
  return { kind, change: { files: { [at]: after, ...more }, env: given ?? env, demands: {} } }
}

/** What people do all day, and what changes nothing. */
function everyday(writer: ProjectWriter): Generated['edits'] {
  const modules = (version: Version): string[] =>
    Object.keys(version.files).filter(
      (path) => /\.[jt]s$/.test(path) && !path.includes('node_modules'),
    )
  const rewrite =
    (kind: string, by: (text: string) => string): Generated['edits'][number] =>
    (version) => {
      const path = writer.pick(modules(version))
      const text = version.files[path] ?? ''
      const after = by(text)
      if (after === text) return undefined
      return { kind, change: { files: { [path]: after } }, harmless: [''] }
    }
  return [
    () => ({ kind: 'nothing', change: {}, harmless: [''] }),
    rewrite('comment above', (text) => `// About this.\n${text}`),
    rewrite('blank lines', (text) => text.replaceAll('\n', '\n\n')),
    rewrite('trailing comment', (text) => `${text} // The end.`),
    rewrite('spaces', (text) => text.replaceAll(' => ', '  =>  ')),
  ]
}

/** Its last line is the pipeline. */
function withoutEnd(text: string): [head: string, members: string] {
  const [, head = '', members = ''] =
    /^([^]*)\nexport default pipeline\('p', \{ (.*) \}\)$/.exec(text) ?? []
  return [head, members]
}

function pickWeighted(
  writer: ProjectWriter,
  all: readonly (readonly [Idiom, number])[],
  without: readonly string[],
): Idiom[] {
  const weighted = all
    .filter(([{ name }]) => !without.includes(name))
    .flatMap(([idiom, weight]) => Array.from({ length: weight }, () => idiom))
  return weighted.length === 0 ? [] : [writer.pick(weighted)]
}
