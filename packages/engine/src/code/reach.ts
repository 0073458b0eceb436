import type { Doubt, Place } from '../code.ts'
import { digestText, type Digest } from '../digest.ts'
import type { LocalModule } from './modules.ts'
import { byName, type Node, type Stops } from './stops.ts'

/** All that some code can reach. */
export interface Reach {
  /** Of all that is reached, free of paths and lines: code may be moved. */
  readonly digest: Digest
  /** What is told apart, by name and file, for people. */
  readonly parts: Readonly<Record<string, Digest>>
  readonly packages: Readonly<Record<string, string>>
  /** Where the parts are, by name. */
  readonly places: Readonly<Record<string, Place>>
  /** Names of environment variables. */
  readonly env: readonly string[]
  readonly doubts: readonly Doubt[]
  readonly modules: ReadonlySet<LocalModule>
}

export interface ReachOptions {
  /** Files of packages that count too. @default none */
  readonly installed?: readonly string[]
  /** What else tells two such walks apart. @default nothing */
  readonly order?: readonly string[]
}

/**
 * Walks from units to all that they refer to, by name, over modules. What a name may stand for counts
 * whole: all assignments to a variable, all exports of a module that is used as a value. The digest is
 * made of the units in the order in which they are met, each with the numbers of those it refers to, so
 * that circles need no care and neither names of files nor the order in them count.
 */
export function reach(
  roots: readonly Node[],
  stops: Stops,
  { installed = [], order = [] }: ReachOptions = {},
): Reach {
  const numbers = new Map<object, number>()
  const queue: Node[] = []
  const records: string[] = []
  const parts: (readonly [string, Digest, Place])[] = []
  const files = new Set(installed)
  const env = new Set<string>()
  const doubts: Doubt[] = []

  const rootNumbers = roots.map(number)
  // The queue grows while it is walked.
  for (const node of queue) {
    const { pieces, next, part, ...found } = stops.at(node)
    let record = pieces[0] ?? ''
    for (const [index, each] of next.entries()) record += `${number(each)}${pieces[index + 1]}`
    records.push(record)
    if (part !== undefined) parts.push(part)
    for (const file of found.installed) files.add(file)
    for (const name of found.env) env.add(name)
    for (const doubt of found.doubts) doubts.push(doubt)
  }
  const packages = stops.versions(files)
  const known = `{"order":${JSON.stringify(order)},"packages":${JSON.stringify(packages)}`
  const walked = `"records":[${records.join(',')}],"roots":${JSON.stringify(rootNumbers)}}`
  return {
    digest: digestText(`stepwell code\n${known},${walked}`),
    parts: Object.fromEntries(parts.toSorted(byName).map(([name, digest]) => [name, digest])),
    packages,
    places: Object.fromEntries(parts.map(([name, , place]) => [name, place])),
    env: [...env].toSorted(),
    doubts,
    modules: new Set(queue.map(({ module }) => module)),
  }

  function number(node: Node): number {
    const key = node.unit ?? node.module
    const before = numbers.get(key)
    if (before !== undefined) return before
    numbers.set(key, queue.length)
    return queue.push(node) - 1
  }
}
