import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestBytes, digestText } from '@stepwell/base/digest'
import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import { withDirectory, type Check } from './check.ts'

const bytes = new TextEncoder().encode('some bytes')
const plain = (got: Uint8Array): Uint8Array => Uint8Array.from(got)

/** What every artifact store must do. The subject makes a new, empty one. */
export const artifactStoreContract: readonly Check<() => ArtifactStore>[] = [
  {
    name: 'what was put is there, under the digest of its bytes',
    run: async (make) => {
      const store = make()
      const digest = await store.put(bytes)
      assert.equal(digest, digestBytes(bytes))
      assert.equal(await store.check(digest), 'present')
      assert.deepEqual(plain(await store.get(digest)), bytes)
    },
  },
  {
    name: 'no bytes at all, and many, are bytes too',
    run: async (make) => {
      const store = make()
      for (const some of [new Uint8Array(0), new Uint8Array((1 << 20) + 1).fill(7)]) {
        const digest = await store.put(some)
        assert.equal(await store.check(digest), 'present')
        assert.equal(digestBytes(await store.get(digest)), digest)
      }
    },
  },
  {
    name: 'putting twice, also at once, changes nothing',
    run: async (make) => {
      const store = make()
      const digests = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes)))
      assert.equal(new Set([...digests, await store.put(bytes)]).size, 1)
      assert.deepEqual(plain(await store.get(digestBytes(bytes))), bytes)
    },
  },
  {
    name: 'what was not put is missing',
    run: async (make) => {
      const store = make()
      const digest = digestText('never put')
      assert.equal(await store.check(digest), 'missing')
      await assert.rejects(store.get(digest), { code: 'STEPWELL_ARTIFACT' })
    },
  },
  {
    name: 'what is stored cannot be changed from outside',
    run: async (make) => {
      const store = make()
      const mine = Uint8Array.from(bytes)
      const digest = await store.put(mine)
      mine.fill(0)
      const got = await store.get(digest)
      got.fill(0)
      assert.deepEqual(plain(await store.get(digest)), bytes)
      assert.equal(await store.check(digest), 'present')
    },
  },
  {
    name: 'many artifacts do not get mixed up',
    run: async (make) => {
      const store = make()
      const texts = Array.from({ length: 50 }, (_, index) => new TextEncoder().encode(`${index}`))
      const digests = await Promise.all(texts.map((text) => store.put(text)))
      const back = await Promise.all(digests.map((digest) => store.get(digest)))
      assert.deepEqual(back.map(plain), texts)
    },
  },
  {
    name: 'files are stored as they are, large ones too, and come back as new files',
    run: async (make) =>
      await withDirectory(async (dir) => {
        const store = make()
        const contents = ['one', 'two', 'one', 'x'.repeat((1 << 20) + 7), '']
        const paths = contents.map((content, index) => {
          const path = join(dir, `${index}`)
          writeFileSync(path, content)
          return path
        })
        const digests = await store.putFiles(paths)
        assert.deepEqual(
          digests,
          contents.map((content) => digestText(content)),
        )
        assert.deepEqual(await store.putFiles(paths), digests)
        for (const [index, digest] of digests.entries()) {
          assert.equal(await store.check(digest), 'present')
          const back = join(dir, `back-${index}`)
          await store.copyTo(digest, back, 'copy')
          assert.equal(readFileSync(back, 'utf8'), contents[index])
          // A change of the copy, or of the original, changes nothing that is stored.
          writeFileSync(back, 'changed')
          writeFileSync(paths[index] ?? '', 'changed')
          assert.equal(await store.check(digest), 'present')
        }
      }),
  },
  {
    name: 'as many files as a directory may hold',
    run: async (make) =>
      await withDirectory(async (dir) => {
        const store = make()
        const paths = Array.from({ length: 300 }, (_, index) => join(dir, `${index}`))
        for (const path of paths) writeFileSync(path, path)
        const digests = await store.putFiles(paths)
        assert.deepEqual(
          digests,
          paths.map((path) => digestText(path)),
        )
        for (const digest of digests) assert.equal(await store.check(digest), 'present')
      }),
  },
  {
    name: 'what is missing cannot be copied, and nothing is written over',
    run: async (make) =>
      await withDirectory(async (dir) => {
        const store = make()
        const path = join(dir, 'file')
        await assert.rejects(store.copyTo(digestText('never put'), path, 'copy'), {
          code: 'STEPWELL_ARTIFACT',
        })
        assert.equal(existsSync(path), false)
        writeFileSync(path, 'mine')
        await assert.rejects(store.copyTo(await store.put(bytes), path, 'copy'), /EEXIST/)
        assert.equal(readFileSync(path, 'utf8'), 'mine')
      }),
  },
  {
    name: 'all of them can be listed, with their sizes; what is removed is gone',
    run: async (make) =>
      await withDirectory(async (dir) => {
        const store = make()
        const listed = async (): Promise<Record<string, number>> => {
          const found: [string, number][] = []
          for await (const { digest, size } of store.list()) found.push([digest, size])
          return Object.fromEntries(found)
        }
        assert.deepEqual(await listed(), {})
        const [one, two] = [await store.put(bytes), await store.put(new Uint8Array(70_000))]
        assert.deepEqual(await listed(), { [one]: bytes.length, [two]: 70_000 })
        await store.remove(one)
        await store.remove(one)
        assert.equal(await store.check(one), 'missing')
        const to = join(dir, 'aside')
        await store.remove(two, to)
        assert.equal(readFileSync(to).length, 70_000)
        assert.deepEqual(await listed(), {})
      }),
  },
]
