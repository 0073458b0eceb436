import type { Doubt, Place } from '../../identity/code.ts'
import { digestText, type Digest } from '@stepwell/base/digest'
import type { LocalModule } from './modules.ts'
import { byName, type Node, type Part, type Stop, type Stops } from './stops.ts'

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
  const walk: Stop[] = []
  /** Pieces of text, with numbers of nodes between them. */
  const records: (string | number)[] = []
  const files = new Set(installed)
  const env = new Set<string>()
  const doubts: Doubt[] = []

  const rootNumbers = roots.map((node) => stops.at(node).numberIn(walk))
  // It grows while it is walked.
  for (const stop of walk) {
    const { next, found } = stop
    records.push(records.length === 0 ? '' : ',', found.pieces[0] ?? '')
    for (let at = 0; at < next.length; at += 1) {
      records.push(next[at]?.numberIn(walk) ?? -1, found.pieces[at + 1] ?? '')
    }
    for (const file of found.installed) files.add(file)
    for (const name of found.env) env.add(name)
    for (const doubt of found.doubts) doubts.push(doubt)
  }
  const packages = stops.versions(files)
  const known = `{"order":${JSON.stringify(order)},"packages":${JSON.stringify(packages)}`
  const walked = `"records":[${records.join('')}],"roots":${JSON.stringify(rootNumbers)}}`
  const digest = digestText(`stepwell code\n${known},${walked}`)
  return {
    digest,
    packages,
    env: [...env].toSorted(),
    doubts,
    // Most runs do without: nothing is to be explained to people.
    get parts() {
      return Object.fromEntries(
        partsOf(walk)
          .toSorted(byName)
          .map(([name, each]) => [name, each]),
      )
    },
    get places() {
      return Object.fromEntries(partsOf(walk).map(([name, , place]) => [name, place]))
    },
    get modules() {
      return new Set(walk.map(({ node }) => node.module))
    },
  }
}

function partsOf(walk: readonly Stop[]): Part[] {
  return walk.flatMap(({ found: { part } }) => (part === undefined ? [] : [part]))
}
