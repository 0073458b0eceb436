import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib'
import { temporarySibling } from '@stepwell/base/atomic-file'

interface Encoding {
  readonly decode: () => Transform
  /** Ends of names of files that are encoded so themselves. */
  readonly names: RegExp
  readonly types: RegExp
  /** What such a file begins with. */
  readonly magic?: Uint8Array
}

const GZIP: Encoding = {
  decode: createGunzip,
  names: /\.(?:gz|tgz|gzip|svgz|bgz)$/i,
  types: /^application\/(?:x-)?(?:gzip|gunzip|tar-gz|tgz)\b/i,
  magic: Uint8Array.of(0x1f, 0x8b),
}
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  gzip: GZIP,
  'x-gzip': GZIP,
  deflate: { decode: createInflate, names: /\.(?:zz|zlib)$/i, types: /^application\/zlib\b/i },
  br: { decode: createBrotliDecompress, names: /\.br$/i, types: /^application\/(?:x-)?br/i },
  zstd: {
    decode: createZstdDecompress,
    names: /\.(?:zst|tzst)$/i,
    types: /^application\/zstd\b/i,
    magic: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
  },
}

/**
 * How a body was encoded, the innermost first. No encoding is asked for; some servers send one all the same.
 *
 * @throws RangeError for an encoding that is not known.
 */
export function encodingsOf({ headers }: IncomingMessage): Encoding[] {
  const names = (headers['content-encoding'] ?? '')
    .split(',')
    .map((each) => each.trim().toLowerCase())
  return names.flatMap((name) => {
    if (name === '' || name === 'identity') return []
    const encoding = ENCODINGS[name]
    if (encoding !== undefined) return [encoding]
    throw new RangeError(`it is encoded as ${JSON.stringify(name)}, which is not known`)
  })
}

/**
 * Turns a body into the file that the address names. What is encoded for the way is decoded. Where the file is
 * encoded so itself (`x.csv.gz`), many servers say so by the same header: then it is kept as it is.
 *
 * @param names of the file
 */
export async function decodeBody(
  path: string,
  encodings: readonly Encoding[],
  names: readonly string[],
  type: string,
  signal: AbortSignal,
): Promise<void> {
  for (const [nth, encoding] of [...encodings.entries()].toReversed()) {
    const isItself = names.some((name) => encoding.names.test(name)) || encoding.types.test(type)
    if (nth === 0 && isItself && !(await isTwice(path, encoding))) return
    const decoded = temporarySibling(path)
    try {
      const to = createWriteStream(decoded, { flags: 'wx' })
      await pipeline(createReadStream(path), encoding.decode(), to, { signal })
      await rename(decoded, path)
    } finally {
      await rm(decoded, { force: true })
    }
  }
}

/** Whether what is inside is encoded in the same way again: then the outer one was for the way. */
async function isTwice(path: string, { decode, magic }: Encoding): Promise<boolean> {
  if (magic === undefined) return false
  const inside = createReadStream(path).pipe(decode())
  try {
    for await (const chunk of inside as AsyncIterable<Uint8Array>) {
      return magic.every((byte, at) => chunk[at] === byte)
    }
    return false
  } catch {
    // It is not encoded at all, or damaged: it is kept as it came.
    return false
  }
}
