import { expect, test } from 'vitest'
import { parseParamsFile } from '../src/format/params-file.ts'
import { countedValue } from '../src/run/counted-value.ts'

const counted = (file: string, text: string): string =>
  JSON.stringify(countedValue(parseParamsFile(file, text)))

// In each, Python tells every one from every other.
const APART: Record<string, [file: string, texts: string[]]> = {
  'integers of any size, and texts': [
    'params.yaml',
    ['a: 9007199254740993', 'a: 9007199254740992', "a: '9007199254740993'", 'a: 9007199254740991'],
  ],
  'integers in JSON': [
    'params.json',
    ['{"a":1234567890123456161}', '{"a":1234567890123456163}', '{"a":"1234567890123456161"}'],
  ],
  'integers in TOML': ['params.toml', ['a = 1234567890123456161', 'a = 1234567890123456163']],
  'integers in Python': ['params.py', ['a = 12345678901234567890', 'a = 12345678901234567891']],
  'what is no number, and its text': [
    'params.yaml',
    ['a: .nan', 'a: NaN', 'a: .inf', 'a: -.inf', 'a: Infinity', 'a: nan'],
  ],
  'dates and texts': ['params.yaml', ['a: 2024-01-02', "a: '2024-01-02'"]],
  'names of members': [
    'params.yaml',
    ['1: x', "'1': x", 'true: x', "'true': x", 'null: x', "'None': x"],
  ],
  'a map that looks as another value is written': [
    'params.yaml',
    [
      'a: 9007199254740993',
      'a: {$: integer, v: "9007199254740993"}',
      'a: .nan',
      'a: {$: float, v: NaN}',
    ],
  ],
}

for (const [title, [file, texts]] of Object.entries(APART)) {
  test(`in keys, ${title} differ`, () => {
    expect(new Set(texts.map((text) => counted(file, text))).size).toBe(texts.length)
  })
}

test('the order of members with other names than texts does not count', () => {
  expect(counted('params.yaml', '1: x\n2: y\n')).toBe(counted('params.yaml', '2: y\n1: x\n'))
})
