/** A number as a message shows it: rounded to `digits` significant digits, without zeros at the end. */
export function significant(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)))
}
