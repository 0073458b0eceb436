import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import type { OutKind } from '../identity/fingerprint.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { definition, type Step } from '../define/step.ts'

/** An out of a step, and where it is. */
export interface PlacedOut {
  readonly step: Step
  readonly stepName: string
  readonly name: string
  readonly kind: OutKind
  /** Normal, relative to the project, as written. */
  readonly path: string
  /** Absolute, symbolic links resolved as far as there is something. */
  readonly real: string
}

/** How an out lies to a path: at it, a directory around it, or inside of it. */
export type Position = 'at' | 'around' | 'inside'
export type Touching = readonly [out: PlacedOut, position: Position]

/** Where the outs of a pipeline are in the project. */
export class OutPlaces {
  readonly outs: readonly PlacedOut[]
  /** Of the outs: normal, relative to the project. */
  readonly paths: readonly string[]
  readonly #dir: string
  // Many are in one directory.
  readonly #reals = new Map<string, string>()
  // As a file system would look them up that tells no upper from lower case.
  readonly #at = new Map<string, PlacedOut>()
  readonly #inside = new Map<string, PlacedOut[]>()

  /** @param dir the project directory, symbolic links resolved */
  constructor({ steps }: Pipeline, dir: string) {
    this.#dir = dir
    const outs: PlacedOut[] = []
    for (const [stepName, step] of steps) {
      for (const [name, { kind, path: written }] of Object.entries(definition(step).outs)) {
        const path = normalPath(written)
        // A link at the very place of an out is replaced by it.
        const parent = this.#realOf(join(dir, posix.dirname(path)))
        const real = join(parent, posix.basename(path))
        outs.push({ step, stepName, name, kind, path, real })
      }
    }
    this.outs = outs.toSorted((a, b) => (a.real < b.real ? -1 : 1))
    this.paths = this.outs.map(({ path }) => path)
    for (const out of this.outs) {
      const key = out.real.toLowerCase()
      if (!this.#at.has(key)) this.#at.set(key, out)
      for (const parent of this.#parentsOf(key)) {
        const inside = this.#inside.get(parent)
        if (inside === undefined) this.#inside.set(parent, [out])
        else inside.push(out)
      }
    }
  }

  /** An out at the place of another one, or around it. */
  clashing(out: PlacedOut): Touching | undefined {
    return this.#around(out.real.toLowerCase(), out)[0]
  }

  /** The outs that share files with a path of the project: mostly none, and then nothing is looked up. */
  touching(path: string): Touching[] {
    if (this.outs.length === 0) return []
    const key = this.#realOf(resolve(this.#dir, normalPath(path))).toLowerCase()
    const inside = this.#inside.get(key) ?? []
    return [...this.#around(key), ...inside.map((out): Touching => [out, 'inside'])]
  }

  #around(key: string, except?: PlacedOut): Touching[] {
    return [key, ...this.#parentsOf(key)].flatMap((path): Touching[] => {
      const out = this.#at.get(path)
      return out === undefined || out === except ? [] : [[out, path === key ? 'at' : 'around']]
    })
  }

  /** Up to the project directory: whatever contains that has no outs around it. */
  #parentsOf(path: string): string[] {
    const parents: string[] = []
    for (let at = dirname(path); at.length >= this.#dir.length; at = dirname(at)) {
      parents.push(at)
      if (at === dirname(at)) break
    }
    return parents
  }

  /** With the links in it resolved that there are; what is not there yet is taken as written. */
  #realOf(path: string): string {
    const real = this.#reals.get(path) ?? this.#findReal(path)
    this.#reals.set(path, real)
    return real
  }

  #findReal(path: string): string {
    const parent = dirname(path)
    if (parent === path) return path
    // Most are no links: then nothing but the directories, which are few, has to be resolved.
    if (isLink(path) && existsSync(path)) return realpathSync(path)
    return join(this.#realOf(parent), path.slice(parent.length))
  }
}

export function normalPath(path: string): string {
  return posix.normalize(path).replace(/\/$/, '')
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    // Where nothing can be: a parent is a file, or the path is invalid.
    return false
  }
}
