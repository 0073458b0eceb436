import { anything, either, flag, mapOf, nothing, text, whole, type Shape } from './shape.ts'

// A hash may be written without quotes, and then look like a number.
const HASH: Shape = {
  expected: 'a hash',
  fits: ({ value }) => value === null || typeof value === 'string' || typeof value === 'bigint',
}
const META = { size: whole, nfiles: whole, isexec: flag, version_id: text }
const HASHES = { md5: HASH, etag: HASH, checksum: HASH }

/** The fields that say what is at a path, in `dvc.lock` and `*.dvc` files. */
export const CONTENT: Readonly<Record<string, Shape>> = {
  ...HASHES,
  ...META,
  path: text,
  hash: text,
  cloud: either(mapOf(anything), nothing),
  files: anything,
}
