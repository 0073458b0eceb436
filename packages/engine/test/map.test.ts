import { appendFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  glob,
  pinned,
  pipeline,
  step,
  type FileInput,
  type Pipeline,
  type RunRequest,
} from '../src/index.ts'
import { twins } from './fixtures/twins.ts'
import { digestBytes, digestHex } from '@stepwell/base/digest'
import { encodeValue } from '../src/value/codec.ts'
import { engineOn, statusesOf } from './support/engine.ts'
import { temporaryDir, writeFiles } from './support/temporary.ts'

// What these steps do is seen from outside: their code is pinned.
const code = pinned('1')

/** A list, a mapped step over it that notes what it is called with, and one that reads what that gives. */
function listed(list: readonly unknown[], options: { batch?: number; factor?: number } = {}) {
  const called: unknown[] = []
  const { batch, factor = 1 } = options
  const items = step({ code, params: { list }, run: (_, { params }) => params.list })
  const each = step.map({
    code,
    over: items,
    params: { factor },
    ...(batch !== undefined && { batch }),
    run: ({ item }, { params }) => {
      called.push(item)
      if (item === 'bad') throw new Error('no luck')
      return [item, params.factor]
    },
  })
  const all = step({ code, inputs: { each }, run: (inputs) => inputs.each.length })
  return { called, items, each, all, pipeline: pipeline('mapped', { items, each, all }) }
}

async function runIn(dir: string, made: Pipeline, request: RunRequest = {}) {
  const engine = await engineOn(dir, { concurrency: 2 })
  const going = engine.run(made, request)
  const record = await going.result
  return { going, record, each: record.steps['each'] }
}

describe('step.map', () => {
  test('gives the list of what its function gave, in the order of the items', async () => {
    const { pipeline: made, each } = listed([3, 1, 2])
    const { going, record } = await runIn(temporaryDir(), made)
    expect(await going.value(each)).toEqual([
      [3, 1],
      [1, 1],
      [2, 1],
    ])
    expect(record.steps['each']?.items).toEqual({ total: 3, cached: 0, executed: 3, failed: 0 })
    expect(record.steps['all']?.status).toBe('succeeded')
  })

  test('executes an item again only when it is new, whatever the order and the batches', async () => {
    const dir = temporaryDir()
    const lists = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 })
    const known = new Set<number>()
    await fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 1, max: 5 }), async (list, batch) => {
        const { pipeline: made, called, each } = listed(list, { batch })
        const { going } = await runIn(dir, made)
        expect(await going.value(each)).toEqual(list.map((item) => [item, 1]))
        const fresh = [...new Set(list)].filter((item) => !known.has(item))
        expect(new Set(called)).toEqual(new Set(fresh))
        expect(called.length).toBe(fresh.length)
        for (const item of list) known.add(item)
      }),
      { numRuns: 20 },
    )
  })

  test('a param, or another input, makes all items other ones; and back again', async () => {
    const dir = temporaryDir()
    await runIn(dir, listed([1, 2]).pipeline)
    const other = listed([1, 2], { factor: 2 })
    await runIn(dir, other.pipeline)
    expect(other.called).toEqual([1, 2])
    const back = listed([2, 1, 3])
    await runIn(dir, back.pipeline)
    expect(back.called).toEqual([3])
  })

  test('keeps what other items gave when one fails, and names it', async () => {
    const dir = temporaryDir()
    const { pipeline: made } = listed([1, 'bad', 2, 3], { batch: 2 })
    const { record, each } = await runIn(dir, made, { onFailure: 'continue' })
    expect(each).toMatchObject({
      status: 'failed',
      items: { total: 4, executed: 3, failed: 1 },
      error: { code: 'STEPWELL_ITEMS' },
    })
    expect(each?.error?.message).toContain('1 of 4 items of step `each` failed; #1: no luck')
    expect(record.steps['all']?.status).toBe('skipped')
    const again = listed([1, 'good', 2, 3])
    await runIn(dir, again.pipeline)
    expect(again.called).toEqual(['good'])
  })

  test('goes over the files of a glob, by their content and path', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'data/a.txt': 'one', 'data/b.txt': 'two', 'data/c.txt': 'two' })
    const make = () => {
      const called: string[] = []
      const each = step.map({
        code,
        over: glob('data/*.txt'),
        run: ({ item }) => {
          called.push(item.path)
          return item.text().length
        },
      })
      return { called, each, made: pipeline('files', { each }) }
    }
    const first = make()
    const { going } = await runIn(dir, first.made)
    expect(await going.value(first.each)).toEqual([3, 3, 3])
    expect(first.called).toEqual(['data/a.txt', 'data/b.txt', 'data/c.txt'])
    writeFiles(dir, { 'data/b.txt': 'changed', 'data/d.txt': 'new' })
    rmSync(join(dir, 'data/a.txt'))
    const second = make()
    const engine = await engineOn(dir)
    const planned = async (request: RunRequest) => (await engine.plan(second.made, request)).steps
    expect(await planned({})).toMatchObject([{ items: { total: 3, new: 2 } }])
    expect(await planned({ force: 'all' })).toMatchObject([{ items: { total: 3, new: 3 } }])
    const { each } = await runIn(dir, second.made)
    expect(second.called).toEqual(['data/b.txt', 'data/d.txt'])
    expect(each?.items).toEqual({ total: 3, cached: 1, executed: 2, failed: 0 })
  })

  test('an item whose file changes while it is used is not kept', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'data/a.txt': 'one', 'data/b.txt': 'two' })
    const make = (edit: boolean) => {
      const called: string[] = []
      const each = step.map({
        code,
        over: glob('data/*.txt'),
        run: ({ item }) => {
          called.push(item.path)
          const text = item.text()
          if (edit && item.path.endsWith('a.txt')) writeFiles(dir, { 'data/a.txt': 'three' })
          return text
        },
      })
      return { called, each, made: pipeline('files', { each }) }
    }
    const { each } = await runIn(dir, make(true).made)
    expect(each?.error?.message).toContain('data/a.txt: the input `data/a.txt` changed')
    const second = make(false)
    const { going } = await runIn(dir, second.made)
    expect(second.called).toContain('data/a.txt')
    expect(await going.value(second.each)).toEqual(['three', 'two'])
  })

  test('a function that changes what other items are given is found out', async () => {
    const items = step({ code, run: () => [1, 2] })
    const shared = step({ code, run: () => ({ count: 0 }) })
    const each = step.map({
      code,
      over: items,
      inputs: { shared },
      run: (inputs) => (inputs.shared.count += inputs.item),
    })
    const { each: record } = await runIn(
      temporaryDir(),
      pipeline('shared', { items, shared, each }),
    )
    expect(record).toMatchObject({ status: 'failed' })
    expect(record?.error?.message).toContain('changes its input `shared`')
  })

  test('a function cannot change files that other items are given', async () => {
    const dir = temporaryDir()
    writeFiles(dir, { 'data/a.txt': 'one', 'data/b.txt': 'two' })
    const items = step({ code, run: () => [1, 2] })
    const take = (change: (files: FileInput[]) => void) =>
      step.map({
        code,
        over: items,
        inputs: { files: glob('data/*.txt') },
        run: ({ files }) => {
          const taken = files.length
          change(files as FileInput[])
          return taken
        },
      })
    const changes = {
      list: take((files) => files.pop()),
      file: take(([first]) => Object.assign(first ?? {}, { path: 'other' })),
    }
    const { record } = await runIn(dir, pipeline('files', { items, ...changes }), {
      onFailure: 'continue',
    })
    for (const name of Object.keys(changes)) {
      expect(record.steps[name]).toMatchObject({ status: 'failed', items: { executed: 0 } })
    }
  })

  test('a function `on` that throws fails its item, and the others are kept', async () => {
    const dir = temporaryDir()
    const make = (list: number[]) => {
      const called: number[] = []
      const items = step({ code, params: { list }, run: (_, { params }) => params.list })
      const each = step.map({
        code,
        over: items,
        batch: 3,
        retry: {
          attempts: 2,
          on: () => {
            throw new Error('no answer')
          },
        },
        run: ({ item }) => {
          called.push(item)
          if (item === 0) throw new Error('no luck')
          return item
        },
      })
      return { called, made: pipeline('asked', { items, each }) }
    }
    const { record, each } = await runIn(dir, make([1, 0, 2]).made)
    expect(record.status).toBe('failed')
    expect(each?.error?.message).toContain('#1: no answer')
    const next = make([1, 2, 3])
    await runIn(dir, next.made)
    expect(next.called).toEqual([3])
  })

  test('two that do the same, one at a time, do not wait for each other', async () => {
    const engine = await engineOn(temporaryDir(), { concurrency: 1 })
    const record = await engine.run(twins).result
    const { one, other } = statusesOf(record)
    expect(new Set([one, other])).toEqual(new Set(['cached', 'succeeded']))
  })

  test('large outputs of items are stored apart, and made again when they are lost', async () => {
    const dir = temporaryDir()
    const make = (list: number[]) => {
      const called: number[] = []
      const items = step({ code, params: { list }, run: (_, { params }) => params.list })
      const each = step.map({
        code,
        over: items,
        run: ({ item }) => {
          called.push(item)
          return new Uint8Array(20_000).fill(item)
        },
      })
      return { called, each, made: pipeline('large', { items, each }) }
    }
    await runIn(dir, make([1, 2]).made)
    const more = make([1, 2, 3])
    const { going } = await runIn(dir, more.made)
    expect(more.called).toEqual([3])
    expect((await going.value(more.each)).map((bytes) => bytes[9])).toEqual([1, 2, 3])
    rmSync(join(dir, '.stepwell/objects'), { recursive: true })
    const lost = make([1, 2, 3, 4])
    await runIn(dir, lost.made)
    expect(lost.called).toEqual([1, 2, 3, 4])
  })

  test('a damaged line of a ledger is no line', async () => {
    const dir = temporaryDir()
    await runIn(dir, listed([1, 2]).pipeline)
    const [ledger = ''] = readdirSync(join(dir, '.stepwell/items'))
    appendFileSync(join(dir, '.stepwell/items', ledger), 'torn')
    const next = listed([1, 2, 3])
    await runIn(dir, next.pipeline)
    expect(next.called).toEqual([3])
    const last = listed([1, 2, 3, 4])
    await runIn(dir, last.pipeline)
    expect(last.called).toEqual([4])
  })

  test('gc keeps what the items of kept entries gave, and lets go of the rest', async () => {
    const dir = temporaryDir()
    for (const factor of [1, 2]) await runIn(dir, listed([1, 2], { factor }).pipeline)
    const engine = await engineOn(dir)
    const ledgers = () => readdirSync(join(dir, '.stepwell/items')).length
    expect(ledgers()).toBe(2)
    await engine.gc({ keepRuns: 1 })
    expect(ledgers()).toBe(1)
    const next = listed([1, 2, 3], { factor: 2 })
    await runIn(dir, next.pipeline)
    expect(next.called).toEqual([3])
  })

  test('gc keeps what items gave to a run that is kept, though others failed', async () => {
    const dir = temporaryDir()
    const make = (list: number[]) => {
      const called: number[] = []
      const items = step({ code, params: { list }, run: (_, { params }) => params.list })
      const each = step.map({
        code,
        over: items,
        run: ({ item }) => {
          called.push(item)
          if (item === 0) throw new Error('no luck')
          return new Uint8Array(item > 1 ? 20_000 : 1).fill(item)
        },
      })
      return { called, made: pipeline('partial', { items, each }) }
    }
    await runIn(dir, make([1, 2, 0]).made, { onFailure: 'continue' })
    const engine = await engineOn(dir)
    await engine.gc()
    const next = make([1, 2, 3])
    await runIn(dir, next.made)
    expect(next.called).toEqual([3])
  })

  test('what an item gave that is gone by now loses nothing that it has no part in', async () => {
    const dir = temporaryDir()
    const make = (list: number[]) => {
      const items = step({ code, params: { list }, run: (_, { params }) => params.list })
      const each = step.map({
        code,
        over: items,
        run: ({ item }) => new Uint8Array(20_000).fill(item),
      })
      return pipeline('parts', { items, each })
    }
    await runIn(dir, make([1, 2]))
    await runIn(dir, make([2]))
    const engine = await engineOn(dir)
    const hash = digestHex(digestBytes(encodeValue(new Uint8Array(20_000).fill(1))))
    rmSync(join(dir, '.stepwell/objects', hash.slice(0, 2), hash.slice(2)))
    expect(await engine.verify()).toMatchObject({ lost: [] })
  })

  test('what is no list is a clear failure', async () => {
    const items = step({ code, run: () => ({}) as unknown as number[] })
    const each = step.map({ code, over: items, run: ({ item }) => item })
    const { each: record } = await runIn(temporaryDir(), pipeline('none', { items, each }))
    expect(record).toMatchObject({ status: 'failed', error: { code: 'STEPWELL_MAP' } })
  })

  test('retries items, each for itself', async () => {
    let calls = 0
    const items = step({ code, run: () => [1, 2, 3] })
    const each = step.map({
      code,
      over: items,
      retry: { attempts: 2, backoff: 0 },
      run: ({ item }) => {
        calls += 1
        if (item === 2 && calls < 4) throw new Error('once')
        return item
      },
    })
    const dir = temporaryDir()
    const { each: record } = await runIn(dir, pipeline('again', { items, each }))
    expect(record?.status).toBe('succeeded')
    expect(calls).toBe(4)
    const engine = await engineOn(dir)
    const [id = ''] = await engine.runIds()
    expect(await engine.log(id, 'each')).toBe('[#1] attempt 1 of 2 failed, again in 0 ms: once\n')
  })

  test('refuses what it cannot do', () => {
    const over = step({ run: () => [1] })
    const run = () => 1
    expect(() => step.map({ over, run, outs: {} } as never)).toThrow('has no option `outs`')
    expect(() => step.map({ over, run, batch: 0 })).toThrow('Expected `batch`')
    expect(() => step.map({ over: 3, run } as never)).toThrow('Expected `over`')
    expect(() => step.map({ over, run, inputs: { item: over } })).toThrow('name that input')
  })
})
