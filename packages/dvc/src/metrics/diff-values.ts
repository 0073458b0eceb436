import { equalValues } from '../value/equal.ts'
import type { DvcValue } from '../value/value.ts'
import type { FileValues, RevisionValues } from './file-values.ts'
import { flatten, type FlatValues } from './flatten.ts'

/** A value before and after: `null` where it did not exist. */
export interface ValueChange {
  readonly old: DvcValue
  readonly new: DvcValue
  /** Of two numbers: by how much it grew. */
  readonly diff?: bigint | number
}

/** File -> dotted name -> change. */
export type ValueDiff = ReadonlyMap<string, ReadonlyMap<string, ValueChange>>

/** What differs, or everything; files and names in order. */
export function diffValues(before: RevisionValues, after: RevisionValues, all: boolean): ValueDiff {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return new Map(
    paths.flatMap((path) => {
      const changes = changesOf(flatOf(before.get(path)), flatOf(after.get(path)), all)
      return changes.size > 0 ? [[path, changes] as const] : []
    }),
  )
}

function flatOf(values: FileValues | undefined): FlatValues {
  return values !== undefined && 'data' in values ? flatten(values.data) : new Map()
}

function changesOf(
  before: FlatValues,
  after: FlatValues,
  all: boolean,
): ReadonlyMap<string, ValueChange> {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return new Map(
    names.flatMap((name) => {
      const [old, now] = [before.get(name) ?? null, after.get(name) ?? null]
      if (!all && equalValues(old, now)) return []
      const diff = difference(old, now)
      return [[name, { old, new: now, ...(diff !== undefined && { diff }) }] as const]
    }),
  )
}

function difference(old: DvcValue, now: DvcValue): bigint | number | undefined {
  const [one, other] = [numberOf(old), numberOf(now)]
  if (one === undefined || other === undefined) return undefined
  if (typeof one === 'bigint' && typeof other === 'bigint') return other - one
  return Number(other) - Number(one)
}

// In Python, a boolean is a number.
function numberOf(value: DvcValue): bigint | number | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : undefined
}
