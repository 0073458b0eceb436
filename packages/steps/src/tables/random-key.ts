import { ORDER } from './relation.ts'

const MASK = '4294967295::UBIGINT'
const ONE = 0x21_f0_aa_ad
const TWO = 0x73_5a_2d_97

/**
 * A random number for each row, as SQL: a whole number below 2^32 that depends on the row's number and the
 * seed alone, and differs between rows (up to 2^32 of them). So the same rows are chosen everywhere.
 *
 * It is the mixing function `mix`, which maps the 32-bit numbers onto themselves, of the row's number with
 * some of its bits turned; which of them, the same function makes of the seed. Constants of
 * https://github.com/skeeto/hash-prospector (public domain).
 *
 * @param seed a safe integer
 * @param row the number of the row, as SQL
 */
export function randomKey(seed: number, row: string = ORDER): string {
  const bits = BigInt.asUintN(64, BigInt(seed))
  const turned = mix(Number(bits & 0xff_ff_ff_ffn) ^ mix(Number(bits >> 32n) + 1))
  const number = `CAST(${row} AS UBIGINT)`
  const start = `((xor(${number} & ${MASK}, ${turned}::UBIGINT) + (${number} >> 32)) & ${MASK})`
  const once = fold(start, 16)
  const twice = fold(`((${once} * ${ONE}::UBIGINT) & ${MASK})`, 15)
  return fold(`((${twice} * ${TWO}::UBIGINT) & ${MASK})`, 15)
}

function fold(value: string, bits: number): string {
  return `xor(${value}, ${value} >> ${bits})`
}

function mix(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), ONE)
  const twice = Math.imul(once ^ (once >>> 15), TWO)
  return (twice ^ (twice >>> 15)) >>> 0
}
