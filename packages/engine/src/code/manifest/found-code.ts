import {
  partName,
  WHOLE,
  type CodeParts,
  type Doubt,
  type PipelineCode,
  type Place,
} from '../../identity/code.ts'
import { digestText, type Digest } from '@stepwell/base/digest'

/** What an analysis found, as compact data: what steps share stands there once. */
export interface FoundCode {
  readonly identity: FoundIdentity
  readonly details: FoundDetails
}

/** What keys are made of. */
export interface FoundIdentity {
  /** Packages by name and version. */
  readonly packages: readonly CodeParts['packages'][]
  /** Names of environment variables; never their values. */
  readonly env: readonly (readonly string[])[]
  readonly codes: readonly StoredCode[]
  /** By its place in `codes`. */
  readonly loading: number
  readonly doubts: readonly Doubt[]
  readonly steps: readonly StoredStep[]
}

/** What reasons are made of, by places in lists: most runs do without. */
export interface FoundDetails {
  readonly files: readonly string[]
  readonly parts: readonly StoredPart[]
  /** The parts of each of the codes. */
  readonly codes: readonly (readonly number[])[]
}

/** The lines are 0 for a file that counts whole. */
type StoredPart = readonly [name: string, digest: Digest, file: number, first: number, last: number]

type StoredCode = readonly [digest: Digest, packages: number, env: number]

type StoredStep = readonly [
  name: string,
  code: number,
  site: string,
  doubts: readonly Doubt[],
  pinned: string | null,
]

export function packCode({ loading, doubts, steps }: PipelineCode): FoundCode {
  const files = new Interned<string>()
  const parts = new Interned<StoredPart>()
  // Steps share the parts that they share: the writing out is for the first of them.
  const placed = new Map<Place, number>()
  const packages = new Interned<CodeParts['packages']>()
  const env = new Interned<readonly string[]>()
  const codes: StoredCode[] = []
  const members: number[][] = []
  const add = (code: CodeParts & { readonly digest: Digest }, names: readonly string[]): number => {
    members.push(
      Object.entries(code.parts).map(([name, digest]) => {
        const place = code.places?.[name]
        const known = place && placed.get(place)
        if (known !== undefined) return known
        const { file = '', lines = [0, 0] } = place ?? {}
        const index = parts.add([name, digest, files.add(file), ...lines])
        if (place !== undefined) placed.set(place, index)
        return index
      }),
    )
    return codes.push([code.digest, packages.add(code.packages), env.add(names)]) - 1
  }
  const identity = {
    loading: add(loading, loading.env),
    doubts,
    steps: [...steps].map(([name, code]): StoredStep => {
      const index = add(code, Object.keys(code.env))
      return [name, index, code.site, code.doubts, code.pinned ?? null]
    }),
    packages: packages.all,
    env: env.all,
    codes,
  }
  return { identity, details: { files: files.all, parts: parts.all, codes: members } }
}

/** The code that was found, with the values that environment variables have now. */
export function unpackCode(identity: FoundIdentity, readDetails: () => FoundDetails): PipelineCode {
  let known: FoundDetails | undefined
  const details = (): FoundDetails => (known ??= readDetails())
  const values = identity.env.map(valuesOf)
  const codeAt = (index: number) => identity.codes[index] as StoredCode
  const [digest, , named] = codeAt(identity.loading)
  return {
    loading: lazily({ digest, env: identity.env[named] ?? [] }, identity.loading),
    doubts: identity.doubts,
    steps: new Map(
      identity.steps.map(([name, index, site, doubts, pinned]) => {
        const [own, , env] = codeAt(index)
        const code = { digest: own, site, doubts, env: values[env] ?? {} }
        return [name, lazily(pinned === null ? code : { ...code, pinned }, index)]
      }),
    ),
  }

  /**
   * Adds the code's parts, which are put together only when they are asked for: few runs have to explain.
   * All of it is plain data, members of its own: plans and states are made of it.
   */
  function lazily<T extends object>(code: T, index: number): T & CodeParts {
    const packages = identity.packages[codeAt(index)[1]] ?? {}
    return Object.defineProperties(code, {
      packages: { value: packages, enumerable: true },
      parts: { get: () => partsOf(details(), index), enumerable: true },
      places: { get: () => placesOf(details(), index), enumerable: true },
    }) as T & CodeParts
  }
}

/** Environment variables by digest of their value. */
export function valuesOf(names: Iterable<string>): Record<string, Digest | null> {
  const values = [...names].toSorted().map((name) => {
    const value = process.env[name]
    return [name, value === undefined ? null : digestText(value)] as const
  })
  return Object.fromEntries(values)
}

function partsOf(details: FoundDetails, code: number): CodeParts['parts'] {
  return Object.fromEntries(storedParts(details, code).map(([name, digest]) => [name, digest]))
}

function placesOf(details: FoundDetails, code: number): Readonly<Record<string, Place>> {
  return Object.fromEntries(
    storedParts(details, code).map(([name, , at, first, last]) => {
      const file = details.files[at] ?? ''
      if (first === 0) return [name, { label: WHOLE, file }]
      const label = name.slice(0, -partName('', file).length)
      return [name, { label, file, lines: [first, last] }]
    }),
  )
}

function storedParts({ parts, codes }: FoundDetails, code: number): StoredPart[] {
  return (codes[code] ?? []).map((part) => parts[part] as StoredPart)
}

/** A list in which equal data stand once. */
class Interned<T> {
  readonly all: T[] = []
  readonly #places = new Map<string, number>()

  /** @returns its place in the list */
  add(item: T): number {
    const key = JSON.stringify(item)
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.all.length)
    return this.all.push(item) - 1
  }
}
