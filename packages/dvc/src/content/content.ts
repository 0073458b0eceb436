import { anyText } from '../value/text.ts'
import type { DvcMap, DvcValue } from '../value/value.ts'
import { isList, isMap } from '../value/value.ts'

/** What is at a path: as recorded in `dvc.lock` and `*.dvc` files, and as measured. */
export interface Content {
  /** `md5` since DVC 3; absent is the hash of DVC 2, for which lines end in LF. */
  readonly hash?: string
  /** MD5 of a file; of a directory that of the list of its files, and `.dir`. */
  readonly md5?: string
  readonly etag?: string
  readonly checksum?: string
  readonly size?: number
  readonly nfiles?: number
  readonly isexec?: boolean
  readonly versionId?: string
  /** The rest of an entry, kept as it is: `cloud`, `files`. */
  readonly other: DvcMap
}

const KNOWN = new Set<unknown>(
  'path hash md5 etag checksum size nfiles isexec version_id'.split(' '),
)

/** The content that an entry records, next to its `path`. */
export function contentOf(entry: DvcMap): Content {
  const text = (name: string): string | undefined => {
    const value = entry.get(name)
    return value === undefined || value === null || value === '' ? undefined : anyText(value)
  }
  const count = (name: string): number | undefined => {
    const value = entry.get(name)
    return typeof value === 'bigint' ? Number(value) : undefined
  }
  const fields = {
    hash: text('hash'),
    md5: text('md5')?.toLowerCase(),
    etag: text('etag'),
    checksum: text('checksum'),
    size: count('size'),
    nfiles: count('nfiles'),
    isexec: entry.get('isexec') === true ? true : undefined,
    versionId: text('version_id'),
  }
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  const other = new Map([...entry].filter(([key]) => !KNOWN.has(key)))
  return { ...Object.fromEntries(present), other }
}

/** The entries of a list in `dvc.lock` or a `*.dvc` file, by their path. */
export function contentsOf(list: DvcValue | undefined): ReadonlyMap<string, Content> {
  const contents = new Map<string, Content>()
  if (list === undefined || !isList(list)) return contents
  for (const entry of list) {
    if (isMap(entry)) contents.set(anyText(entry.get('path') ?? ''), contentOf(entry))
  }
  return contents
}
