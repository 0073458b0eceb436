import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dropMissing,
  readCsv,
  selectColumns,
  splitRows,
  type Row,
  type SplitRows,
  type SplitRowsParams,
} from '../src/index.ts'
import { createRandom, shuffledIndices } from '../src/random.ts'
import { contextOf, errorOf, fileOf } from './support.ts'

const numbered = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: index, part: index % 3 }))
const ids = (rows: readonly Row[]): unknown[] => rows.map((row) => row['id'])
const split = (rows: readonly Row[], params: SplitRowsParams): SplitRows =>
  splitRows({ rows }, contextOf(params))

describe('dropMissing', () => {
  const rows: Row[] = [
    { a: 1, b: 'x', c: null },
    { a: null, b: 'y', c: null },
    { a: 3, b: null, c: null },
    { a: 4, b: 'NA', c: null },
  ]

  test('drops by the named columns, keeps order and the other columns, and counts', () => {
    const context = contextOf({ columns: ['a', 'b'] })
    expect(dropMissing({ rows }, context)).toEqual([rows[0], rows[3]])
    expect([...context.metrics]).toEqual([
      ['missing.a', 1],
      ['missing.b', 1],
      ['dropped', 2],
    ])
    expect(context.logged).toEqual(['dropped 2 of 4 rows (missing values: a 1, b 1)'])
  })

  test('knows more tokens', () => {
    const kept = dropMissing({ rows }, contextOf({ columns: ['a', 'b'], tokens: ['NA', '3.0'] }))
    expect(kept).toEqual([rows[0]])
  })

  test('looks at every column unless told which, and refuses to leave nothing', () => {
    const error = errorOf(() => dropMissing({ rows }, contextOf({})))
    expect(error.code).toBe('STEPWELL_ROWS_NONE')
    expect(error.message).toContain('missing values: a 1, b 1, c 4')
    expect(dropMissing({ rows: rows.map(({ b = null }) => ({ b })) }, contextOf({}))).toHaveLength(
      3,
    )
  })

  test('does not touch its input', () => {
    const input = [{ a: '?' }, { a: '1' }]
    expect(dropMissing({ rows: input }, contextOf({ tokens: ['?'] }))).toEqual([{ a: 1 }])
    expect(input).toEqual([{ a: '?' }, { a: '1' }])
  })

  test('names the columns there are', () => {
    const error = errorOf(() => dropMissing({ rows }, contextOf({ columns: ['temp2'] })))
    expect(error.message).toContain('no column "temp2"; columns are "a", "b", "c"')
    // What every object inherits is not a column.
    const inherited = contextOf({ columns: ['constructor'] })
    expect(errorOf(() => dropMissing({ rows }, inherited)).code).toBe('STEPWELL_COLUMN_UNKNOWN')
  })

  test('law: a token declared here or in readCsv comes to the same', () => {
    const cell = fc.constantFrom('1', '2.50', '-9', '?', 'x', '007', '')
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (lines) => {
        const csv = fileOf(['a,b', ...lines.map(String), '1,1'].join('\n'))
        const early = readCsv({ csv }, contextOf({ missing: ['', '?', '-9.0'] }))
        const late = readCsv({ csv }, contextOf({}))
        expect(dropMissing({ rows: late }, contextOf({ tokens: ['?', '-9.0'] }))).toEqual(
          dropMissing({ rows: early }, contextOf({})),
        )
      }),
    )
  })
})

describe('selectColumns', () => {
  test('keeps these columns only', () => {
    expect(selectColumns({ rows: numbered(2) }, contextOf({ columns: ['id'] }))).toEqual([
      { id: 0 },
      { id: 1 },
    ])
    expect(selectColumns({ rows: [] }, contextOf({ columns: ['id'] }))).toEqual([])
  })

  test('names a row that lacks a column', () => {
    const rows: Row[] = [{ id: 1 }, {}]
    const error = errorOf(() => selectColumns({ rows }, contextOf({ columns: ['id'] })))
    expect(error.message).toContain('no column "id" in row 2')
  })

  test('needs columns', () => {
    const error = errorOf(() => selectColumns({ rows: [] }, contextOf({ columns: [] })))
    expect(error.code).toBe('STEPWELL_PARAM_INVALID')
  })
})

describe('splitRows', () => {
  test('fraction: the first rows train', () => {
    const { train, test: rest } = split(numbered(11), { by: 'fraction', train: 0.8 })
    expect(ids(train)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(ids(rest)).toEqual([8, 9, 10])
    // 0.29 x 100 is 28.999999999999996 in doubles.
    expect(split(numbered(100), { by: 'fraction', train: 0.29 }).train).toHaveLength(29)
  })

  test('index: one in so many tests', () => {
    const parts = split(numbered(10), { by: 'index', every: 5, remainder: 4 })
    expect(ids(parts.test)).toEqual([4, 9])
    expect(ids(parts.train)).toEqual([0, 1, 2, 3, 5, 6, 7, 8])
  })

  test('column: values decide, and rows with another value are in neither part', () => {
    const context = contextOf({ by: 'column', column: 'part', train: [0], test: [1] } as const)
    const parts = splitRows({ rows: numbered(7) }, context)
    expect(ids(parts.train)).toEqual([0, 3, 6])
    expect(ids(parts.test)).toEqual([1, 4])
    expect(context.logged).toEqual(['3 rows train, 2 test, 2 in neither part'])
  })

  test('random: a known choice for a known seed', () => {
    const params = { by: 'random', train: 0.7, seed: 42 } as const
    const parts = split(numbered(10), params)
    expect(ids(parts.test)).toEqual(ids(split(numbered(10), params).test))
    expect(ids(parts.test)).not.toEqual(ids(split(numbered(10), { ...params, seed: 43 }).test))
    // Found with a separate implementation of the same two algorithms, in Python.
    expect(ids(parts.test)).toEqual([2, 7, 8])
  })

  const params: fc.Arbitrary<SplitRowsParams> = fc.oneof(
    fc.record({ by: fc.constant('fraction' as const), train: fc.constantFrom(0.1, 0.5, 0.8) }),
    fc.record({
      by: fc.constant('random' as const),
      train: fc.constantFrom(0.1, 0.5, 0.8),
      seed: fc.integer(),
    }),
    fc.integer({ min: 2, max: 9 }).chain((every) =>
      fc.record({
        by: fc.constant('index' as const),
        every: fc.constant(every),
        remainder: fc.nat(every - 1),
      }),
    ),
  )

  test('law: the parts are a partition in file order, and always the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 200 }), params, (count, how) => {
        const parts = split(numbered(count), how)
        const [train, rest] = [ids(parts.train), ids(parts.test)].map((part) => part.map(Number))
        const ascending = (a: number, b: number): number => a - b
        expect(train).toEqual(train?.toSorted(ascending))
        expect(rest).toEqual(rest?.toSorted(ascending))
        expect([...(train ?? []), ...(rest ?? [])].toSorted(ascending)).toEqual(
          ids(numbered(count)),
        )
        expect(split(numbered(count), how)).toEqual(parts)
        const share = 'every' in how ? undefined : how.train
        const known = typeof share === 'number' ? Math.floor(share * count + 1e-9) : train?.length
        expect(train).toHaveLength(known ?? -1)
      }),
    )
  })

  test('refuses a part without rows, and says what there is', () => {
    const none = errorOf(() => split(numbered(1), { by: 'fraction', train: 0.5 }))
    expect(none.code).toBe('STEPWELL_SPLIT_EMPTY')
    const text = { by: 'column', column: 'part', train: ['0'], test: [1] } as const
    expect(errorOf(() => split(numbered(5), text)).message).toContain(
      'the train part of the split has no row; column "part" holds 0, 1, 2',
    )
    expect(errorOf(() => split([], { by: 'fraction', train: 0.5 })).code).toBe('STEPWELL_ROWS_NONE')
  })

  test.each<[string, object]>([
    ['"by" must be one of fraction, index, random, column; got "half"', { by: 'half' }],
    ['"train" must be a number above 0 and below 1; got 1', { by: 'fraction', train: 1 }],
    ['"every" must be a whole number from 2 up; it is missing', { by: 'index', remainder: 1 }],
    [
      '"remainder" must be a whole number from 0 up and below 5',
      { by: 'index', every: 5, remainder: 5 },
    ],
    ['"seed" must be absent', { by: 'fraction', train: 0.8, seed: 1 }],
    ['"seed" must be a whole number; got 1.5', { by: 'random', train: 0.8, seed: 1.5 }],
    [
      '"test" must be a list that shares no value',
      { by: 'column', column: 'part', train: [0], test: [0] },
    ],
  ])('refuses params: %s', (message, wrong) => {
    const error = errorOf(() => split(numbered(10), wrong as SplitRowsParams))
    expect(error.code).toBe('STEPWELL_PARAM_INVALID')
    expect(error.message).toContain(message)
  })
})

describe('the generator', () => {
  // The outputs for this seed that https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64 lists.
  test('is SplitMix64', () => {
    const random = createRandom(1234567)
    expect(Array.from({ length: 5 }, () => random.next())).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ])
  })

  test('law: a shuffle is a permutation', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer(), (count, seed) => {
        const indices = shuffledIndices(count, createRandom(seed))
        expect(indices.toSorted()).toEqual(Uint32Array.from({ length: count }, (_, index) => index))
      }),
    )
  })

  test('every order of three comes up about equally often', () => {
    const random = createRandom(7)
    const counts = new Map<string, number>()
    for (let turn = 0; turn < 6000; turn++) {
      const order = shuffledIndices(3, random).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Four standard deviations of a binomial count around 1000.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(116)
  })
})
