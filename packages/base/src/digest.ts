import xxhash from 'xxhash-wasm'

/**
 * The address of bytes: algorithm prefix plus hex. `xxh64x2` is xxHash64 under two seeds, 128 bits.
 * It guards against accident, not against an adversary who crafts collisions.
 */
export type Digest = string & { readonly __brand: 'Digest' }

const PREFIX = 'xxh64x2:'
const PATTERN = /^xxh64x2:[0-9a-f]{32}$/
const SEEDS = [0n, 0x9e3779b97f4a7c15n] as const
// A one-shot hash copies its input into WebAssembly memory, which never shrinks again: past this
// many bytes the input goes through in pieces.
const ONE_SHOT = 1 << 20

const hasher = await xxhash()

/** Takes bytes in any number of pieces; the digest depends on their concatenation alone. */
export interface Digester {
  update(bytes: Uint8Array): void
  digest(): Digest
}

export function createDigester(): Digester {
  const states = SEEDS.map((seed) => hasher.create64(seed))
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length; at += ONE_SHOT) {
        const piece = bytes.subarray(at, at + ONE_SHOT)
        for (const state of states) state.update(piece)
      }
    },
    digest: () => join(states.map((state) => state.digest())),
  }
}

export function digestBytes(bytes: Uint8Array): Digest {
  if (bytes.length <= ONE_SHOT) return join(SEEDS.map((seed) => hasher.h64Raw(bytes, seed)))
  const digester = createDigester()
  digester.update(bytes)
  return digester.digest()
}

export function digestText(text: string): Digest {
  return digestBytes(new TextEncoder().encode(text))
}

/** Whether a value that was read from somewhere is a digest. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && PATTERN.test(value)
}

/**
 * The hex part: 32 lower-case digits, safe as a file name everywhere.
 * @throws RangeError for a text that is not a digest, which could lead anywhere as a file name.
 */
export function digestHex(digest: Digest): string {
  if (!isDigest(digest)) throw new RangeError(`${JSON.stringify(digest)} is not a digest`)
  return digest.slice(PREFIX.length)
}

/** The digest of that hex part. */
export function digestOf(hex: string): Digest {
  return (PREFIX + hex) as Digest
}

function join(halves: readonly bigint[]): Digest {
  return (PREFIX + halves.map((half) => half.toString(16).padStart(16, '0')).join('')) as Digest
}
