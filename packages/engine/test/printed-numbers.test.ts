import { describe, expect, test } from 'vitest'
import { command, file, pinned, pipeline, step, type Step } from '../src/index.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const code = pinned('v1')

async function project(json: string) {
  const dir = temporaryDir()
  const write = (text: string): void => writeFiles(dir, { 'in.json': text })
  write(json)
  const engine = await engineOn(dir)
  const run = async <T>(steps: Record<string, Step>, of: Step<T>) => {
    const going = engine.run(pipeline('p', steps))
    const record = await going.result
    const statuses = statusesOf(record)
    const errors = Object.values(record.steps).flatMap(({ error }) => error ?? [])
    return { statuses, errors, value: errors.length > 0 ? undefined : await going.value(of) }
  }
  return { write, run }
}

const printed = () =>
  command({ cmd: ['cat', '{inputs.it}'], inputs: { it: file('in.json') }, stdout: 'json' })

describe('integers beyond 2^53 that a command prints', () => {
  test('come whole, so that a change in the last digit reruns what reads them', async () => {
    const { write, run } = await project('{"id":1234567890123456161,"list":[-9007199254740993,7]}')
    const make = () => {
      const one = printed()
      const last = step({
        inputs: { one },
        code,
        run: (given) => JSON.stringify(given.one, show),
      })
      return { one, last }
    }
    const show = (_: string, value: unknown): unknown =>
      typeof value === 'bigint' ? `${value}n` : value
    const first = make()
    expect((await run(first, first.last)).value).toBe(
      '{"id":"1234567890123456161n","list":["-9007199254740993n",7]}',
    )
    write('{"id":1234567890123456163,"list":[-9007199254740993,7]}')
    const second = make()
    const after = await run(second, second.last)
    expect(after.statuses).toEqual({ one: 'succeeded', last: 'succeeded' })
    expect(after.value).toContain('1234567890123456163n')
  })

  test('are picked and mapped over whole', async () => {
    const { write, run } = await project('{"ids":[12345678901234567890,12345678901234567891]}')
    const make = () => {
      const one = command({
        cmd: ['cat', '{inputs.it}'],
        inputs: { it: file('in.json') },
        stdout: 'json',
      }) as Step<{ ids: bigint[] }>
      const each = step.map({ over: one.pick('ids'), code, run: ({ item }) => `${item}` })
      return { one, each }
    }
    const first = make()
    const before = await run(first, first.each)
    expect(before.value).toEqual(['12345678901234567890', '12345678901234567891'])
    write('{"ids":[12345678901234567890,12345678901234567892]}')
    const second = make()
    const after = await run(second, second.each)
    expect(after.value).toEqual(['12345678901234567890', '12345678901234567892'])
  })

  test('are given to another command whole', async () => {
    const { run } = await project('{"id":1234567890123456161}')
    const one = printed()
    const next = command({ cmd: 'cat {inputs.one}', inputs: { one }, stdout: 'text' })
    expect((await run({ one, next }, next)).value).toBe('{"id":1234567890123456161}\n')
  })
})

test('a number beyond all doubles is refused by its place', async () => {
  const { run } = await project('{"scores":[1,1e400]}')
  const one = printed()
  const { errors } = await run({ one }, one)
  expect(errors[0]).toMatchObject({
    code: 'STEPWELL_COMMAND_OUTPUT',
    message: expect.stringMatching(/\.scores\[1\] is 1e400/),
    hint: expect.stringContaining('in quotes'),
  })
})

test('`__proto__` is a member like any other, which readers get', async () => {
  const { run } = await project('{"__proto__":{"admin":true},"id":12345678901234567890}')
  const one = printed()
  const last = step({
    inputs: { one },
    code,
    run: ({ one: given }) => {
      const { admin } = given as { admin?: unknown }
      return [Object.keys(given as object).toSorted(), admin]
    },
  })
  expect((await run({ one, last }, last)).value).toEqual([['__proto__', 'id'], undefined])
})
