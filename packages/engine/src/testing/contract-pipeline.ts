import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StepContext } from '../define/context.ts'
import { dir as dirAt, file, secret } from '../define/inputs.ts'
import { step } from '../define/map.ts'
import { pipeline, type RunnablePipeline } from '../engine/run-pipeline.ts'

const add = step({
  run: ({ a, b }: never, { params }: StepContext<{ c: number }>) => a + b + params.c,
} as never)
const fail = step({
  run: () => {
    throw Object.assign(new RangeError('no luck'), { code: 'E_LUCK' })
  },
})
const talk = step({
  run: async (_, { log, metric }) => {
    log('one\ntwo')
    await Promise.resolve()
    metric('loss', 0.5)
    return { model: [1], score: 2, other: 3 }
  },
})
const closure = step({ run: () => () => 1 })
const read = step({ run: (({ text }: { text: { text(): string } }) => text.text()) as never })
const wait = step({
  run: async (_, { signal, log }) => {
    log('waiting')
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    throw new Error('stopped')
  },
})

const write = step({
  outs: { table: file('out/table.csv'), images: dirAt('out/images') },
  run: (_, { outs, scratch }) => {
    writeFileSync(outs.table, 'a,b')
    mkdirSync(join(outs.images, 'deep'))
    writeFileSync(join(outs.images, 'deep/x.png'), 'x', { mode: 0o755 })
    writeFileSync(join(scratch(), 'progress'), '1')
  },
})
const tell = step({
  inputs: { password: secret('STEPWELL_TEST_SECRET') },
  outs: { table: file('out/tell'), named: dirAt('out/named') },
  params: { how: '' },
  run: ({ password }, { params, log, metric, outs }) => {
    if (params.how === 'log') log(`it is ${password}`)
    if (params.how === 'throw') throw new Error(`wrong: ${password}`)
    if (params.how === 'metric') metric(password, 1)
    if (params.how === 'write') writeFileSync(outs.table, `>>${password}<<`)
    if (params.how === 'name') writeFileSync(join(outs.named, `${password}.txt`), '')
    if (params.how === 'link') symlinkSync(password, join(outs.named, 'link'))
    return params.how === 'return' ? { password } : null
  },
})

/** The pipeline whose steps the executor contract has executed. */
export const contractPipeline: RunnablePipeline = pipeline('contract', {
  add,
  fail,
  talk,
  closure,
  read,
  wait,
  write,
  tell,
})
