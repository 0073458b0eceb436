import { describe, expect, test } from 'vitest'
import {
  command,
  dir as dirAt,
  env,
  file,
  glob,
  matrix,
  pinned,
  pipeline,
  step,
  type Step,
} from '../src/index.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

type Order = <T extends object>(record: T) => T

const asWritten: Order = (record) => record
const reversed: Order = (record) =>
  Object.fromEntries(Object.entries(record).toReversed()) as typeof record

const FILES = { 'b.txt': 'b', 'a.txt': 'a', 'd/y': 'y', 'd/x': 'x' }
const code = pinned('v1')
const all = (given: object): unknown => JSON.parse(JSON.stringify(given))
const give = (value: unknown): Step => step({ params: { value }, code, run: () => value })

/** Each makes steps of which `last` shows all that it can see of the order in which they were written. */
const PLACES: Record<string, (order: Order) => Record<string, Step>> = {
  'inputs that are steps': (order) => {
    const [b, a] = [give([1, 2]), give([3])]
    return { b, a, last: step({ inputs: order({ b, a }), code, run: all }) }
  },
  'inputs of all kinds': (order) => {
    const given = give({ z: 1, m: 2 })
    const inputs = order({
      z: file('b.txt'),
      y: dirAt('d'),
      x: glob('*.txt'),
      w: env('NONE', { fallback: 'n' }),
      v: given,
    })
    return { given, last: step({ inputs, code, run: (received) => Object.keys(received) }) }
  },
  'names that are numbers, and one that every object has': (order) => {
    const [one, ten, odd] = [give(1), give(2), give(3)]
    const inputs = order({ b: one, 10: ten, 2: odd, ['__proto__']: one })
    const run = (received: object): unknown => Object.entries(received)
    return { one, ten, odd, last: step({ inputs, code, run }) }
  },
  'a group of steps from matrix()': (order) => {
    const points = matrix({ k: [3, 1, 2] }, ({ k }) => give(k % 2))
    const named = Object.fromEntries(
      Object.entries(points).map(([n, s]) => [n.replace('-', ''), s]),
    )
    const best = (given: Readonly<Record<string, unknown>>): unknown =>
      Object.entries(given).find(([, value]) => value === 1)
    return { ...named, last: step({ inputs: order(points), code, run: best }) }
  },
  outs: (order) => ({
    last: step({
      outs: order({ z: dirAt('out/z'), a: dirAt('out/a') }),
      code,
      run: (_, { outs }) => Object.keys(outs),
    }),
  }),
  'params, at any depth': (order) => ({
    last: step({
      params: order({ z: 1, a: order({ y: 1, b: 2 }) }),
      code,
      run: (_, { params }) => JSON.stringify(params),
    }),
  }),
  'keys of a value, and of its picked field': (order) => {
    const value = order({ z: order({ y: 1, b: 2 }), a: 1 })
    const made = step({ code: pinned(JSON.stringify(value)), run: () => value })
    const inputs = { made, picked: made.pick('z') }
    return { made, last: step({ inputs, code, run: (given) => JSON.stringify(given) }) }
  },
  'inputs beside the items of step.map': (order) => {
    const [items, b, a] = [give([1, 2]), give('b'), give('a')]
    const last = step.map({
      over: items as Step<number[]>,
      inputs: order({ b, a }),
      code,
      run: (given) => Object.keys(given),
    })
    return { items, b, a, last }
  },
  'inputs as a condition sees them': (order) => {
    const [b, a] = [give(2), give(1)]
    const when = (given: object): boolean => Object.keys(given)[0] === 'a'
    return { b, a, last: step({ inputs: order({ b, a }), when, code, run: all }) }
  },
  'variables and params of a command': (order) => ({
    last: command({
      cmd: 'env | grep ^MINE; cat {params}',
      inputs: order({ b: env('MINE_B', { fallback: '1' }), a: env('MINE_A', { fallback: '2' }) }),
      params: order({ z: 1, a: 2 }),
      stdout: 'text',
    }),
  }),
  'two inputs of one variable': (order) => ({
    last: command({
      cmd: 'echo $MINE',
      inputs: order({ b: env('MINE', { fallback: '1' }), a: env('MINE', { fallback: '2' }) }),
      stdout: 'text',
    }),
  }),
}

async function outcome(dir: string, steps: Record<string, Step>) {
  const engine = await engineOn(dir)
  const run = engine.run(pipeline('p', steps))
  const record = await run.result
  return { statuses: statusesOf(record), value: await run.value(steps['last'] as Step) }
}

describe('the order in which things are written is neither counted nor seen:', () => {
  for (const [title, make] of Object.entries(PLACES)) {
    test(title, async () => {
      const [dir, other] = [temporaryDir(), temporaryDir()]
      for (const each of [dir, other]) writeFiles(each, FILES)
      const first = await outcome(dir, make(asWritten))
      const turned = await outcome(dir, make(reversed))
      const truth = await outcome(other, make(reversed))
      expect(turned.value).toEqual(truth.value)
      expect(turned.value).toEqual(first.value)
      expect(turned.statuses['last']).toBe('cached')
    })
  }
})

test('the order of the axes of matrix() is in the names of its steps, and so it is counted', async () => {
  const dir = temporaryDir()
  const make = (order: Order): Record<string, Step> => {
    const points = matrix(order({ k: [1, 2], j: [1] }), (point) => give(point))
    const last = step({ inputs: points, code, run: (given) => Object.keys(given) })
    return { ...points, last }
  }
  const first = await outcome(dir, make(asWritten))
  expect(first.value).toEqual(['k-1-j-1', 'k-2-j-1'])
  const turned = await outcome(dir, make(reversed))
  expect(turned.value).toEqual(['j-1-k-1', 'j-1-k-2'])
  expect(turned.statuses).toMatchObject({ last: 'succeeded' })
})
