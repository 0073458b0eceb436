import {
  DvcCache,
  dvcIgnore,
  listingText,
  md5OfFile,
  measure,
  workspaceOf,
  type Measured,
} from '@stepwell/dvc'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readListing } from '../src/content/dir-listing.ts'
import { temporaryDir, writeFiles } from './sandbox.ts'

const project = (): string => {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
const look = async (dir: string, path: string): Promise<Measured> => {
  const found = await measure(workspaceOf(dir, dvcIgnore(dir)), { kind: 'project', path })
  if (found === undefined) throw new Error(`no ${path}`)
  return found
}

test('the hash of DVC 2 takes CRLF for LF, by pieces of a mebibyte', async () => {
  const dir = project()
  const path = join(dir, 'file')
  const hash = async (bytes: Buffer, name: 'md5' | 'md5-dos2unix'): Promise<string> => {
    writeFileSync(path, bytes)
    return await md5OfFile(path, bytes.length, name)
  }
  const lines = Buffer.from('one\r\ntwo\r\n')
  const unix = Buffer.from('one\ntwo\n')
  expect(await hash(lines, 'md5-dos2unix')).toBe(await hash(unix, 'md5'))
  expect(await hash(lines, 'md5')).not.toBe(await hash(unix, 'md5'))
  const binary = Buffer.from('one\0\r\n')
  expect(await hash(binary, 'md5-dos2unix')).toBe(await hash(binary, 'md5'))
  // The line end across two pieces stays, and a second piece may be binary.
  const long = Buffer.alloc(1024 * 1024 - 1, 'a')
  const across = Buffer.concat([long, Buffer.from('\r\nb\r\n')])
  const wanted = Buffer.concat([long, Buffer.from('\r\nb\n')])
  expect(await hash(across, 'md5-dos2unix')).toBe(await hash(wanted, 'md5'))
  const mixed = Buffer.concat([long, Buffer.from('a\0\r\n')])
  expect(await hash(mixed, 'md5-dos2unix')).toBe(await hash(mixed, 'md5'))
})

test('a file of many mebibytes is hashed in pieces', async () => {
  const path = join(project(), 'file')
  writeFileSync(path, Buffer.alloc(5 * 1024 * 1024 + 3, 'x'))
  expect(await md5OfFile(path, 5 * 1024 * 1024 + 3, 'md5')).toBe('09bdec392a9492aeb0024143e040f266')
})

test('a directory is the list of its files, in the order and the letters of Python', () => {
  const files = ['b', 'a/z', 'a', '😀', 'ﬁ', 'é"\\\u007f'].map((path) => ({ path, md5: path }))
  expect(listingText(files)).toBe(
    String.raw`[{"md5": "a", "relpath": "a"}, {"md5": "a/z", "relpath": "a/z"}, {"md5": "b", "relpath": "b"}, {"md5": "\u00e9\"\\\u007f", "relpath": "\u00e9\"\\\u007f"}, {"md5": "\ufb01", "relpath": "\ufb01"}, {"md5": "\ud83d\ude00", "relpath": "\ud83d\ude00"}]`,
  )
})

test('what is kept in the cache can be checked out', async () => {
  const dir = project()
  writeFiles(dir, {
    'out/a.txt': 'a\n',
    'out/sub/é': 'e\n',
    'tool.sh': { program: '#!/bin/sh\n' },
  })
  mkdirSync(join(dir, 'empty'))
  const cache = new DvcCache(dir, 'cache')
  for (const path of ['out', 'tool.sh', 'empty']) {
    const measured = await look(dir, path)
    expect(await cache.has(measured)).toBe(false)
    await cache.keep(measured, join(dir, path))
    expect(await cache.has(measured)).toBe(true)
    const { files: _files, ...recorded } = measured
    const copy = `new/${path}`
    await cache.checkout(recorded, join(dir, copy))
    expect(await look(dir, copy)).toEqual(measured)
  }
  expect(statSync(join(dir, 'new/tool.sh')).mode & 0o100).toBe(0o100)
  const blob = cache.path('60b725f10c9c85c70d97880dfe8191b3', false)
  expect(blob).toBe(join(dir, '.dvc/cache/files/md5/60/b725f10c9c85c70d97880dfe8191b3'))
  expect(statSync(blob).mode & 0o777).toBe(0o444)
  expect(readdirSync(dirname(blob))).toEqual(['b725f10c9c85c70d97880dfe8191b3'])
})

test('a damaged or missing object is no hit', async () => {
  const dir = project()
  writeFiles(dir, { 'out/a.txt': 'a\n', 'out/b.txt': 'b\n' })
  const cache = new DvcCache(dir, 'cache')
  const measured = await look(dir, 'out')
  await cache.keep(measured, join(dir, 'out'))
  const blob = cache.path('60b725f10c9c85c70d97880dfe8191b3', false)
  chmodSync(blob, 0o644)
  expect(await cache.has(measured)).toBe(true)
  writeFileSync(blob, 'other')
  expect(await cache.has(measured)).toBe(false)
  await expect(cache.checkout(measured, join(dir, 'copy'))).rejects.toThrow(
    'the cache of DVC lacks',
  )
  expect(existsSync(join(dir, 'copy'))).toBe(false)
  // Kept again, it is mended.
  await cache.keep(measured, join(dir, 'out'))
  expect(await cache.has(measured)).toBe(true)
  expect(readFileSync(blob, 'utf8')).toBe('a\n')
})

test('a damaged object that DVC trusts is not checked out', async () => {
  const dir = project()
  writeFiles(dir, { 'out/a.txt': 'a\n', 'out/b.txt': 'b\n' })
  const cache = new DvcCache(dir, 'cache')
  for (const path of ['out', 'out/a.txt']) {
    const measured = await look(dir, path)
    await cache.keep(measured, join(dir, path))
    const blob = cache.path('60b725f10c9c85c70d97880dfe8191b3', false)
    chmodSync(blob, 0o644)
    writeFileSync(blob, 'x\n')
    chmodSync(blob, 0o444)
    const target = join(dir, 'copy')
    await expect(cache.checkout(measured, target)).rejects.toThrow('the object is damaged')
    expect(existsSync(target)).toBe(false)
    rmSync(blob)
  }
  const measured = await look(dir, 'out')
  await cache.keep(measured, join(dir, 'out'))
  const list = cache.path(measured.md5, false)
  chmodSync(list, 0o644)
  writeFileSync(list, '[]')
  chmodSync(list, 0o444)
  expect(await cache.has(measured)).toBe(false)
})

test('what changed since it was measured is not kept', async () => {
  const dir = project()
  writeFiles(dir, { 'a.txt': 'a\n' })
  const cache = new DvcCache(dir, 'cache')
  const measured = await look(dir, 'a.txt')
  writeFiles(dir, { 'a.txt': 'b\n' })
  await expect(cache.keep(measured, join(dir, 'a.txt'))).rejects.toThrow(
    'the file changed while it was read',
  )
  expect(await cache.has(measured)).toBe(false)
  expect(readdirSync(join(dir, '.dvc/cache/files/md5/60'))).toEqual([])
})

test.each(['../evil', '/etc/evil', 'a/../../evil', 'a//b', '', '.', 'a\0b'])(
  'a list of a cache that names %j is damaged',
  (path) => {
    const text = JSON.stringify([{ md5: 'abc', relpath: path }])
    expect(readListing('x', text)).toBeUndefined()
  },
)

test.each(['', '{}', '[1]', '[{"md5": "a"}]', '[{"relpath": "a"}]', '[', 'null'])(
  'a list of a cache that is %j is damaged',
  (text) => {
    expect(readListing('x', text)).toBeUndefined()
  },
)

test('tracked data holds no .dvcignore, and nothing but files and directories', async () => {
  const dir = project()
  writeFiles(dir, { 'out/.dvcignore': 'x\n', 'broken/link': { link: 'nowhere' } })
  await expect(look(dir, 'out')).rejects.toThrow('there is no .dvcignore inside of tracked data')
  await expect(look(dir, 'broken')).rejects.toThrow('it is a link that leads nowhere')
})
