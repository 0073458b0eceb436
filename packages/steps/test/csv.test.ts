import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDecimal } from '../src/cell.ts'
import { readCsv, type ReadCsvParams, type Row } from '../src/index.ts'
import { contextOf, errorOf, fileOf } from './support.ts'

function read(text: string | Uint8Array, params: ReadCsvParams = {}): Row[] {
  return readCsv({ csv: fileOf(text) }, contextOf(params))
}

const TWO = [
  { a: 1, b: 'x' },
  { a: 2, b: 'y' },
]

describe('the same rows come from', () => {
  test.each([
    ['a plain file', 'a,b\n1,x\n2,y\n'],
    ['no newline at the end', 'a,b\n1,x\n2,y'],
    ['CRLF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['CR', 'a,b\r1,x\r2,y\r'],
    ['line ends of both kinds', 'a,b\n1,x\r\n2,y\n'],
    ['a byte order mark', new TextEncoder().encode('\ufeffa,b\n1,x\n2,y\n')],
    ['a blank line at the end', 'a,b\n1,x\n2,y\n\n'],
    ['blank lines anywhere', '\n\r\na,b\n\n1,x\n  \n2,y\n\t\n\n'],
    ['quoted fields', '"a","b"\n"1","x"\n"2","y"\n'],
    ['blanks around names and numbers', ' a ,b\n 1,x\n2 ,y\n'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(TWO)
  })

  test('another delimiter', () => {
    expect(read('a;b\n1;x\n2;y\n', { delimiter: ';' })).toEqual(TWO)
    expect(read('a\tb\n1\tx\n2\ty\n', { delimiter: '\t' })).toEqual(TWO)
  })

  test('a file without a header, given the names', () => {
    expect(read('1,x\n2,y\n', { columns: ['a', 'b'] })).toEqual(TWO)
  })
})

test('a quoted field holds delimiters, quotes and line ends', () => {
  expect(read('a,b\n"1, ""2""\n3",x\n')).toEqual([{ a: '1, "2"\n3', b: 'x' }])
})

test('a line of empty fields is a row, a blank line is none', () => {
  expect(read('a,b\n1,2\n,\n\n')).toEqual([
    { a: 1, b: 2 },
    { a: null, b: null },
  ])
})

test('a one-column file keeps cells of blanks', () => {
  expect(read('a\nx\n \ny\n', { missing: [] })).toEqual([{ a: 'x' }, { a: ' ' }, { a: 'y' }])
})

test('columns without a name are called by their place, and collide with none', () => {
  expect(read('a,,column_2,\n1,2,3,4\n')).toEqual([
    { a: 1, column_2_: 2, column_2: 3, column_4: 4 },
  ])
})

test('columns named as members of objects are columns', () => {
  expect(read('constructor,toString\n1,2\n')).toEqual([
    Object.fromEntries([
      ['constructor', 1],
      ['toString', 2],
    ]),
  ])
})

describe('a column is numeric', () => {
  const cells = (texts: readonly string[], missing?: readonly string[]): unknown[] =>
    read(`k,v\n${texts.map((text) => `1,${text}`).join('\n')}\n`, missing ? { missing } : {}).map(
      (row) => row['v'],
    )

  test('when all its cells are decimals', () => {
    expect(cells(['1', '-2.5', '.5', '3.', '1e-3', '2E+2', '0', '0.10'])).toEqual([
      1, -2.5, 0.5, 3, 0.001, 200, 0, 0.1,
    ])
  })

  test('when the others are missing', () => {
    expect(cells(['1', '', '2'])).toEqual([1, null, 2])
    expect(cells(['1', '?', '2', ''], ['?', ''])).toEqual([1, null, 2, null])
    expect(cells(['1', ' NA ', '2'], ['NA'])).toEqual([1, null, 2])
  })

  test('and a numeric token matches its other spellings', () => {
    expect(cells(['1', '-200', '-200.0', '-2e2', '200'], ['-200'])).toEqual([
      1,
      null,
      null,
      null,
      200,
    ])
  })

  test.each([
    '007',
    '+5',
    '0x10',
    'Infinity',
    'NaN',
    '1e999',
    '12345678901234567890',
    '1,5'.replace(',', ' '),
    '1_000',
    '-',
    '.',
    'e5',
  ])('but not when one of them is %j: then all are the text of the file', (odd) => {
    expect(cells(['1', odd, ' 2'])).toEqual(['1', odd, ' 2'])
  })

  test('law: what counts as a number survives being written back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const number = parseDecimal(String(value))
        // Large integers without an exponent are left alone when a double may not hold them.
        if (number === undefined) return !Number.isSafeInteger(value) && Number.isInteger(value)
        return number === value
      }),
    )
  })
})

test('law: blank lines change nothing, wherever they are', () => {
  const line = fc.tuple(fc.integer(), fc.constantFrom('x', '"a,b"', 'NA', '')).map(String)
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(30)), (lines, places) => {
      const plain = ['a,b', ...lines]
      const padded = [...plain]
      for (const place of places) padded.splice(place % (padded.length + 1), 0, '')
      expect(read(padded.join('\n'))).toEqual(read(plain.join('\n')))
    }),
  )
})

describe('errors name the line', () => {
  test('too few and too many fields', () => {
    const few = errorOf(() => read('a,b\n1,2\n\n3\n'))
    expect(few.code).toBe('STEPWELL_CSV_FIELDS')
    expect(few.message).toContain('data/table.csv: line 4 has 1 fields instead of 2')
    expect(errorOf(() => read('a,b\n1,2,3\n')).message).toContain(
      'line 2 has 3 fields instead of 2',
    )
  })

  test('broken quotes', () => {
    const error = errorOf(() => read('a,b\n1,"x"y\n'))
    expect(error.code).toBe('STEPWELL_CSV_SYNTAX')
    expect(error.message).toContain('line 2')
    expect(error.cause).toBeInstanceOf(Error)
    expect(errorOf(() => read('a,b\n1,"x\n')).message).toContain('Quote Not Closed')
  })

  test('a name twice, a name that is not allowed', () => {
    expect(errorOf(() => read('\na,a\n1,2\n')).message).toContain('"a" occurs twice in line 2')
    expect(errorOf(() => read('__proto__\n1\n')).code).toBe('STEPWELL_CSV_HEADER')
  })

  test('nothing to read', () => {
    for (const text of ['', '\n\n', 'a,b\n']) {
      expect(errorOf(() => read(text)).code).toBe('STEPWELL_CSV_EMPTY')
    }
  })

  test('params', () => {
    expect(errorOf(() => read('a\n1\n', { delimiter: ';;' })).message).toBe(
      'readCsv: param "delimiter" must be one character, neither a quote nor a line end; got ";;"',
    )
    const list = [] as unknown as ReadCsvParams
    expect(errorOf(() => read('a\n1\n', list)).message).toContain(
      'params must be an object; got []',
    )
    const misspelt = errorOf(() => read('a\n1\n', { mising: [] } as ReadCsvParams))
    expect(misspelt.message).toContain('no param "mising"; params are delimiter, columns, missing')
    expect(errorOf(() => read('1,2\n', { columns: ['a', 'a'] })).code).toBe(
      'STEPWELL_PARAM_INVALID',
    )
  })
})
