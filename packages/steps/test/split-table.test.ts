import { describe, expect, test } from 'vitest'
import {
  collectTable,
  foldTable,
  openTable,
  splitTable,
  takeFold,
  type FoldTableParams,
  type SplitTableParams,
  type TypingParams,
} from '../src/index.ts'
import { rejectionOf, rowsOf, tableContextOf, written } from './support.ts'

async function tableOf(csv: string, params: TypingParams = {}) {
  const context = tableContextOf(params, 'table')
  await collectTable({ csv: written(csv) }, context)
  return context.out('table')
}

const numbered = (count: number, more: (i: number) => string = () => 'x') =>
  `id,g\n${Array.from({ length: count }, (_, i) => `${i},${more(i)}`).join('\n')}\n`

async function split(csv: string, params: SplitTableParams) {
  const context = tableContextOf(params, 'train', 'test')
  const counts = await splitTable({ table: await tableOf(csv) }, context)
  const ids = async (part: 'train' | 'test') =>
    (await rowsOf(context.out(part))).map((row) => Number(row['id']))
  return { counts, train: await ids('train'), test: await ids('test') }
}

async function failing(csv: string, params: SplitTableParams) {
  return await rejectionOf(split(csv, params))
}

// The same function in JavaScript's own 32-bit arithmetic.
function keyOf(row: number, seed: number): number {
  const mix = (given: number): number => {
    let x = given
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    return (x ^ (x >>> 15)) >>> 0
  }
  const bits = BigInt.asUintN(64, BigInt(seed))
  return mix(row ^ mix(Number(bits & 0xffffffffn) ^ mix(Number(bits >> 32n) + 1)))
}

describe('splitTable', () => {
  test('by fraction and index, as splitRows', async () => {
    const { train, test: rest } = await split(numbered(11), { by: 'fraction', train: 0.8 })
    expect([train, rest]).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [8, 9, 10],
    ])
    expect((await split(numbered(100), { by: 'fraction', train: 0.29 })).counts.train).toBe(29)
    const index = await split(numbered(10), { by: 'index', every: 5, remainder: 4 })
    expect(index.test).toEqual([4, 9])
  })

  test.each([7, -3, 2 ** 40 + 5])(
    'at random: the rows with the smallest keys of seed %i train',
    async (seed) => {
      const { train, test: rest } = await split(numbered(1000), { by: 'random', train: 0.7, seed })
      const ids = Array.from({ length: 1000 }, (_, id) => id)
      const chosen = ids.toSorted((a, b) => keyOf(a, seed) - keyOf(b, seed)).slice(0, 700)
      expect(train).toEqual(chosen.toSorted((a, b) => a - b))
      expect([...train, ...rest].toSorted((a, b) => a - b)).toEqual(ids)
    },
  )

  test('another seed is another choice, and each is even', async () => {
    const csv = numbered(10_000)
    const one = await split(csv, { by: 'random', train: 0.5, seed: 1 })
    const other = await split(csv, { by: 'random', train: 0.5, seed: 2 })
    const both = one.train.filter((id) => other.train.includes(id)).length
    // 2,500 are expected, with a standard deviation of 25.
    expect(Math.abs(both - 2500)).toBeLessThan(150)
    const early = one.train.filter((id) => id < 5000).length
    expect(Math.abs(early - 2500)).toBeLessThan(150)
  })

  test('stratified: each value has its share', async () => {
    const csv = numbered(1000, (i) => (i % 10 === 0 ? "rare 'one'" : i % 3 === 0 ? '' : 'often'))
    const { train } = await split(csv, { by: 'random', train: 0.75, seed: 3, stratify: 'g' })
    const rare = train.filter((id) => id % 10 === 0).length
    const none = train.filter((id) => id % 10 !== 0 && id % 3 === 0).length
    expect([rare, none, train.length]).toEqual([75, 225, 75 + 225 + 450])
  })

  test('by time: no row that trains is later than one that tests', async () => {
    const day = (i: number): string => `2020-01-${String(1 + ((i * 7) % 10)).padStart(2, '0')}`
    const csv = numbered(100, day)
    const share = await split(csv, { by: 'time', column: 'g', train: 0.75 })
    // The row at 75 is one of those of the eighth day, of which all test.
    expect(share.counts).toEqual({ train: 70, test: 30 })
    const from = await split(csv, { by: 'time', column: 'g', from: '2020-01-04' })
    expect(from.counts).toEqual({ train: 30, test: 70 })
    expect(from.train.every((id) => day(id) < '2020-01-04')).toBe(true)
    const bad = await failing(csv, { by: 'time', column: 'g', from: 'May' })
    expect(bad.code).toBe('STEPWELL_PARAM_INVALID')
    const gap = await failing(
      numbered(3, (i) => (i === 1 ? '' : day(i))),
      { by: 'time', column: 'g', train: 0.5 },
    )
    expect(gap.code).toBe('STEPWELL_CELL_MISSING')
  })

  test('by group: no group is in both parts, and the parts have about their shares', async () => {
    const group = (i: number): number => Math.floor(Math.sqrt(i))
    const { train, test: rest } = await split(
      numbered(2000, (i) => `u${group(i)}`),
      {
        by: 'group',
        column: 'g',
        train: 0.8,
        seed: 5,
      },
    )
    const groups = new Set(train.map(group))
    expect(rest.some((id) => groups.has(group(id)))).toBe(false)
    expect(Math.abs(train.length - 1600)).toBeLessThan(100)
    expect(train).toEqual(train.toSorted((a, b) => a - b))
    expect(train.length + rest.length).toBe(2000)
  })

  test('by the values of a column', async () => {
    const csv = numbered(7, (i) => String(i % 3))
    const {
      train,
      test: rest,
      counts,
    } = await split(csv, { by: 'column', column: 'g', train: [0], test: [1] })
    expect([train, rest, counts]).toEqual([[0, 3, 6], [1, 4], { train: 3, test: 2 }])
  })

  test('refuses an empty part, and params of another way', async () => {
    expect((await failing(numbered(1), { by: 'random', train: 0.5, seed: 1 })).code).toBe(
      'STEPWELL_SPLIT_EMPTY',
    )
    const mixed = { by: 'fraction', train: 0.5, seed: 1 } as SplitTableParams
    expect((await failing(numbered(3), mixed)).code).toBe('STEPWELL_PARAM_INVALID')
    const groups = await failing(numbered(3), { by: 'group', column: 'x', train: 0.5, seed: 1 })
    expect(groups.code).toBe('STEPWELL_COLUMN_UNKNOWN')
  })
})

describe('foldTable and takeFold', () => {
  async function folded(csv: string, params: FoldTableParams) {
    const context = tableContextOf(params, 'table')
    await foldTable({ table: await tableOf(csv) }, context)
    return context.out('table')
  }

  test('each row tests once', async () => {
    const table = await folded(numbered(103), { folds: 5, seed: 1 })
    const tested: number[] = []
    for (let fold = 0; fold < 5; fold += 1) {
      const context = tableContextOf({ fold }, 'train', 'test')
      const counts = await takeFold({ table }, context)
      expect(counts.train + counts.test).toBe(103)
      expect([20, 21]).toContain(counts.test)
      const rows = await rowsOf(context.out('test'))
      expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'g'])
      tested.push(...rows.map((row) => Number(row['id'])))
      expect(await rowsOf(context.out('train'))).toHaveLength(counts.train)
    }
    expect(tested.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 103 }, (_, id) => id))
  })

  test('stratified, and by group', async () => {
    const even = await folded(
      numbered(100, (i) => (i % 5 === 0 ? 'rare' : 'often')),
      {
        folds: 4,
        seed: 2,
        stratify: 'g',
        column: 'the fold',
      },
    )
    await using table = await openTable(even)
    const counts = await table.query('SELECT g, "the fold", count(*) AS n FROM data GROUP BY ALL')
    expect(counts.map((row) => Number(row['n'])).toSorted((a, b) => a - b)).toEqual([
      5, 5, 5, 5, 20, 20, 20, 20,
    ])

    const apart = await folded(
      numbered(200, (i) => `u${i % 20}`),
      { folds: 4, seed: 2, group: 'g' },
    )
    await using groups = await openTable(apart)
    const found = await groups.query('SELECT g, count(DISTINCT fold) AS n FROM data GROUP BY g')
    expect(found.every((row) => row['n'] === 1)).toBe(true)
    const order = await groups.numbers('id')
    expect(order.every((id, index) => id === index)).toBe(true)
  })

  test('more folds than rows are refused', async () => {
    const error = await rejectionOf(folded(numbered(3), { folds: 5, seed: 1 }))
    expect(error.code).toBe('STEPWELL_SPLIT_EMPTY')
  })
})
