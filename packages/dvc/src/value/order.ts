/** The order of Python, which compares texts by code point, not by UTF-16 unit. */
export function byCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (left === right) continue
    // Units of a pair of surrogates stand for code points above all others.
    const [leftPair, rightPair] = [isSurrogate(left), isSurrogate(right)]
    return leftPair === rightPair ? left - right : leftPair ? 1 : -1
  }
  return one.length - other.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdf_ff
}
