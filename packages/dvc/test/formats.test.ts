import { StepwellError } from '@stepwell/engine'
import { readFileSync } from 'node:fs'
import { adviceOn } from './sandbox.ts'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../src/format/json.ts'
import { parseParamsFile } from '../src/format/params-file.ts'
import { readPlainYaml } from '../src/format/plain-yaml.ts'
import { parsePython } from '../src/format/python.ts'
import { writeYaml } from '../src/format/yaml-writer.ts'
import { parseYaml } from '../src/format/yaml.ts'
import { equalValues } from '../src/value/equal.ts'
import { floatText } from '../src/value/text.ts'
import { isMap, type DvcValue } from '../src/value/value.ts'
import { decode, fixtureUrl, type Encoded } from './encoded.ts'

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(fixtureUrl(name), 'utf8'))
}

describe('YAML', () => {
  // What ruamel cannot read itself is read as `ERR`.
  const texts = fixture('ruamel.json') as readonly {
    readonly value: Encoded
    readonly text: string
    readonly read: Encoded
  }[]

  test('what ruamel wrote is written in the same bytes', () => {
    expect(texts.length).toBeGreaterThan(50)
    for (const { value, text } of texts) {
      const map = decode(value)
      expect(isMap(map) ? writeYaml(map) : undefined).toBe(text)
    }
  })

  test('what ruamel wrote is read as ruamel reads it, by both readers', () => {
    for (const { text, read } of texts) {
      if (read === 'ERR') continue
      expect(parseYaml('x', text).root?.value).toEqual(decode(read))
      const plain = readPlainYaml(text)
      if (plain !== undefined) expect(plain).toEqual(decode(read))
    }
  })

  test.each<[string, DvcValue]>([
    ['012', 12n],
    ['0o14', 12n],
    ['0x1F', 31n],
    ['0b11', 3n],
    ['1_000', 1000n],
    ['-0', 0n],
    ['123456789012345678901234567890', 123456789012345678901234567890n],
    ['1.', 1],
    ['.5', 0.5],
    ['.5e3', '.5e3'],
    ['1e5', 100_000],
    ['1e-7', 1e-7],
    ['-.inf', -Infinity],
    ['yes', 'yes'],
    ['on', 'on'],
    ['True', true],
    ['tRue', 'tRue'],
    ['~', null],
    ['Null', null],
    ['', null],
    ['1:30', '1:30'],
    ['_', '_'],
    ['0b_', '0b_'],
    ['0x_', '0x_'],
    ['-_', '-_'],
    ['2020-01-01', { kind: 'date', text: '2020-01-01' }],
    ['2020-1-2T3:04:05.5Z', { kind: 'date', text: '2020-01-02 03:04:05.500000+00:00' }],
    ['"1"', '1'],
    ['!!str 1', '1'],
    ['!!float 1', 1],
    ['[1, 1.0]', [1n, 1]],
    ['[n0, a/b, -1, 1e-7, yes, True, ./x]', ['n0', 'a/b', -1n, 1e-7, 'yes', true, './x']],
    [
      '[2020-01-01, null, "1", {b: 1}]',
      [{ kind: 'date', text: '2020-01-01' }, null, '1', new Map([['b', 1n]])],
    ],
  ])('%s', (text, value) => {
    const read = parseYaml('x', `a: ${text}\n`).root?.value ?? null
    expect(isMap(read) ? read.get('a') : undefined).toEqual(value)
    const plain = readPlainYaml(`a: ${text}\n`)
    if (plain !== undefined) expect(plain.get('a')).toEqual(value)
  })

  test('anchors are one value, and merge keys add members', () => {
    const { root } = parseYaml('x', 'a: &l [1]\nb: *l\nc: {<<: {x: 1, y: 2}, x: 3}\n')
    const value = root?.value ?? null
    if (!isMap(value)) throw new Error('no map')
    expect(value.get('b')).toBe(value.get('a'))
    expect(value.get('c')).toEqual(
      new Map([
        ['x', 3n],
        ['y', 2n],
      ]),
    )
    expect(writeYaml(value)).toBe('a: &id001\n- 1\nb: *id001\nc:\n  x: 3\n  y: 2\n')
  })

  test.each([
    ['a: b: c\n', 'x:1:4: the YAML cannot be read: Nested mappings'],
    ['a: 1\n---\nb: 2\n', 'x:2:1: the YAML cannot be read: there is a second document'],
    ['a: !thing 1\n', 'x:1:11: the tag !thing is not supported'],
    ['a: *none\n', 'x:1:4: '],
    ['? [a]\n: 1\n', 'x:1:3: expected a single value as the key of a map'],
    ['a: <<\n', 'x:1:4: a plain << is not a value; expected quotes around it'],
  ])('%j is refused', (text, message) => {
    expect(adviceOn(() => parseYaml('x', text))).toContain(message)
  })
})

describe('Python', () => {
  const files = fixture('python.json') as readonly {
    readonly name: string
    readonly text: string
    readonly params: Encoded
  }[]

  test.each(files)('$name: the params that DVC finds, in its order', ({ text, params }) => {
    const found = parsePython(text)
    const wanted = decode(params)
    expect(found).toEqual(wanted)
    expect([...found.keys()]).toEqual(isMap(wanted) ? [...wanted.keys()] : [])
  })
})

describe('JSON', () => {
  test('numbers keep their kind, and members their order', () => {
    const value = parseJson('x', '{"2": 1, "1": 1.0, "a": [1e2, -0, NaN, {"é\\n": null}], "2": 3}')
    expect(value).toEqual(
      new Map<string, DvcValue>([
        ['2', 3n],
        ['1', 1],
        ['a', [100, 0n, NaN, new Map([['é\n', null]])]],
      ]),
    )
    expect(isMap(value) ? [...value.keys()] : []).toEqual(['2', '1', 'a'])
  })

  test.each([
    ['{"a": 1,}', 'x:1:9: the JSON cannot be read; expected a name in double quotes'],
    ['[1 2]', "x:1:4: the JSON cannot be read; expected ']'"],
    ['{"a"\n: tru}', 'x:2:3: the JSON cannot be read; expected a value'],
    ['1 1', 'x:1:3: the JSON cannot be read; expected the end of the file'],
    ['"\t"', 'x:1:1: the JSON cannot be read; expected a text in double quotes'],
  ])('%j is refused', (text, message) => {
    expect(adviceOn(() => parseJson('x', text))).toContain(message)
  })
})

test('TOML keeps integers, floats and dates apart', () => {
  expect(
    parseParamsFile('x.toml', 'i = 1\nf = 1.0\nbig = 9007199254740993\nd = 1979-05-27T07:32:00Z\n'),
  ).toEqual(
    new Map<string, DvcValue>([
      ['i', 1n],
      ['f', 1],
      ['big', 9007199254740993n],
      ['d', { kind: 'date', text: '1979-05-27 07:32:00+00:00' }],
    ]),
  )
  expect(() => parseParamsFile('x.toml', 'a = 1\na = 2\n')).toThrow(StepwellError)
})

test.each([
  [1, '1.0'],
  [-0, '-0.0'],
  [0.1, '0.1'],
  [1e-5, '1e-05'],
  [0.0001, '0.0001'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [1.5e22, '1.5e+22'],
  [123456.789, '123456.789'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [Infinity, 'inf'],
])('%d is %s in Python', (value, text) => {
  expect(floatText(value)).toBe(text)
})

test('values are equal as Python has it', () => {
  expect(equalValues(1n, 1)).toBe(true)
  expect(equalValues(1n, true)).toBe(true)
  expect(equalValues(0, false)).toBe(true)
  expect(equalValues(1n, '1')).toBe(false)
  expect(equalValues(NaN, NaN)).toBe(false)
  expect(equalValues(null, false)).toBe(false)
  expect(equalValues([1n, [2]], [1, [2n]])).toBe(true)
  expect(equalValues([1n], [1n, 2n])).toBe(false)
  expect(equalValues(new Map([['a', 1n]]), new Map([['a', 1]]))).toBe(true)
  expect(equalValues(new Map([['a', 1n]]), new Map([['b', 1n]]))).toBe(false)
  expect(equalValues(9007199254740993n, 9007199254740992)).toBe(false)
})
