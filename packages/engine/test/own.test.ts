import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ENGINE, isEngine } from '../src/code/resolve/own.ts'

// The engine's own code is told from a step's by where it is: a file that moves must not change that.
test('all of the engine is the engine, and nothing beside it', () => {
  const src = fileURLToPath(new URL('../src/', import.meta.url))
  expect(ENGINE).toBe(src)
  expect(isEngine(join(src, 'index.ts'))).toBe(true)
  expect(isEngine(join(src, 'code', 'resolve', 'own.ts'))).toBe(true)
  expect(isEngine(fileURLToPath(import.meta.url))).toBe(false)
  expect(isEngine(fileURLToPath(new URL('../../base/src/json-text.ts', import.meta.url)))).toBe(
    false,
  )
})
