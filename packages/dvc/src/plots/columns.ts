import type { DvcValue } from '../value/value.ts'

/** Data points, by field: the fields have the same length, with holes where a point lacks one. */
export interface Columns {
  readonly length: number
  readonly fields: ReadonlyMap<string, readonly (DvcValue | undefined)[]>
  /** What is drawn where nothing is said: the last field of the first list. */
  readonly lastField: string | undefined
}
