import { readFileSync, rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { IgnoreRules } from '../src/project/ignore-rules.ts'
import { fixtureUrl } from './encoded.ts'
import { temporaryDir, writeFiles } from './sandbox.ts'

interface Asked {
  readonly patterns: readonly string[]
  readonly asked: readonly {
    readonly path: string
    readonly dir: boolean
    readonly ignored: boolean
  }[]
}

const recorded = JSON.parse(readFileSync(fixtureUrl('ignore.json'), 'utf8')) as readonly Asked[]

test('a .dvcignore ignores what it ignores for DVC', () => {
  expect(recorded.length).toBeGreaterThan(100)
  for (const { patterns, asked } of recorded) {
    const rules = new IgnoreRules('/nowhere', '.dvcignore', patterns)
    for (const { path, dir, ignored } of asked) {
      const why = `${patterns.join(' ')} for ${path}${dir ? '/' : ''}`
      expect(rules.ignores(path, dir), why).toBe(ignored)
    }
  }
})

test('a file further down adds to those above', () => {
  const root = temporaryDir()
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  writeFiles(root, {
    '.gitignore': '*.log\n/top\nbuild/\n',
    'sub/.gitignore': '!keep.log\n/top2\n*/\n',
  })
  const rules = new IgnoreRules(root, '.gitignore')
  const ignores = (path: string, dir = false): boolean => rules.ignores(path, dir)
  expect(ignores('a.log')).toBe(true)
  expect(ignores('sub/a.log')).toBe(true)
  expect(ignores('sub/keep.log')).toBe(false)
  expect(ignores('keep.log')).toBe(true)
  expect(ignores('top')).toBe(true)
  expect(ignores('sub/top')).toBe(false)
  expect(ignores('sub/top2')).toBe(true)
  expect(ignores('build')).toBe(false)
  expect(ignores('build', true)).toBe(true)
  expect(ignores('x/build/deep/file')).toBe(true)
  expect(ignores('sub/any/file')).toBe(true)
})
