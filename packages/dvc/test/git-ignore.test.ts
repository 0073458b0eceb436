import { ignoreInGit } from '@stepwell/dvc'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readRecording } from './real-dvc.ts'
import { layOut, temporaryDir, type Snapshot } from './sandbox.ts'

function project(files: Snapshot): string {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  layOut(dir, files)
  return dir
}

test('an output is ignored by the line that DVC writes', () => {
  const [first] = readRecording('git-ignored').states
  if (first === undefined) throw new Error('no recording')
  const dir = project(first.before)
  expect(ignoreInGit(dir, 'out')).toBe('.gitignore')
  expect(readFileSync(join(dir, '.gitignore'), 'utf8')).toBe(first.after['.gitignore'])
  // Once is enough.
  expect(ignoreInGit(dir, 'out')).toBeUndefined()
  expect(readFileSync(join(dir, '.gitignore'), 'utf8')).toBe(first.after['.gitignore'])
})

test('a line of its own, beside the output, with signs of patterns taken as they are', () => {
  const dir = project({ '.git': { dir: true }, 'sub/.gitignore': 'no end', 'sub/x': { dir: true } })
  expect(ignoreInGit(dir, 'sub/#a [1]*?!')).toBe('sub/.gitignore')
  const text = readFileSync(join(dir, 'sub/.gitignore'), 'utf8')
  expect(text).toBe('no end\n/\\#a \\[1\\]\\*\\?\\!\n')
  expect(ignoreInGit(dir, 'sub/#a [1]*?!')).toBeUndefined()
})

test('without a repository nothing is written', () => {
  expect(ignoreInGit(project({}), 'out')).toBeUndefined()
})
