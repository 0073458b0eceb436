/**
 * What the fuzzer of whole projects is able to find: the analysis of code is broken on purpose, in one
 * way after the other, in a copy of the engine, and the copy is hunted until a fault is found. Takes how
 * many projects to try at most, a seed, and a part of the names of the breaks.
 */
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { BREAKS, breakEngine } from '../packages/engine/test/support/fuzz/breaks.ts'
import { hunt } from '../packages/engine/test/support/fuzz/hunt.ts'

const [count = '1000', seed = '1', only = ''] = process.argv.slice(2)
let missed = 0
for (const each of BREAKS.filter(({ name }) => name.includes(only))) {
  const engine = breakEngine(each)
  try {
    const { checks, cpu, findings } = await hunt({
      count: Number(count),
      seed: Number(seed),
      without: ['sharedState', 'readAtLoad', 'clockAtLoad', 'hoisted'],
      engine,
      batch: 150,
      onBatch: (tally) => tally.findings.length > 0,
    })
    const [found] = findings
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
process.stdout.write(`${BREAKS.length - missed} of ${BREAKS.length} found\n`)
if (missed > 0) process.exitCode = 1
