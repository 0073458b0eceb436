/**
 * What a mapped step costs for each of its items: executed inline, and known from an earlier run. Beside
 * them stands a bare p-queue that calls the same function, and all of it is measured in one run. The time
 * is that of the whole run but for a run of an empty list.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine, pinned, pipeline, step } from '../packages/engine/src/index.ts'
import PQueue from 'p-queue'

const [items = 10_000] = process.argv.slice(2).map(Number)
const ROUNDS = 5
const code = pinned('1')
const work = (item: { readonly id: number }): number => item.id * 2

function mapped(count: number, changed: number) {
  const list = step({
    code,
    params: { count, changed },
    run: (_, { params }) =>
      Array.from({ length: params.count }, (_each, id) =>
        id === 0 && params.changed > 0 ? { id: -params.changed } : { id },
      ),
  })
  const each = step.map({ code, over: list, run: ({ item }) => work(item) })
  return pipeline('mapped', { list, each })
}

async function timed(
  dir: string,
  count: number,
  changed: number,
): Promise<[ms: number, ran: number]> {
  await using engine = await openEngine({ dir, concurrency: 2 })
  const started = performance.now()
  const { steps, status } = await engine.run(mapped(count, changed)).result
  if (status !== 'succeeded') throw new Error(status)
  return [performance.now() - started, steps['each']?.items?.executed ?? 0]
}

async function inTemporary<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const best = { empty: Infinity, cold: Infinity, changed: Infinity, queue: Infinity }
let executedAgain = 0
for (let round = 0; round < ROUNDS; round += 1) {
  const [empty] = await inTemporary(async (dir) => await timed(dir, 0, 0))
  best.empty = Math.min(best.empty, empty)
  await inTemporary(async (dir) => {
    const [cold] = await timed(dir, items, 0)
    best.cold = Math.min(best.cold, cold)
    const [changed, executed] = await timed(dir, items, 1)
    best.changed = Math.min(best.changed, changed)
    executedAgain = executed
  })
  const queue = new PQueue({ concurrency: 2 })
  const started = performance.now()
  await Promise.all(
    Array.from({ length: items }, async (_, id) => await queue.add(() => work({ id }))),
  )
  best.queue = Math.min(best.queue, performance.now() - started)
}
const each = (ms: number): string => `${((ms / items) * 1000).toFixed(1).padStart(8)} us an item`
const line = (name: string, ms: number): void => {
  process.stdout.write(`${name.padEnd(46)}${each(ms)}\n`)
}
process.stdout.write(
  `${items} small items, Node ${process.versions.node}, the least of ${ROUNDS} each\n\n`,
)
line('executed inline', best.cold - best.empty)
line(`known, after a change of one (${executedAgain} executed)`, best.changed - best.empty)
line('bare p-queue, which keeps nothing', best.queue)
