import { ORDER } from './relation.ts'

const MASK = '4294967295::UBIGINT'

/**
 * A random number for each row, as SQL: a whole number below 2^32 that depends on the row's number and the
 * seed alone, and differs between rows (up to 2^32 of them). So the same rows are chosen everywhere.
 *
 * Two rounds of a mixing function that maps the 32-bit numbers onto themselves, with half of the seed let
 * into each. Constants of https://github.com/skeeto/hash-prospector (public domain).
 *
 * @param seed a safe integer
 * @param row the number of the row, as SQL
 */
export function randomKey(seed: number, row: string = ORDER): string {
  const bits = BigInt.asUintN(64, BigInt(seed))
  const low = bits & 0xff_ff_ff_ffn
  const high = bits >> 32n
  const first = mix(`xor(CAST(${row} AS UBIGINT) & ${MASK}, ${low}::UBIGINT)`)
  return mix(`((${first}) + (CAST(${row} AS UBIGINT) >> 32) + ${high}::UBIGINT) & ${MASK}`)
}

function mix(value: string): string {
  const one = fold(`(${value})`, 16)
  const two = fold(`((${one} * 569420461::UBIGINT) & ${MASK})`, 15)
  return fold(`((${two} * 1935289751::UBIGINT) & ${MASK})`, 15)
}

function fold(value: string, bits: number): string {
  return `xor(${value}, ${value} >> ${bits})`
}
