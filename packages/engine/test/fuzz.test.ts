import { expect, test } from 'vitest'
import { hunt } from './support/fuzz/hunt.ts'
import { addTrial, asIfUnseen, describeFinding, newTally } from './support/fuzz/tally.ts'

// Random projects, each run, edited and run again, a few times over: what a run shows must be what a run
// from nothing gives. For many of them, and from another seed:
//   STEPWELL_HUNT=3000 STEPWELL_HUNT_SEED=7 TMPDIR=/dev/shm vitest run packages/engine/test/fuzz
const COUNT = Number(process.env['STEPWELL_HUNT'] ?? 25)
const SEED = Number(process.env['STEPWELL_HUNT_SEED'] ?? 1)

test(
  `${COUNT} random projects show after each edit what a run from nothing gives`,
  async () => {
    const forged = newTally()
    const tally = await hunt({
      count: COUNT,
      seed: SEED,
      edits: COUNT > 100 ? 4 : 2,
      onBatch: (so, trials) => {
        for (const trial of trials) addTrial(forged, asIfUnseen(trial))
        process.stdout.write(`${summary(so)}\n`)
        return so.findings.length >= 20
      },
    })
    const { checks, changes, findings } = tally
    expect(findings.slice(0, 3).map(describeFinding).join('\n\n')).toBe('')
    // The hunt can succeed: had nothing been run again, each change would have been found.
    const found = forged.findings.filter(({ fault }) => fault !== 'breaks a demand')
    expect(found).toHaveLength(changes)
    expect(checks).toBeGreaterThan(COUNT * 10)
    expect(changes).toBeGreaterThan(COUNT / 4)
  },
  COUNT * 2000 + 60_000,
)

function summary(tally: ReturnType<typeof newTally>): string {
  const { edits, checks, changes, reruns, needless, doubted, harmless, findings, plans, cpu } =
    tally
  const differing = [...plans.values()].flat().length
  return [
    `seed ${SEED}: ${edits} edits, ${checks} checks, ${changes} outputs changed, ${reruns} reruns`,
    `${needless} of them needless, ${tally.needlessFindings.length} of ${harmless} after harmless edits`,
    `${doubted} in doubt, ${differing} planned otherwise, ${findings.length} at fault`,
    `${Math.round((1000 * checks) / cpu)} checks per second of a processor`,
  ].join(', ')
}
