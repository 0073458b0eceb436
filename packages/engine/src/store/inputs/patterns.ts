import { posix, resolve, sep } from 'node:path'
import picomatch from 'picomatch'

// `s`: a name may hold a newline, and `**` admits it.
const OPTIONS = { posix: true, flags: 's' } as const

/** Patterns, to be followed down a directory by the parts between their slashes. */
export class Patterns {
  readonly #parts: readonly (readonly Part[])[]
  readonly #matches: (path: string) => boolean
  readonly #leavesOut: (path: string) => boolean

  /** @param dir what they are relative to */
  constructor(dir: string, patterns: readonly string[]) {
    const isNegative = (pattern: string) => pattern.startsWith('!') && pattern[1] !== '('
    const wanted = patterns.filter((each) => !isNegative(each)).map((each) => normal(dir, each))
    const unwanted = patterns.filter(isNegative).map((each) => normal(dir, each.slice(1)))
    this.#parts = wanted.map((each) => partsOf(each))
    this.#matches = picomatch(wanted, OPTIONS)
    this.#leavesOut = unwanted.length === 0 ? () => false : picomatch(unwanted, OPTIONS)
  }

  /** Where the patterns begin. */
  get start(): Places {
    return this.#withSkipped(this.#parts.map((_, pattern) => ({ pattern, part: 0 })))
  }

  matches(path: string): boolean {
    return this.#matches(path)
  }

  /** Whether a pattern with `!` takes a file, or a directory with all that is in it, out. */
  leavesOut(path: string): boolean {
    return this.#leavesOut(path)
  }

  /** Names by which it may go on in a directory; `'any'` where that is not told by the patterns. */
  namesAfter(places: Places): ReadonlySet<string> | 'any' {
    const names = new Set<string>()
    for (const { pattern, part } of places) {
      const at = this.#parts[pattern]?.[part]
      if (at?.kind === 'name') names.add(at.name)
      else if (at !== undefined) return 'any'
    }
    return names
  }

  /** Where the patterns are after a name. What has come to its end stays there. */
  after(places: Places, name: string): Places {
    const next: Place[] = []
    for (const { pattern, part } of places) {
      const at = this.#parts[pattern]?.[part]
      if (at === undefined) continue
      const isPassed = at.kind === 'name' ? at.name === name : at.kind === 'glob' && at.admits(name)
      if (isPassed) next.push({ pattern, part: part + 1 })
      if (at.kind === 'rest' || (at.kind === 'deep' && !name.startsWith('.'))) {
        next.push({ pattern, part })
      }
    }
    return this.#withSkipped(next)
  }

  /** Whether something that matches may be in a directory. */
  goOn(places: Places): boolean {
    return places.some(({ pattern, part }) => part < (this.#parts[pattern]?.length ?? 0))
  }

  /** Whether something that matches may be at any depth below. */
  goDeep(places: Places): boolean {
    return places.some(({ pattern, part }) => {
      const kind = this.#parts[pattern]?.[part]?.kind
      return kind === 'deep' || kind === 'rest'
    })
  }

  /** `**` may stand for no directory at all. */
  #withSkipped(places: readonly Place[]): Places {
    const found = new Map<string, Place>()
    const add = (place: Place): void => {
      const key = `${place.pattern} ${place.part}`
      if (found.has(key)) return
      found.set(key, place)
      if (this.#parts[place.pattern]?.[place.part]?.kind !== 'deep') return
      add({ pattern: place.pattern, part: place.part + 1 })
    }
    for (const place of places) add(place)
    return [...found.values()]
  }
}

/** How far each pattern has come. */
export type Places = readonly Place[]

interface Place {
  readonly pattern: number
  readonly part: number
}

type Part =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'glob'; readonly admits: (name: string) => boolean }
  /** `**` */
  | { readonly kind: 'deep' }
  /** What may stand for several parts, such as `{a,b/c}`: nothing is told of it but by the whole path. */
  | { readonly kind: 'rest' }

function normal(dir: string, pattern: string): string {
  const isAbsolute = posix.isAbsolute(pattern) || resolve(pattern) === pattern
  const relative = isAbsolute ? posix.relative(dir.split(sep).join('/'), pattern) : pattern
  return posix.normalize(relative).replace(/(?<=.)\/+$/, '')
}

function partsOf(pattern: string): Part[] {
  const { parts = [] } = picomatch.scan(pattern, { parts: true })
  return (parts.length === 0 ? [pattern] : parts).map((part): Part => {
    if (part === '**') return { kind: 'deep' }
    if (part.includes('/') || part.includes('**')) return { kind: 'rest' }
    if (!/[\\*?[\]{}()!+@|]/.test(part)) return { kind: 'name', name: part }
    return { kind: 'glob', admits: picomatch(part, OPTIONS) }
  })
}
