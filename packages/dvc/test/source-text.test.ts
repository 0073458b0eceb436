import { expect, test } from 'vitest'
import { sourceText } from '../src/lock/source-text.ts'

const content = (md5: string, size: number, more: object = {}) => {
  return { hash: 'md5', md5, size, other: new Map(), ...more }
}
const MD5 = 'a'.repeat(32)

test('only the values of the outs that are named change', () => {
  const text = (one: string, two: string) =>
    `# top\nouts:\n- md5: ${one} # was added\n  size: 1\n  hash: md5\n  path: one\n` +
    `- {path: two, md5: ${two}, size: 2, nfiles: 1, hash: md5}\nmeta:\n  md5: ${'b'.repeat(32)}\n`
  const before = text('b'.repeat(32), `"${'b'.repeat(32)}.dir"`)
  expect(sourceText('x.dvc', before, new Map())).toBe(before)
  const contents = new Map([
    ['one', content(MD5, 1)],
    ['two', content(`${MD5}.dir`, 2, { nfiles: 1 })],
    ['three', content(MD5, 1)],
  ])
  expect(sourceText('x.dvc', before, contents)).toBe(text(MD5, `${MD5}.dir`))
})

test('a hash that looks like a number is quoted', () => {
  const text = (md5: string) => `outs:\n- md5: ${md5}\n  size: 1\n  hash: md5\n  path: one\n`
  for (const md5 of ['1'.repeat(32), `${'1'.repeat(20)}e${'1'.repeat(11)}`]) {
    const contents = new Map([['one', content(md5, 1)]])
    expect(sourceText('x.dvc', text('b'.repeat(32)), contents)).toBe(text(`'${md5}'`))
    expect(sourceText('x.dvc', text(`'${md5}'`), contents)).toBe(text(`'${md5}'`))
  }
})

test('a field that would come or go leaves nothing to do', () => {
  const text = `outs:\n- md5: ${MD5}\n  size: 1\n  hash: md5\n  path: one\n`
  const change = (more: object) =>
    sourceText('x.dvc', text, new Map([['one', content('b'.repeat(32), 1, more)]]))
  expect(change({})).toBeDefined()
  expect(change({ nfiles: 1 })).toBeUndefined()
  expect(change({ isexec: true })).toBeUndefined()
  expect(change({ hash: undefined })).toBeUndefined()
})
