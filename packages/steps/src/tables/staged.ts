import type { DeclaredType } from './column.ts'

/** What was read, before it has types. */
export interface Staged {
  /** What stands after FROM. */
  readonly from: string
  readonly columns: readonly StagedColumn[]
  /** Where a row is from, as SQL. */
  readonly file: string
  /** The number of a row, from 1, as SQL. */
  readonly row: string
  /** A query for what could not be read at all, with the columns of `REJECTED`. */
  readonly unreadable?: string
}

export interface StagedColumn {
  readonly name: string
  /** The column there. */
  readonly sql: string
  /** Whether it holds text, from which a type is made. */
  readonly isText: boolean
  /** The type of a column of text that needs no search. */
  readonly type?: DeclaredType
}

/** The columns of a table of rejected rows, with their types. */
export const REJECTED: readonly (readonly [name: string, sqlType: string])[] = [
  ['file', 'VARCHAR'],
  ['line', 'BIGINT'],
  ['row', 'BIGINT'],
  ['column', 'VARCHAR'],
  ['value', 'VARCHAR'],
  ['reason', 'VARCHAR'],
  ['record', 'VARCHAR'],
]
