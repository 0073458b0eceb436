import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  createFileSync,
  createFolderSync,
  placeFiles,
  removeLeftovers,
  replaceFile,
  replaceFileSync,
  temporarySibling,
} from '../src/atomic-file.ts'
import { namesIn, namesInSync, readIfPresent } from '../src/files.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'stepwell-base-'))
const WAYS = {
  replaceFile,
  replaceFileSync: async (path: string, bytes: string) => replaceFileSync(path, bytes),
  'replaceFileSync, not durable': async (path: string, bytes: string) =>
    replaceFileSync(path, bytes, { durable: false }),
}

for (const [name, replace] of Object.entries(WAYS)) {
  test(`${name} makes the directory, replaces what was there, and leaves nothing beside it`, async () => {
    const dir = join(folder(), 'a', 'b')
    await replace(join(dir, 'x.json'), 'one')
    await replace(join(dir, 'x.json'), 'two')
    expect(readFileSync(join(dir, 'x.json'), 'utf8')).toBe('two')
    expect(readdirSync(dir)).toEqual(['x.json'])
  })

  test(`${name} takes a name as long as the file system does`, async () => {
    const dir = folder()
    for (const long of ['x'.repeat(255), 'é'.repeat(127)]) {
      await replace(join(dir, long), 'one')
      expect(readFileSync(join(dir, long), 'utf8')).toBe('one')
    }
    expect(readdirSync(dir)).toHaveLength(2)
  })

  test(`${name} that fails leaves what was there, and nothing beside it`, async () => {
    const dir = folder()
    mkdirSync(join(dir, 'taken', 'inner'), { recursive: true })
    await expect(replace(join(dir, 'taken'), 'one')).rejects.toThrow(
      /EISDIR|ENOTEMPTY|EEXIST|EPERM/,
    )
    expect(readdirSync(dir)).toEqual(['taken'])
    expect(readdirSync(join(dir, 'taken'))).toEqual(['inner'])
  })

  test(`${name} is not harmed by those who remove leftovers at the same time`, async () => {
    const path = join(folder(), 'x')
    await Promise.all(
      Array.from({ length: 30 }, async (_, nth) => {
        removeLeftovers(path)
        await replace(path, `${nth}`)
      }),
    )
    expect(readFileSync(path, 'utf8')).toMatch(/^\d+$/)
  })
}

test('leftovers of one entry are removed, and of no other', () => {
  const dir = folder()
  const [own, other] = [temporarySibling(join(dir, 'a')), temporarySibling(join(dir, 'a.b'))]
  for (const path of [own, other, join(dir, '.a.txt')]) writeFileSync(path, '')
  removeLeftovers(join(dir, 'a.b'))
  expect(readdirSync(dir).map((name) => join(dir, name))).not.toContain(other)
  expect(readdirSync(dir)).toHaveLength(2)
})

test('of what is made once, the first stays', () => {
  const dir = folder()
  expect(createFileSync(join(dir, 'f'), 'one')).toBe(true)
  expect(createFileSync(join(dir, 'f'), 'two')).toBe(false)
  const files = (text: string) => new Map([['x', Buffer.from(text)]])
  expect(createFolderSync(join(dir, 'd'), files('one'))).toBe(true)
  expect(createFolderSync(join(dir, 'd'), files('two'))).toBe(false)
  expect(readFileSync(join(dir, 'f'), 'utf8')).toBe('one')
  expect(readFileSync(join(dir, 'd', 'x'), 'utf8')).toBe('one')
  expect(readdirSync(dir).toSorted()).toEqual(['d', 'f'])
})

test('many files are placed at once', async () => {
  const dir = folder()
  const paths = Array.from({ length: 40 }, (_, nth) => join(dir, `${nth}`))
  const staged = new Map(paths.map((path) => [path, temporarySibling(path)]))
  for (const [path, temporary] of staged) writeFileSync(temporary, path)
  await placeFiles(staged)
  expect(readdirSync(dir)).toHaveLength(40)
  for (const path of paths) expect(readFileSync(path, 'utf8')).toBe(path)
})

test('a directory that is missing has no names; one that cannot be read is an error', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'file'), '')
  symlinkSync('loop', join(dir, 'loop'))
  for (const missing of ['missing', 'file', join('file', 'below')]) {
    expect(namesInSync(join(dir, missing))).toEqual([])
    expect(await namesIn(join(dir, missing))).toEqual([])
  }
  expect(() => namesInSync(join(dir, 'loop'))).toThrow(/ELOOP/)
  await expect(namesIn(join(dir, 'loop'))).rejects.toThrow(/ELOOP/)
  expect(readIfPresent(join(dir, 'missing'))).toBeUndefined()
  expect(() => readIfPresent(join(dir, 'loop'))).toThrow(/ELOOP/)
})
