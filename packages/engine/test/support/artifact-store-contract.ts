import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestBytes, digestText } from '@stepwell/base/digest'
import type { ArtifactStore } from '../../src/index.ts'
import { temporaryDir } from './temporary.ts'

/** What every artifact store must do. `make` gives a new, empty one. */
export function artifactStoreContract(title: string, make: () => ArtifactStore): void {
  describe(`${title} is an artifact store`, () => {
    const bytes = new TextEncoder().encode('some bytes')

    test('what was put is there, under the digest of its bytes', async () => {
      const store = make()
      const digest = await store.put(bytes)
      expect(digest).toBe(digestBytes(bytes))
      expect(await store.check(digest)).toBe('present')
      expect(Uint8Array.from(await store.get(digest))).toEqual(bytes)
    })

    test('no bytes at all, and many, are bytes too', async () => {
      const store = make()
      for (const some of [new Uint8Array(0), new Uint8Array((1 << 20) + 1).fill(7)]) {
        const digest = await store.put(some)
        expect(await store.check(digest)).toBe('present')
        expect(digestBytes(await store.get(digest))).toBe(digest)
      }
    })

    test('putting twice, also at once, changes nothing', async () => {
      const store = make()
      const digests = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes)))
      expect(new Set([...digests, await store.put(bytes)]).size).toBe(1)
      expect(Uint8Array.from(await store.get(digestBytes(bytes)))).toEqual(bytes)
    })

    test('what was not put is missing', async () => {
      const store = make()
      const digest = digestText('never put')
      expect(await store.check(digest)).toBe('missing')
      await expect(store.get(digest)).rejects.toMatchObject({ code: 'STEPWELL_ARTIFACT' })
    })

    test('nobody can change what is stored', async () => {
      const store = make()
      const mine = Uint8Array.from(bytes)
      const digest = await store.put(mine)
      mine.fill(0)
      const got = await store.get(digest)
      got.fill(0)
      expect(Uint8Array.from(await store.get(digest))).toEqual(bytes)
      expect(await store.check(digest)).toBe('present')
    })

    test('many artifacts do not get mixed up', async () => {
      const store = make()
      const texts = Array.from({ length: 50 }, (_, index) => new TextEncoder().encode(`${index}`))
      const digests = await Promise.all(texts.map((text) => store.put(text)))
      const back = await Promise.all(digests.map((digest) => store.get(digest)))
      expect(back.map((got) => Uint8Array.from(got))).toEqual(texts)
    })

    test('files are stored as they are, large ones too, and come back as new files', async () => {
      const store = make()
      const dir = temporaryDir()
      const contents = ['one', 'two', 'one', 'x'.repeat((1 << 20) + 7), '']
      const paths = contents.map((content, index) => {
        const path = join(dir, `${index}`)
        writeFileSync(path, content)
        return path
      })
      const digests = await store.putFiles(paths)
      expect(digests).toEqual(contents.map((content) => digestText(content)))
      expect(await store.putFiles(paths)).toEqual(digests)
      for (const [index, digest] of digests.entries()) {
        expect(await store.check(digest)).toBe('present')
        const back = join(dir, `back-${index}`)
        await store.copyTo(digest, back, 'copy')
        expect(readFileSync(back, 'utf8')).toBe(contents[index])
        // Whoever changes the copy, or the original, changes nothing that is stored.
        writeFileSync(back, 'changed')
        writeFileSync(paths[index] ?? '', 'changed')
        expect(await store.check(digest)).toBe('present')
      }
    })

    test('as many files as a directory may hold', async () => {
      const store = make()
      const dir = temporaryDir()
      const paths = Array.from({ length: 300 }, (_, index) => join(dir, `${index}`))
      for (const path of paths) writeFileSync(path, path)
      const digests = await store.putFiles(paths)
      expect(digests).toEqual(paths.map((path) => digestText(path)))
      for (const digest of digests) expect(await store.check(digest)).toBe('present')
    })

    test('what is missing cannot be copied, and nothing is written over', async () => {
      const store = make()
      const path = join(temporaryDir(), 'file')
      const digest = digestText('never put')
      await expect(store.copyTo(digest, path, 'copy')).rejects.toMatchObject({
        code: 'STEPWELL_ARTIFACT',
      })
      expect(existsSync(path)).toBe(false)
      writeFileSync(path, 'mine')
      await expect(store.copyTo(await store.put(bytes), path, 'copy')).rejects.toThrow(/EEXIST/)
      expect(readFileSync(path, 'utf8')).toBe('mine')
    })

    test('all of them can be listed, with their sizes; what is removed is gone', async () => {
      const store = make()
      const listed = async (): Promise<Record<string, number>> => {
        const found: [string, number][] = []
        for await (const { digest, size } of store.list()) found.push([digest, size])
        return Object.fromEntries(found)
      }
      expect(await listed()).toEqual({})
      const [one, two] = [await store.put(bytes), await store.put(new Uint8Array(70_000))]
      expect(await listed()).toEqual({ [one]: bytes.length, [two]: 70_000 })
      await store.remove(one)
      await store.remove(one)
      expect(await store.check(one)).toBe('missing')
      const to = join(temporaryDir(), 'aside')
      await store.remove(two, to)
      expect(readFileSync(to).length).toBe(70_000)
      expect(await listed()).toEqual({})
    })
  })
}
