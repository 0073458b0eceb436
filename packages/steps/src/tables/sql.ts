/** A name as SQL, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Text as SQL, whatever is in it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A list of texts as SQL. */
export function textList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`
}

/** A path as SQL that names this one file: what a pattern is made of stands for itself. */
export function quotePath(path: string): string {
  return quoteText(path.replaceAll(/[*?[]/g, '[$&]'))
}

/** A number as SQL, to the last bit: written out as a decimal it would pass through another type. */
export function numberSql(value: number): string {
  return `${quoteText(String(value))}::DOUBLE`
}

/** A value as SQL. */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'string') return quoteText(value)
  return Number.isSafeInteger(value) ? String(value) : numberSql(value)
}

/** Conditions of which all must hold; none holds always. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'TRUE' : conditions.map((each) => `(${each})`).join(' AND ')
}

/** Conditions of which one must hold; none never holds. */
export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'FALSE' : conditions.map((each) => `(${each})`).join(' OR ')
}
