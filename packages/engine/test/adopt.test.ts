import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { file, fileOrDir, pinned, pipeline, pipelineOf, step, type Step } from '../src/index.ts'
import { engineOn } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

const code = pinned('1')

describe('what is taken as it is', () => {
  const make = (adopt: () => string | undefined, params = {}) => {
    let calls = 0
    const one = step({
      code,
      params,
      outs: { table: fileOrDir('out/table') },
      adopt,
      run: (_, { outs }) => {
        calls += 1
        writeFileSync(outs.table, 'made')
      },
    })
    const reader = step({
      code,
      inputs: { table: one.out('table') },
      run: ({ table }) => ('files' in table ? table.files.length : table.text()),
    })
    return { made: pipeline('adopting', { one, reader }), calls: () => calls, reader }
  }

  test('runs nothing, and is given to those that read it', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'out/table': 'there' })
    const engine = await engineOn(dir)
    const { made, calls, reader } = make(() => 'it is so')
    const planned = await engine.plan(made)
    expect(planned.steps.map(({ decision }) => decision)).toEqual(['cached', 'run'])
    const run = engine.run(made)
    const { steps } = await run.result
    expect(steps['one']).toMatchObject({
      status: 'cached',
      reasons: [{ kind: 'adopted', because: 'it is so' }],
    })
    expect(await run.value(reader)).toBe('there')
    expect(calls()).toBe(0)
    // From then on it is known.
    const again = make(() => undefined)
    const { steps: next } = await engine.run(again.made).result
    expect(next['one']?.reasons[0]?.kind).toBe('unchanged')
    expect(again.calls()).toBe(0)
  })

  test('a directory, too; and nothing that is not there, nor under another key', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'out/table/a': '1', 'out/table/b': '2' })
    const engine = await engineOn(dir)
    const first = make(() => 'it is so')
    const run = engine.run(first.made)
    await run.result
    expect(await run.value(first.reader)).toBe(2)
    rmSync(join(dir, 'out'), { recursive: true })
    mkdirSync(join(dir, 'out'))
    const second = make(() => 'it is so', { k: 1 })
    const { steps } = await engine.run(second.made).result
    expect(steps['one']?.status).toBe('succeeded')
    expect(second.calls()).toBe(1)
  })
})

describe('what is passed over', () => {
  const make = (excuse: string | undefined) => {
    const one = step({
      code,
      inputs: { data: file('data.txt') },
      outs: { table: file('out/table') },
      passOver: () => excuse,
      run: ({ data }, { outs }) => writeFileSync(outs.table, data.text()),
    })
    const two = step({ code, after: [one], run: () => 2 })
    return pipeline('passing', { one, two })
  }

  test('is not looked at, leaves what is there, and nothing of it is kept', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const passed = { reasons: [{ kind: 'adopted', because: 'it may be' }] }
    const { steps: planned } = await engine.plan(make('it may be'))
    expect(planned).toMatchObject([
      { ...passed, decision: 'cached' },
      { name: 'two', decision: 'run', reasons: [{ kind: 'new' }] },
    ])
    const { steps } = await engine.run(make('it may be')).result
    expect(steps).toMatchObject({
      one: { ...passed, status: 'cached' },
      two: { status: 'succeeded' },
    })
    expect(steps['one']?.key).toBeUndefined()
    // From then on, nothing is known of it.
    writeFiles(dir, { 'data.txt': 'data' })
    const { steps: next } = await engine.run(make(undefined)).result
    expect(next).toMatchObject({
      one: { status: 'succeeded', reasons: [{ kind: 'new' }] },
      two: { status: 'cached' },
    })
  })

  test('runs where it is forced', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'data.txt': 'data' })
    const engine = await engineOn(dir)
    const { steps } = await engine.run(make('it may be'), { force: ['one'] }).result
    expect(steps['one']).toMatchObject({ status: 'succeeded', reasons: [{ kind: 'forced' }] })
    expect(() => step({ passOver: 'no' as never, run: () => 1 })).toThrow(
      'Expected `passOver` of step() to be a function',
    )
  })
})

describe('after', () => {
  const make = (declared: (one: Step) => object) => {
    const order: string[] = []
    const one = step({
      code,
      outs: { a: file('data/a.txt') },
      run: (_, { outs }) => {
        order.push('one')
        writeFileSync(outs.a, 'a')
      },
    })
    const two = step({
      code,
      inputs: { data: fileOrDir('data') },
      ...declared(one),
      run: ({ data }) => {
        order.push('two')
        return 'files' in data ? data.files.map(({ path }) => path) : []
      },
    })
    return { made: pipeline('after', { two, one }), order, two }
  }

  test('orders steps that pass files unseen, and counts them as they are then', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const { made, order, two } = make((one) => ({ after: [one] }))
    writeFiles(dir, { 'data/b.txt': 'b' })
    const run = engine.run(made)
    await run.result
    expect(order).toEqual(['one', 'two'])
    expect(await run.value(two)).toEqual(['data/a.txt', 'data/b.txt'])
    expect((await engine.plan(made)).steps.map(({ decision }) => decision)).toEqual([
      'cached',
      'cached',
    ])
  })

  test('without it, such steps are refused', async () => {
    const engine = await engineOn(temporaryDir())
    const clash = { code: 'STEPWELL_OUT_CLASH' }
    await expect(engine.plan(make(() => ({})).made)).rejects.toMatchObject(clash)
    expect(() => make(() => ({ after: 'one' }))).toThrow('Expected `after` of step()')
  })
})

describe('only', () => {
  test('the targets alone are executed, with what the others left', async () => {
    const engine = await engineOn(temporaryDir())
    const make = (k: number) => {
      const one = step({ code, params: { k }, run: (_, { params }) => params.k })
      const two = step({ code, inputs: { one }, params: { l: k }, run: (inputs) => inputs.one + 1 })
      return { two, made: pipeline('only', { one, two }) }
    }
    const only = { targets: ['two'], only: true }
    const { steps } = await engine.run(make(1).made, only).result
    expect(steps['two']?.error?.code).toBe('STEPWELL_NO_OUTPUT')
    await engine.run(make(1).made).result
    const { made, two } = make(5)
    expect((await engine.plan(made, only)).steps).toMatchObject([{ name: 'two', decision: 'run' }])
    const run = engine.run(made, only)
    expect(Object.keys((await run.result).steps)).toEqual(['two'])
    expect(await run.value(two)).toBe(2)
    // What it did not look at is known still.
    const { steps: next } = await engine.run(make(1).made).result
    expect(next['one']?.status).toBe('cached')
  })
})

describe('names of other front ends', () => {
  test('may be any text, and have logs', async () => {
    const dir = temporaryDir()
    const engine = await engineOn(dir)
    const names = ['train@uk', 'sub/dvc.yaml:a b', '../x', '.', 'é'.repeat(120), 'a*b', 'CON']
    const steps = names.map((name) => {
      const made = step({ code: pinned(name), run: (_, { log }) => log(name) })
      return [name, made] as const
    })
    const { id, status } = await engine.run(pipelineOf('free', new Map(steps))).result
    expect(status).toBe('succeeded')
    for (const name of names) expect(await engine.log(id, name)).toBe(`${name}\n`)
    for (const name of ['', 'constructor']) {
      expect(() => pipelineOf('free', new Map([[name, step({ run: () => 1 })]]))).toThrow(
        'cannot be the name of a step',
      )
    }
  })
})
