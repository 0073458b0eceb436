import { readFileSync, statSync } from 'node:fs'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { md5OfFile, type HashName } from '../content/md5.ts'

// A file that was changed so shortly before may be changed again without a sign of it.
const SETTLED_MS = 2000

type Signature = readonly [size: string, mtime: string, ctime: string, inode: string]
type Row = readonly [...Signature, md5: string]

/** Remembers the MD5 of files by their signatures, over runs. What is lost is computed again. */
export class Md5Memo {
  readonly #path: string
  readonly #rows: Map<string, Row>
  #isChanged = false

  constructor(path: string) {
    this.#path = path
    this.#rows = new Map(Object.entries(read(path)))
  }

  md5 = async (path: string, size: number, name: HashName): Promise<string> => {
    const key = `${name} ${path}`
    const before = signatureOf(path)
    const known = this.#rows.get(key)
    if (known !== undefined && before?.every((part, index) => part === known[index]) === true) {
      return known[4]
    }
    // A change from now on, also while it is read, changes its signature.
    const isSettled = before !== undefined && ageOf(before) >= SETTLED_MS
    const md5 = await md5OfFile(path, size, name)
    if (isSettled) {
      this.#rows.set(key, [...before, md5])
      this.#isChanged = true
    }
    return md5
  }

  /** Keeps it for the next process. */
  save(): void {
    if (!this.#isChanged) return
    const text = JSON.stringify(Object.fromEntries(this.#rows))
    replaceFileSync(this.#path, text, { durable: false })
    this.#isChanged = false
  }
}

function signatureOf(path: string): Signature | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return undefined
  return [`${stats.size}`, `${stats.mtimeNs}`, `${stats.ctimeNs}`, `${stats.ino}`]
}

/** How long ago it was last changed, in milliseconds. */
function ageOf([, mtime, ctime]: Signature): number {
  return Date.now() - Math.max(Number(mtime), Number(ctime)) / 1_000_000
}

function read(path: string): Record<string, Row> {
  try {
    const rows: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof rows === 'object' && rows !== null ? (rows as Record<string, Row>) : {}
  } catch {
    return {}
  }
}
