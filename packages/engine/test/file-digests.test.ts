import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestBytes, digestText } from '@stepwell/base/digest'
import { RememberingFileDigests } from '../src/store/inputs/file-digests.ts'
import { temporaryDir } from './support/temporary.ts'

const OLD = new Date('2020-01-01T00:00:00Z')

test('the digest is that of the bytes, small and large', async () => {
  const dir = temporaryDir()
  const digests = new RememberingFileDigests(dir)
  for (const size of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20]) {
    writeFileSync(join(dir, 'a'), new Uint8Array(size).fill(size & 255))
    expect((await digests.state('a')).digest).toBe(digestBytes(readFileSync(join(dir, 'a'))))
  }
})

test('an edit that keeps the size and restores the time stamp is seen', async () => {
  const dir = temporaryDir()
  const path = join(dir, 'a')
  const digests = new RememberingFileDigests(dir)
  writeFileSync(path, 'one')
  utimesSync(path, OLD, OLD)
  expect((await digests.state('a')).digest).toBe(digestText('one'))
  writeFileSync(path, 'two')
  utimesSync(path, OLD, OLD)
  expect((await digests.state('a')).digest).toBe(digestText('two'))
})

test('edits within one tick of the clock are seen', async () => {
  const dir = temporaryDir()
  const digests = new RememberingFileDigests(dir)
  for (let n = 100; n < 400; n += 1) {
    writeFileSync(join(dir, 'a'), `${n}`)
    expect((await digests.state('a')).digest).toBe(digestText(`${n}`))
  }
  expect(digests.remembered.size).toBe(0)
})

test('another file renamed into place is seen', async () => {
  const dir = temporaryDir()
  const digests = new RememberingFileDigests(dir)
  for (const [name, text] of [
    ['a', 'one'],
    ['b', 'two'],
  ] as const) {
    writeFileSync(join(dir, name), text)
    utimesSync(join(dir, name), OLD, OLD)
  }
  expect((await digests.state('a')).digest).toBe(digestText('one'))
  renameSync(join(dir, 'b'), join(dir, 'a'))
  expect((await digests.state('a')).digest).toBe(digestText('two'))
})

test('a signature that an earlier process remembered spares the reading, another one does not', async () => {
  const dir = temporaryDir()
  const path = join(dir, 'a')
  writeFileSync(path, 'one')
  const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true })
  const claimed = digestText('what the earlier process saw')
  const trusted = new RememberingFileDigests(dir)
  trusted.recall([['a', { digest: claimed, signature: `${size} ${mtimeNs} ${ctimeNs} ${ino}` }]])
  expect((await trusted.state('a')).digest).toBe(claimed)
  for (const signature of [
    `${size + 1n} ${mtimeNs} ${ctimeNs} ${ino}`,
    `${size} ${mtimeNs + 1n} ${ctimeNs} ${ino}`,
    `${size} ${mtimeNs} ${ctimeNs + 1n} ${ino}`,
    `${size} ${mtimeNs} ${ctimeNs} ${ino + 1n}`,
  ]) {
    const digests = new RememberingFileDigests(dir)
    digests.recall([['a', { digest: claimed, signature }]])
    expect((await digests.state('a')).digest).toBe(digestText('one'))
  }
})

test('what is no file has no digest', async () => {
  const dir = temporaryDir()
  const digests = new RememberingFileDigests(dir)
  mkdirSync(join(dir, 'sub'))
  writeFileSync(join(dir, 'plain'), '')
  symlinkSync('nowhere', join(dir, 'dangling'))
  for (const path of ['none', 'sub', 'plain/x', 'dangling']) {
    await expect(digests.state(path)).rejects.toMatchObject({ code: 'STEPWELL_INPUT_MISSING' })
  }
})

test('a file that went and came back is read again', async () => {
  const dir = temporaryDir()
  const path = join(dir, 'a')
  const digests = new RememberingFileDigests(dir)
  writeFileSync(path, 'one')
  utimesSync(path, OLD, OLD)
  await digests.state('a')
  rmSync(path)
  await expect(digests.state('a')).rejects.toMatchObject({ code: 'STEPWELL_INPUT_MISSING' })
  writeFileSync(path, 'two')
  utimesSync(path, OLD, OLD)
  expect((await digests.state('a')).digest).toBe(digestText('two'))
})
