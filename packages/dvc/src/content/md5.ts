import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** `md5` of the bytes, or the hash of DVC 2, for which the lines of texts end in LF. */
export type HashName = 'md5' | 'md5-dos2unix'

// DVC decides for each of these whether it is text, and what its line ends are.
const CHUNK = 1024 * 1024
const LOOKED_AT = 512
const TEXT = new Set(Buffer.from('\n\r\t\f\b'))

/** The MD5 of a file as DVC computes it, in constant memory. */
export async function md5OfFile(path: string, size: number, name: HashName): Promise<string> {
  const hash = createHash('md5')
  const add = (chunk: Buffer): void => void hash.update(name === 'md5' ? chunk : withoutCr(chunk))
  if (size <= CHUNK) {
    // A file may have grown since it was measured.
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; at += CHUNK) add(bytes.subarray(at, at + CHUNK))
    return hash.digest('hex')
  }
  await using file = await open(path)
  const buffer = Buffer.allocUnsafe(CHUNK)
  for (;;) {
    const filled = await fill(file, buffer)
    if (filled > 0) add(buffer.subarray(0, filled))
    if (filled < CHUNK) return hash.digest('hex')
  }
}

export function md5OfText(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

async function fill(file: Awaited<ReturnType<typeof open>>, buffer: Buffer): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

function withoutCr(chunk: Buffer): Buffer {
  if (!isText(chunk.subarray(0, LOOKED_AT)) || !chunk.includes('\r\n')) return chunk
  return Buffer.from(chunk.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
}

function isText(block: Buffer): boolean {
  let others = 0
  for (const byte of block) {
    if (byte === 0) return false
    if ((byte < 32 || byte > 126) && !TEXT.has(byte)) others++
  }
  return block.length === 0 || others / block.length <= 0.3
}
