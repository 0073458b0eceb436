import { expect, test } from 'vitest'
import { readSeparated } from '../src/plots/separated.ts'
import { pythonRepr } from '../src/value/repr.ts'

// The expectations are what Python's `csv.DictReader` gives.
test.each<[text: string, rows: (string | null)[][]]>([
  [
    'p,q\n"a ""b"", c",1\r\n\r\n2',
    [
      ['a "b", c', '1'],
      ['2', null],
    ],
  ],
  ['p,q\n"\n1a"",a,b\n', [['\n1a",a,b\n', null]]],
  [
    'p,q\nb"\n"x"y,',
    [
      ['b"', null],
      ['xy', ''],
    ],
  ],
  ['p,q\n,\n', [['', '']]],
  ['p,q\n', []],
  ['', []],
])('%j is read as Python reads it', (text, rows) => {
  const { fields, length } = readSeparated(text, ',', true)
  expect(length).toBe(rows.length)
  const [p = [], q = []] = fields.values()
  expect(p.map((value, index) => [value ?? null, q[index] ?? null])).toEqual(rows)
})

test('lists in params are text as Python writes it', () => {
  const text = pythonRepr([1n, 1, 0.1, true, null, "it's", '"it\'s"\n', new Map([['a', [2n]]])])
  expect(text).toBe(`[1, 1.0, 0.1, True, None, "it's", '"it\\'s"\\n', {'a': [2]}]`)
})
