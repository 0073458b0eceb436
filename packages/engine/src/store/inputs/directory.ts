import { isUtf8 } from 'node:buffer'
import { readdirSync, readlinkSync, type Dirent } from 'node:fs'

/** What is in a directory by one name. */
export interface Listed {
  readonly name: string
  /** As the directory has it: a link is not followed. */
  readonly is: 'file' | 'dir' | 'link'
  /** The name with its bytes escaped, where it is not UTF-8: such a name leads nowhere. */
  readonly escaped?: string
}

/** @throws the error of the file system when the directory cannot be listed. */
export function listDirectory(absolute: string): Listed[] {
  const found = readdirSync(absolute, { withFileTypes: true })
  const listed = found.map((entry): Listed => ({ name: entry.name, is: kindOf(entry) }))
  if (!listed.some(({ name }) => name.includes('\u{FFFD}'))) return listed
  // Names that are not UTF-8 come garbled; a garbled one may also be the real name of another file.
  const names = new Map(
    readdirSync(absolute, { encoding: 'buffer' }).map((bytes) => [bytes.toString(), bytes]),
  )
  return listed.map((entry) => {
    const bytes = names.get(entry.name)
    return bytes === undefined || isUtf8(bytes) ? entry : { ...entry, escaped: escapeBytes(bytes) }
  })
}

/** What a link says, with whether it can be said in UTF-8. */
export function readLink(absolute: string): { readonly target: string; readonly escaped?: string } {
  const bytes = readlinkSync(absolute, { encoding: 'buffer' })
  const target = bytes.toString()
  return isUtf8(bytes) ? { target } : { target, escaped: escapeBytes(bytes) }
}

/** `caf\xe9.csv` */
function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((size) => isUtf8(bytes.subarray(at, at + size)))
    text +=
      length === undefined
        ? `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`
        : Buffer.from(bytes.subarray(at, at + length)).toString()
    at += length ?? 1
  }
  return text
}

/** What an entry is, or what `stat` says of it. */
export function kindOf(entry: Pick<Dirent, 'isSymbolicLink' | 'isDirectory'>): Listed['is'] {
  if (entry.isSymbolicLink()) return 'link'
  return entry.isDirectory() ? 'dir' : 'file'
}
