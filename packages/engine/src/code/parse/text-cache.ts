import { basename } from 'node:path'
import type { Digest } from '@stepwell/base/digest'
import type { CallFacts } from './ambiguity.ts'
import { ModuleText, type KnownText } from './module-text.ts'
import type { References, Unclear } from './references.ts'
import {
  packUnit,
  packUnits,
  unpackUnit,
  unpackUnits,
  type PackedUnit,
  type PackedUnits,
} from './packed-units.ts'

/** What is known of a module's text, as JSON. */
export interface StoredText {
  readonly isModule: boolean
  readonly units: PackedUnits
  readonly loads: References
  readonly unclear: readonly Unclear[]
  readonly variables: readonly string[]
  readonly calls: readonly (readonly [place: string, facts: StoredCall | null])[]
  readonly enclosing: readonly (readonly [place: string, unit: PackedUnit | null])[]
}

interface StoredCall extends Omit<CallFacts, 'functions' | 'dependsOn'> {
  readonly functions: readonly PackedUnit[]
  readonly dependsOn: PackedUnit | null
}

export type StoredTexts = Readonly<Record<string, StoredText>>

/** What the texts of modules say, by their content: after an edit, only what was edited is parsed. */
export class TextCache {
  readonly #before: StoredTexts
  readonly #used = new Map<string, ModuleText>()

  constructor(before: StoredTexts = {}) {
    this.#before = before
  }

  /** @returns the message of the first error where it cannot be parsed */
  read(file: string, bytes: Uint8Array, digest: Digest): ModuleText | string {
    // What a text means depends on the extension, that of `x.d.ts` being all after the first dot.
    const name = basename(file)
    const key = `${name.includes('.') ? name.slice(name.indexOf('.')) : ''} ${digest}`
    const stored = Object.hasOwn(this.#before, key) ? this.#before[key] : undefined
    const text = ModuleText.read(file, bytes, stored && unpackText(stored))
    // Two modules of one text are asked about different places.
    if (typeof text !== 'string' && !this.#used.has(key)) this.#used.set(key, text)
    return text
  }

  get used(): StoredTexts {
    return Object.fromEntries([...this.#used].map(([key, text]) => [key, packText(text)]))
  }
}

function packText({ facts, calls, enclosing }: KnownText): StoredText {
  return {
    isModule: facts.isModule,
    units: packUnits(facts.units),
    loads: facts.loads,
    unclear: facts.unclear,
    variables: [...facts.variables],
    calls: [...calls].map(([place, call]) => [
      place,
      call && {
        ...call,
        functions: call.functions.map(packUnit),
        dependsOn: call.dependsOn && packUnit(call.dependsOn),
      },
    ]),
    enclosing: [...enclosing].map(([place, unit]) => [place, unit && packUnit(unit)]),
  }
}

function unpackText(stored: StoredText): KnownText {
  const { isModule, units, loads, unclear, variables, calls, enclosing } = stored
  return {
    facts: {
      isModule,
      units: unpackUnits(units),
      loads,
      unclear,
      variables: new Set(variables),
    },
    calls: new Map(
      calls.map(([place, call]) => [
        place,
        call && {
          ...call,
          functions: call.functions.map(unpackUnit),
          dependsOn: call.dependsOn && unpackUnit(call.dependsOn),
        },
      ]),
    ),
    enclosing: new Map(enclosing.map(([place, unit]) => [place, unit && unpackUnit(unit)])),
  }
}
