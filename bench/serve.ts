/**
 * How many predictions of a single row a server answers beside the generator of the load, and how long an
 * answer takes; beside it a bare Fastify route that reads the same body and answers a constant. Both run in
 * processes of their own, turn by turn, and all of it is measured in one run.
 */
import autocannon from 'autocannon'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROW } from './serve-child.ts'

const [seconds = 5, connections = 16] = process.argv.slice(2).map(Number)
const ROUNDS = 2
const CHILD = fileURLToPath(new URL('serve-child.ts', import.meta.url))

interface Measured {
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

async function measure(kind: 'bare' | 'model' | 'unlogged', dir: string): Promise<Measured> {
  const args = ['--conditions=@stepwell/source', CHILD, kind, dir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  const load = async (duration: number): Promise<autocannon.Result> =>
    await autocannon({
      url: `${url.trim()}/predict`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ROW),
      connections,
      duration,
    })
  await load(1)
  const { requests, latency, non2xx, errors } = await load(seconds)
  child.kill()
  await once(child, 'close')
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were no success, ${errors} failed`)
  return { rate: requests.average, p50: latency.p50, p99: latency.p99 }
}

const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
const all: Record<'bare' | 'model' | 'unlogged', Measured[]> = { bare: [], model: [], unlogged: [] }
try {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of ['bare', 'model', 'unlogged'] as const) {
      all[kind].push(await measure(kind, dir))
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
const best = (kind: keyof typeof all): Measured =>
  all[kind].reduce((a, b) => (a.rate > b.rate ? a : b))
const names = { bare: 'a bare route', model: 'predictions', unlogged: 'predictions, no log' }
process.stdout.write(`${connections} connections, ${seconds} s each, the better of ${ROUNDS}\n`)
for (const kind of ['bare', 'model', 'unlogged'] as const) {
  const { rate, p50, p99 } = best(kind)
  const ratio = (rate / best('bare').rate).toFixed(2)
  process.stdout.write(
    `${names[kind].padEnd(20)} ${Math.round(rate)}/s, p50 ${p50} ms, p99 ${p99} ms, ratio ${ratio}\n`,
  )
}
