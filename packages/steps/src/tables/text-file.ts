import { StepwellError, type FileInput } from '@stepwell/engine/author'
import { closeSync, createReadStream, createWriteStream, openSync, readSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, gunzipSync } from 'node:zlib'

/** A file of text, as a program can read it that knows UTF-8 only. */
export interface TextFile {
  /** As messages name it. */
  readonly path: string
  readonly location: string
  readonly isCompressed: boolean
}

/**
 * The file itself when it is UTF-8 and may be compressed, else a copy that is neither.
 *
 * @param encoding a name of the WHATWG Encoding Standard
 * @param copy where to write the copy
 * @throws StepwellError STEPWELL_INPUT_ENCODING
 */
export async function utf8File(
  { path, location }: FileInput,
  encoding: string,
  copy: string,
  mayBeCompressed: boolean,
): Promise<TextFile> {
  const isCompressed = path.endsWith('.gz')
  if (encoding === 'utf-8' && (mayBeCompressed || !isCompressed)) {
    return { path, location, isCompressed }
  }
  const decoder = new TextDecoder(encoding, { fatal: true })
  const bytes = createReadStream(location)
  try {
    await pipeline(
      isCompressed ? bytes.pipe(createGunzip()) : bytes,
      async function* decode(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
        yield decoder.decode()
      },
      createWriteStream(copy),
    )
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new StepwellError({
      code: 'STEPWELL_INPUT_ENCODING',
      summary: `${path} is not ${encoding}`,
      details: 'it has bytes that stand for nothing there',
      hint: "correct the param 'encoding', or the file",
      cause: error,
    })
  }
  return { path, location: copy, isCompressed: false }
}

/** Whether Node knows an encoding of this name. */
export function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== ''
  } catch {
    return false
  }
}

const BEGINNING = 1 << 20

/** The text that a file begins with, of about a megabyte, without a byte order mark. */
export function beginningOf({ location, isCompressed }: TextFile): string {
  const file = openSync(location, 'r')
  try {
    const bytes = Buffer.alloc(BEGINNING)
    const read = bytes.subarray(0, readSync(file, bytes, 0, BEGINNING, 0))
    const plain = isCompressed ? gunzipSync(read, { finishFlush: constants.Z_SYNC_FLUSH }) : read
    return new TextDecoder().decode(plain)
  } finally {
    closeSync(file)
  }
}
