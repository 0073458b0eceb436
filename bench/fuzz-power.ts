/**
 * What the fuzzer of whole projects is able to find: the analysis of code is broken on purpose, in one
 * way after the other, in a copy of the engine, and the copy is hunted until a fault is found. Takes how
 * many projects to try at most, a seed, and a part of the names of the breaks.
 */
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { BREAKS, breakEngine } from '../packages/engine/test/support/fuzz/breaks.ts'
import { hunt } from '../packages/engine/test/support/fuzz/hunt.ts'
import type { Finding } from '../packages/engine/test/support/fuzz/tally.ts'

const [count = '1000', seed = '1', only = ''] = process.argv.slice(2)
const breaks = BREAKS.filter(({ name }) => name.includes(only))
let missed = 0
for (const each of breaks) {
  const engine = breakEngine(each)
  try {
    let [checks, cpu] = [0, 0]
    let found: Finding | undefined
    // Most are found soon: it begins with few projects at once.
    for (let [size, done] = [25, 0]; found === undefined && done < Number(count); size *= 2) {
      const tally = await hunt({
        count: size,
        seed: Number(seed) + done,
        engine,
        batch: size,
      })
      checks += tally.checks
      cpu += tally.cpu
      ;[found] = tally.findings
      done += size
    }
    if (found === undefined) missed += 1
    const how =
      found === undefined
        ? `NOT FOUND in ${checks} checks`
        : `found in ${checks} checks: ${found.step} is ${found.fault} (${found.trial.edit.kind.split('\n')[0]})`
    process.stdout.write(`${each.name}: ${how}, ${(cpu / 1000).toFixed(0)} s\n`)
  } finally {
    rmSync(join(engine, '..'), { recursive: true, force: true })
  }
}
process.stdout.write(`${breaks.length - missed} of ${breaks.length} found\n`)
if (missed > 0) process.exitCode = 1
