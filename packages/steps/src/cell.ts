/** A value of a table: text, a number, or `null` where the value is missing. */
export type Cell = string | number | null

const DECIMAL = /^-?(?:0|[1-9]\d*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d+$/

/**
 * The number that a text spells, or `undefined` when it is better left alone. Blanks around it do not
 * count. A number is a decimal such as `12`, `-0.5`, `.5`, `3.` or `1e-3`. Not a number, because
 * turning it into one would lose something: leading zeros (`007`) or a leading `+` (codes, telephone
 * numbers), an integer that a double cannot hold exactly, and what JavaScript alone would accept
 * (`0x10`, `Infinity`, the empty text).
 */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim()
  if (!DECIMAL.test(trimmed)) return undefined
  const value = Number(trimmed)
  if (!Number.isFinite(value)) return undefined
  return INTEGER.test(trimmed) && !Number.isSafeInteger(value) ? undefined : value
}

/**
 * The cells of a column with one type: numbers when every cell that is not missing is a number or
 * spells one (see `parseDecimal`), else the cells as they are.
 */
export function typeCells(cells: readonly Cell[]): readonly Cell[] {
  const typed: Cell[] = []
  for (const cell of cells) {
    const value = typeof cell === 'string' ? parseDecimal(cell) : cell
    if (value === undefined) return cells
    typed.push(value)
  }
  return typed
}

/**
 * A test for the tokens that stand for a missing value. Blanks around text do not count, and tokens
 * that are numbers compare as numbers: the token `-200` also means `-200.0`.
 */
export function missingTest(tokens: readonly string[]): (cell: Cell) => boolean {
  const texts = new Set(tokens.map((token) => token.trim()))
  const numbers = new Set(tokens.map(parseDecimal).filter((value) => value !== undefined))
  return (cell) => {
    if (cell === null) return true
    if (typeof cell === 'number') return numbers.has(cell)
    if (texts.has(cell.trim())) return true
    if (numbers.size === 0) return false
    const value = parseDecimal(cell)
    return value !== undefined && numbers.has(value)
  }
}

/** A cell as a message shows it. */
export function showCell(cell: unknown): string {
  return typeof cell === 'string' ? JSON.stringify(cell) : String(cell)
}
