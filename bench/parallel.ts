// Steps that compute, in threads and in processes: how long one takes, two at once, and eight by two.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openEngine, type Pipeline } from '../packages/engine/src/index.ts'

// As the command does; its threads and processes have it, too.
enableCompileCache()
const EACH_MS = Number(process.argv[2] ?? 1000)
const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
try {
  mkdirSync(join(dir, 'node_modules', '@stepwell'), { recursive: true })
  symlinkSync(
    resolve(import.meta.dirname, '../packages/engine'),
    join(dir, 'node_modules', '@stepwell', 'engine'),
    'junction',
  )
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n')
  const rounds = roundsFor(EACH_MS)
  for (const kind of ['thread', 'process'] as const) await measure(kind, rounds)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

async function measure(kind: 'thread' | 'process', rounds: number): Promise<void> {
  const path = join(dir, `${kind}.ts`)
  writeFileSync(path, pipelineText(kind, rounds))
  const { default: work } = (await import(pathToFileURL(path).href)) as {
    readonly default: Pipeline
  }
  await using engine = await openEngine({ dir, concurrency: 2 })
  const names = [...work.steps.keys()].filter((name) => name.startsWith('s'))
  // The first run keeps what was found out about the code; the second one is as any other.
  await time(['first'])
  const start = await time(['first'])
  const one = await time(names.slice(0, 1))
  const two = await time(names.slice(0, 2))
  const eight = await time(names.slice(0, 8))
  const ratio = (of: Timing): string => (of.wall / one.wall).toFixed(2)
  print(`${kind}: start of the first one ${start.begin.toFixed(0)} ms`)
  print(`  one step        ${text(one)}`)
  print(`  two at once     ${text(two)}, ${ratio(two)} times one`)
  print(`  eight, two at a time ${text(eight)}, ${ratio(eight)} times one`)

  async function time(targets: readonly string[]): Promise<Timing> {
    const cpu = process.cpuUsage()
    const began = performance.now()
    const at = Date.now()
    const run = engine.run(work, { targets, force: targets })
    const { status, steps } = await run.result
    if (status !== 'succeeded') throw new Error(JSON.stringify(steps))
    const wall = performance.now() - began
    const { user } = process.cpuUsage(cpu)
    const metrics = Object.values(steps).map(({ metrics: each }) => each)
    return {
      wall,
      begin: Math.min(...metrics.map(({ at: first = 0 }) => first)) - at,
      // That of a process comes on top of ours, that of a thread is in it.
      cpu:
        user / 1000 +
        metrics.reduce((sum, { cpu: each = 0 }) => sum + (kind === 'process' ? each : 0), 0),
      step: metrics.map(({ ms = 0 }) => ms),
    }
  }
}

interface Timing {
  readonly wall: number
  /** From the call of run() until the first step was called. */
  readonly begin: number
  /** User CPU time, in milliseconds. */
  readonly cpu: number
  /** How long each step took. */
  readonly step: readonly number[]
}

function text({ wall, cpu, step }: Timing): string {
  const mean = step.reduce((sum, each) => sum + each, 0) / step.length
  return `${wall.toFixed(0)} ms, ${cpu.toFixed(0)} ms of user CPU, ${mean.toFixed(0)} ms per step`
}

function pipelineText(kind: string, rounds: number): string {
  const names = Array.from({ length: 8 }, (_, index) => `s${index}`)
  return `import { pipeline, step } from '@stepwell/engine'
function compute(rounds: number): number {
  let sum = 0
  for (let n = 0; n < rounds; n++) sum = (sum * 31 + n) % 1_000_003
  return sum
}
const run = (_: object, { params, metric }: any): number => {
  metric('at', Date.now())
  const began = performance.now()
  const cpu = process.cpuUsage()
  const sum = compute(params.rounds + params.index)
  metric('ms', performance.now() - began)
  metric('cpu', process.cpuUsage(cpu).user / 1000)
  return sum
}
const first = step({ params: { rounds: 1, index: 0 }, run })
${names.map((name, index) => `const ${name} = step({ params: { rounds: ${rounds}, index: ${index} }, run })`).join('\n')}
export default pipeline('bench-${kind}', { first, ${names.join(', ')} }, { executor: '${kind}' })
`
}

/** How many rounds of the same computation take so long here. */
function roundsFor(ms: number): number {
  const sample = 20_000_000
  let sum = 0
  const began = performance.now()
  for (let n = 0; n < sample; n++) sum = (sum * 31 + n) % 1_000_003
  const took = performance.now() - began
  return sum < 0 ? sample : Math.round((sample * ms) / took)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
