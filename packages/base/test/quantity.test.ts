import { expect, test } from 'vitest'
import { parseSize, parseTime, sizeOf, timeOf } from '../src/quantity.ts'

test.each([
  ['512 B', 512],
  ['4GB', 4_000_000_000],
  ['4 GiB', 4 * 2 ** 30],
  ['1kB', 1000],
  ['1 KB', 1000],
  ['1KiB', 1024],
  ['1.5 MB', 1_500_000],
  ['1.5MiB', 1.5 * 2 ** 20],
  ['2tb', 2e12],
  ['2TiB', 2 * 2 ** 40],
  ['0 B', 0],
  [' 10 MB ', 10_000_000],
  [4096, 4096],
  [0.4, 0],
  ['10', undefined],
  ['10G', undefined],
  ['10k', undefined],
  ['GB', undefined],
  ['-1 GB', undefined],
  ['1e3 GB', undefined],
  ['1 constructor', undefined],
  ['1 __proto__', undefined],
  ['', undefined],
  [-1, undefined],
  [NaN, undefined],
  [Infinity, undefined],
  [`${'9'.repeat(400)} GB`, undefined],
  [null, undefined],
  [10n, undefined],
])('size %s: %s', (size, bytes) => {
  expect(parseSize(size)).toBe(bytes)
})

test.each([
  ['90s', 90_000],
  ['10 min', 600_000],
  ['10m', 600_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['2d', 172_800_000],
  ['2.01s', 2010],
  ['1.1h', 3_960_000],
  [0, 0],
  [250, 250],
  ['10', undefined],
  ['10 S', undefined],
  ['10 M', undefined],
  ['-1s', undefined],
  ['1 constructor', undefined],
  [Infinity, undefined],
  [undefined, undefined],
])('time %s: %s', (time, ms) => {
  expect(parseTime(time)).toBe(ms)
})

test('options that are none name themselves', () => {
  expect(() => timeOf('10', '`grace` of openEngine()')).toThrow(/`grace` of openEngine\(\).*got 10/)
  expect(() => sizeOf('10', '`maxSize` of gc()')).toThrow(/`maxSize` of gc\(\).*got 10/)
  expect(() => timeOf('10', 'x')).toThrow(TypeError)
})
