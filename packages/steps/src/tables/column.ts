/** What a column of a table holds. `other` is what a Parquet file may have besides, such as lists. */
export type ColumnType =
  'integer' | 'number' | 'text' | 'boolean' | 'date' | 'time' | 'timestamp' | 'other'

/** A type that can be asked for. */
export type DeclaredType = Exclude<ColumnType, 'other'>

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** As SQL calls it. */
  readonly sqlType: string
}

export const DECLARED_TYPES: readonly DeclaredType[] = [
  'integer',
  'number',
  'text',
  'boolean',
  'date',
  'time',
  'timestamp',
]

const SQL_TYPES: Readonly<Record<DeclaredType, string>> = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  text: 'VARCHAR',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
}

export function sqlTypeOf(type: DeclaredType): string {
  return SQL_TYPES[type]
}

export function columnType(sqlType: string): ColumnType {
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/.test(sqlType)) return 'integer'
  if (/^(DOUBLE|FLOAT|DECIMAL\(.*\))$/.test(sqlType)) return 'number'
  if (/^(VARCHAR|ENUM\(.*\)|UUID)$/.test(sqlType)) return 'text'
  if (/^TIMESTAMP(_.*| WITH TIME ZONE)?$/.test(sqlType)) return 'timestamp'
  if (/^TIME( WITH TIME ZONE)?$/.test(sqlType)) return 'time'
  if (sqlType === 'BOOLEAN') return 'boolean'
  return sqlType === 'DATE' ? 'date' : 'other'
}

export function isNumeric({ type }: Column): boolean {
  return type === 'integer' || type === 'number'
}
