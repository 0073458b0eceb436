import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestHex, type Digest } from '@stepwell/base/digest'
import { DiskArtifacts } from '../src/store/objects/disk-artifacts.ts'
import { RememberingFileDigests } from '../src/store/inputs/file-digests.ts'
import { artifactStoreContract } from '../src/testing/artifact-store-contract.ts'
import { keeps } from './support/keeps.ts'
import { temporaryDir } from './support/temporary.ts'

keeps(
  'DiskArtifacts is an artifact store',
  artifactStoreContract,
  () => () => storeIn(temporaryDir()),
)

function storeIn(dir: string): DiskArtifacts {
  return new DiskArtifacts(join(dir, 'objects'), new RememberingFileDigests(dir))
}

function pathOf(dir: string, digest: Digest): string {
  const hex = digestHex(digest)
  return join(dir, 'objects', hex.slice(0, 2), hex.slice(2))
}

const BYTES = new TextEncoder().encode('some bytes that will be damaged')
const DAMAGES: [string, (path: string) => void][] = [
  [
    'a byte that flipped, under the old time stamps',
    (path) => {
      const { atime, mtime } = statSync(path)
      const bytes = readFileSync(path)
      bytes[5]! ^= 1
      writeFileSync(path, bytes)
      utimesSync(path, atime, mtime)
    },
  ],
  ['a file cut short', (path) => truncateSync(path, 4)],
  ['a file emptied', (path) => truncateSync(path, 0)],
  [
    'a directory in its place',
    (path) => {
      rmSync(path)
      mkdirSync(join(path, 'x'), { recursive: true })
    },
  ],
]

describe('damage', () => {
  for (const [title, damage] of DAMAGES) {
    test(`${title}: noticed by check, and put repairs it`, async () => {
      const dir = temporaryDir()
      const store = storeIn(dir)
      const digest = await store.put(BYTES)
      expect(await store.check(digest)).toBe('present')
      damage(pathOf(dir, digest))
      expect(await store.check(digest)).toBe('damaged')
      expect(await store.check(digest), 'to look changes nothing').toBe('damaged')
      await store.put(BYTES)
      expect(await store.check(digest)).toBe('present')
      expect(Uint8Array.from(await store.get(digest))).toEqual(BYTES)
    })
    test(`${title}: noticed by get, and by put alone`, async () => {
      const dir = temporaryDir()
      const store = storeIn(dir)
      const digest = await store.put(BYTES)
      damage(pathOf(dir, digest))
      await expect(store.get(digest)).rejects.toMatchObject({ code: 'STEPWELL_ARTIFACT' })
      await store.put(BYTES)
      damage(pathOf(dir, digest))
      await store.put(BYTES)
      expect(Uint8Array.from(await store.get(digest))).toEqual(BYTES)
    })
  }
  test('a file that was removed', async () => {
    const dir = temporaryDir()
    const store = storeIn(dir)
    const digest = await store.put(BYTES)
    rmSync(pathOf(dir, digest))
    expect(await store.check(digest)).toBe('missing')
    await expect(store.get(digest)).rejects.toMatchObject({ code: 'STEPWELL_ARTIFACT' })
  })
})

test('no temporary files are left', async () => {
  const dir = temporaryDir()
  const store = storeIn(dir)
  const digests = await Promise.all([1, 2, 2, 2].map((n) => store.put(new Uint8Array([n]))))
  const files = readdirSync(join(dir, 'objects'), { recursive: true, withFileTypes: true })
  expect(files.filter((file) => file.isFile()).length).toBe(new Set(digests).size)
})
