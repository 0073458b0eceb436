import type { Digest } from '@stepwell/base/digest'
import type { Mention } from './canonical.ts'
import type { Evaluation } from './evaluation.ts'
import type { Assumption } from './inert.ts'
import type { References } from './references.ts'
import type { Shape } from './shapes.ts'
import type { StateUse } from './state-use.ts'
import type { Binding, Unit, Units } from './units.ts'

/** A unit as JSON. Most refer to nothing outside of their module. */
export type PackedUnit = readonly [
  label: string,
  lines: Unit['lines'],
  digest: Digest,
  mentions: readonly PackedMention[],
  isEffect: boolean,
  assumes?: readonly Assumption[],
  references?: References,
  state?: StateUse,
]

/** A name of the module, or with members of what is imported under it. */
type PackedMention = string | readonly [name: string, isCalled: boolean, ...path: readonly string[]]

/** A unit of the module by its place, or what is imported. */
type PackedBinding =
  | readonly [key: string, unit: number, name: string, place: number]
  | readonly [key: string, specifier: string, name: string, place?: undefined]

/** A module taken apart, as JSON. */
export interface PackedUnits extends Pick<Units, 'stars' | 'imports' | 'mayPatch' | 'mayDefine'> {
  readonly units: readonly PackedUnit[]
  readonly bindings: readonly PackedBinding[]
  readonly exports: readonly PackedBinding[]
  readonly assigners: readonly (readonly [name: string, units: readonly number[]])[]
  readonly fixed: readonly string[]
  readonly withoutThis: readonly string[]
  readonly classes: readonly string[]
  readonly outside: readonly string[]
  readonly shapes: readonly (readonly [name: string, shape: Shape])[]
  readonly evaluations: readonly (readonly [unit: number, evaluation: Evaluation])[]
}

const NOTHING: References = { modules: [], assets: [], env: [], unclear: [] }

export function packUnit(unit: Unit): PackedUnit {
  const { label, lines, digest, isEffect, assumes, references, state } = unit
  const mentions = unit.mentions.map(({ name, path, isCalled }): PackedMention => {
    return path.length === 0 ? name : [name, isCalled, ...path]
  })
  const isEmpty = Object.values(references).every((list: readonly unknown[]) => list.length === 0)
  const packed = [label, lines, digest, mentions, isEffect] as const
  if (state !== undefined) return [...packed, assumes, references, state]
  if (!isEmpty) return [...packed, assumes, references]
  return assumes.length === 0 ? packed : [...packed, assumes]
}

export function unpackUnit(packed: PackedUnit): Unit {
  const [label, lines, digest, mentioned, isEffect, assumes = [], references = NOTHING, state] =
    packed
  const mentions = mentioned.map((each): Mention => {
    if (typeof each === 'string') return { name: each, path: [], isCalled: false }
    const [name, isCalled, ...path] = each
    return { name, path, isCalled }
  })
  const unit: Unit = { label, lines, digest, mentions, references, isEffect, assumes }
  return state === undefined ? unit : { ...unit, state }
}

export function packUnits(from: Units): PackedUnits {
  const { units, bindings, exports, stars, imports, assigners, mayPatch, mayDefine } = from
  const places = new Map(units.map((unit, index) => [unit, index]))
  const placeOf = (unit: Unit): number => places.get(unit) ?? -1
  const pack = ([key, bound]: readonly [string, Binding]): PackedBinding =>
    bound.kind === 'unit'
      ? [key, placeOf(bound.unit), bound.name, bound.place]
      : [key, bound.specifier, bound.name]
  return {
    units: units.map(packUnit),
    bindings: [...bindings].map(pack),
    exports: [...exports].map(pack),
    stars,
    imports,
    assigners: [...assigners].map(([name, list]) => [name, list.map(placeOf)]),
    fixed: [...from.fixed],
    withoutThis: [...from.withoutThis],
    classes: [...from.classes],
    outside: [...from.outside],
    shapes: [...from.shapes],
    evaluations: [...from.evaluations].map(([unit, evaluation]) => [placeOf(unit), evaluation]),
    mayPatch,
    mayDefine,
  }
}

export function unpackUnits({
  stars,
  imports,
  mayPatch,
  mayDefine,
  ...packed
}: PackedUnits): Units {
  const units = packed.units.map(unpackUnit)
  const unpack = ([key, at, name, place = 0]: PackedBinding): [string, Binding] =>
    typeof at === 'number'
      ? [key, { kind: 'unit', unit: units[at] as Unit, name, place }]
      : [key, { kind: 'import', specifier: at, name }]
  return {
    units,
    bindings: new Map(packed.bindings.map(unpack)),
    exports: new Map(packed.exports.map(unpack)),
    stars,
    imports,
    assigners: new Map(
      packed.assigners.map(([name, list]) => [name, list.map((at) => units[at] as Unit)]),
    ),
    fixed: new Set(packed.fixed),
    withoutThis: new Set(packed.withoutThis),
    classes: new Set(packed.classes),
    outside: new Set(packed.outside),
    shapes: new Map(packed.shapes),
    evaluations: new Map(packed.evaluations.map(([at, found]) => [units[at] as Unit, found])),
    mayPatch,
    mayDefine,
  }
}
