const MASK = (1n << 64n) - 1n

/**
 * Evenly spread whole numbers from 0 up to, not including, a bound of at most 2^32.
 * The same seed gives the same numbers on every machine.
 */
export interface Random {
  below(bound: number): number
  /** The next 64 random bits. */
  next(): bigint
}

/**
 * SplitMix64: a counter with a fixed step, and a mixing function over it. The upper 32 bits make an
 * even whole number by rejection of the incomplete last stretch.
 *
 * Source: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators",
 * OOPSLA 2014, https://doi.org/10.1145/2660193.2660195; constants of
 * https://prng.di.unimi.it/splitmix64.c (public domain).
 *
 * @param seed a safe integer; a negative one counts modulo 2^64.
 */
export function createRandom(seed: number): Random {
  let state = BigInt(seed) & MASK
  const next = (): bigint => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK
    let mixed = state
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK
    return mixed ^ (mixed >> 31n)
  }
  return {
    next,
    below(bound) {
      const limit = 2 ** 32 - (2 ** 32 % bound)
      for (;;) {
        const value = Number(next() >> 32n)
        if (value < limit) return value % bound
      }
    },
  }
}

/**
 * The numbers 0 to `count - 1` in random order, each order equally likely.
 *
 * Source: the Fisher-Yates shuffle as R. Durstenfeld gave it (Algorithm 235, CACM 7(7), 1964);
 * D. E. Knuth, The Art of Computer Programming, volume 2, section 3.4.2, algorithm P.
 */
export function shuffledIndices(count: number, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const held = indices[last] ?? 0
    indices[last] = indices[other] ?? 0
    indices[other] = held
  }
  return indices
}
