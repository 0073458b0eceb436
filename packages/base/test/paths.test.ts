import { expect, test } from 'vitest'
import { isWithin, leadsOutside } from '../src/paths.ts'

test.each([
  ['/a/b', '/a', true],
  ['/a', '/a', true],
  ['/a/', '/a', true],
  ['/a', '/a/b', false],
  ['/ab', '/a', false],
  ['/a/..b', '/a', true],
  ['/a/..', '/a', false],
  ['/a/../a/b', '/a', true],
  ['/x', '/', true],
  ['data/..x', 'data', true],
  ['data', '.', true],
  ['../data', '.', false],
  ['__proto__/x', '__proto__', true],
])('%s within %s: %s', (path, dir, expected) => {
  expect(isWithin({ path, dir })).toBe(expected)
})

test.each([
  ['..', true],
  ['../x', true],
  ['/x', true],
  ['..x', false],
  ['...', false],
  ['.', false],
  ['x/..y', false],
])('%s leads outside: %s', (path, expected) => {
  expect(leadsOutside(path)).toBe(expected)
})
