import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { deserialize } from 'node:v8'
import { expect, test } from 'vitest'
import {
  createRandom,
  ENV,
  generateProgram,
  mutate,
  type Mutation,
  type Program,
} from './support/fuzz-program.ts'
import type { Assignment, Outcome } from './support/run-projects.ts'
import { makeTemporaryDir, writeFiles } from './support/temporary.ts'

// Random projects, each run, edited and run again: what is cached then must be what a run of the edited
// project from scratch gives. By hand, for many of them, and from another seed:
//   STEPWELL_FUZZ=5000 STEPWELL_FUZZ_SEED=7 vitest run packages/engine/test/code-fuzz
const COUNT = Number(process.env['STEPWELL_FUZZ'] ?? 100)
const SEED = Number(process.env['STEPWELL_FUZZ_SEED'] ?? 1)
/** Programs per process. */
const BATCH = 250
const ENGINE = fileURLToPath(new URL('..', import.meta.url))
const SCRIPT = fileURLToPath(new URL('support/run-projects.ts', import.meta.url))

interface Case {
  readonly seed: number
  readonly program: Program
  readonly mutation: Mutation
}

interface Trial extends Case {
  readonly before: Outcome
  readonly after: Outcome
  /** The edited project without a cache. */
  readonly scratch: Outcome
}

interface Tally {
  programs: number
  checks: number
  changes: number
  reruns: number
  needless: number
  readonly stale: { readonly trial: Trial; readonly step: string }[]
}

test(
  `${COUNT} random edits show no stale output`,
  async () => {
    const tally = newTally()
    const forged = newTally()
    for (let start = 0; start < COUNT; start += BATCH) {
      const cases = Array.from({ length: Math.min(BATCH, COUNT - start) }, (_, index) =>
        makeCase(SEED * 1_000_000 + start + index),
      )
      for (const trial of await tryAll(cases)) {
        judge(trial, tally)
        judge({ ...trial, after: asIfCached(trial.before) }, forged)
      }
    }
    const { programs, checks, changes, reruns, needless, stale } = tally
    const share = ((100 * needless) / Math.max(1, checks - changes)).toFixed(1)
    process.stdout.write(
      `seed ${SEED}: ${COUNT} edits, ${programs} of programs that work, ${checks} checks, ${changes} outputs changed, ${reruns} reruns, ${needless} of them needless (${share} % of what did not change), ${stale.length} stale\n`,
    )
    expect(stale.slice(0, 5).map(describeStale).join('\n\n')).toBe('')
    // The hunt can succeed: had nothing been run again, each change would have been found.
    expect(forged.stale).toHaveLength(changes)
    expect(changes).toBeGreaterThan(COUNT / 8)
    expect(programs).toBeGreaterThan(COUNT / 2)
  },
  COUNT * 1000 + 60_000,
)

function newTally(): Tally {
  return { programs: 0, checks: 0, changes: 0, reruns: 0, needless: 0, stale: [] }
}

function makeCase(seed: number): Case {
  const random = createRandom(seed)
  const program = generateProgram(random)
  return { seed, program, mutation: mutate(program, random) }
}

/** What an engine would give that never saw an edit. */
function asIfCached(before: Outcome): Outcome {
  const statuses = Object.fromEntries(Object.keys(before.statuses).map((name) => [name, 'cached']))
  return { ...before, statuses }
}

function judge(trial: Trial, tally: Tally): void {
  const { before, after, scratch } = trial
  if ([before, after, scratch].some(isBroken)) return
  tally.programs += 1
  for (const [step, right] of Object.entries(scratch.outputs)) {
    if (!(step in before.outputs)) continue
    const shown = JSON.stringify(after.outputs[step])
    const hasChanged = JSON.stringify(before.outputs[step]) !== JSON.stringify(right)
    tally.checks += 1
    if (hasChanged) tally.changes += 1
    if (after.statuses[step] !== 'cached') {
      tally.reruns += 1
      if (!hasChanged) tally.needless += 1
    }
    if (shown !== JSON.stringify(right)) tally.stale.push({ trial, step })
  }
}

/** Whether an edit has left a program that cannot be loaded, or a step that fails. */
function isBroken({ error, statuses }: Outcome): boolean {
  return error !== undefined || Object.values(statuses).includes('failed')
}

function describeStale({ trial, step }: Tally['stale'][number]): string {
  const { seed, program, mutation, before, after, scratch } = trial
  const { kind, path } = mutation
  const [old, now] = [mutation.before.split('\n'), mutation.after.split('\n')]
  return [
    `seed ${seed}: step ${step} is ${after.statuses[step]} and shows ${JSON.stringify(after.outputs[step])}, not ${JSON.stringify(scratch.outputs[step])} (before: ${JSON.stringify(before.outputs[step])})`,
    `edit (${kind}) of ${path}:`,
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ...Object.entries(program).map(([name, text]) => `--- ${name}\n${text}`),
    `--- ${path}, edited\n${mutation.after}`,
  ].join('\n')
}

/** Runs all programs in one process, and all of them after their edits in another one. */
async function tryAll(cases: readonly Case[]): Promise<Trial[]> {
  const root = makeTemporaryDir()
  try {
    mkdirSync(join(root, 'node_modules/@stepwell'), { recursive: true })
    symlinkSync(ENGINE, join(root, 'node_modules/@stepwell/engine'))
    for (const [index, { program, mutation }] of cases.entries()) {
      const files = { 'package.json': '{"type":"module"}', ...program }
      writeFiles(join(root, `edited/${index}`), files)
      writeFiles(join(root, `scratch/${index}`), { ...files, ...writtenBy(mutation) })
    }
    const envs = cases.map(({ mutation }) => mutation.env ?? ENV)
    const [first, scratch] = await Promise.all([
      carryOut(
        root,
        'edited',
        cases.map(() => ENV),
      ),
      carryOut(root, 'scratch', envs),
    ])
    for (const [index, { mutation }] of cases.entries()) {
      writeFiles(join(root, `edited/${index}`), writtenBy(mutation))
    }
    const second = await carryOut(root, 'edited', envs)
    return cases.map((each, index) => ({
      ...each,
      before: first[index] as Outcome,
      after: second[index] as Outcome,
      scratch: scratch[index] as Outcome,
    }))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function writtenBy({ path, after: text, more }: Mutation): Program {
  return { [path]: text, ...more }
}

async function carryOut(
  root: string,
  kind: string,
  envs: readonly Assignment['env'][],
): Promise<Outcome[]> {
  const assignments = envs.map((env, index): Assignment => {
    return { dir: join(root, kind, String(index)), entry: 'pipeline.ts', env }
  })
  const list = join(root, `${kind}.json`)
  writeFileSync(list, JSON.stringify(assignments))
  await promisify(execFile)(process.execPath, ['--conditions=@stepwell/source', SCRIPT, list])
  return deserialize(readFileSync(`${list}.outcomes`)) as Outcome[]
}
