import { execFile } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { deserialize } from 'node:v8'
import { createRandom, type Random } from '../fuzz-program.ts'
import type { Assignment, Outcome } from '../run-projects.ts'
import { makeTemporaryDir, writeFiles } from '../temporary.ts'
import { generate, nextEdit } from './generate.ts'
import { applyEdit, differenceOf, type Edit, type Generated, type Version } from './project.ts'
import { addTrial, newTally, type Tally, type Trial } from './tally.ts'

export interface HuntOptions {
  /** How many projects. */
  readonly count: number
  readonly seed: number
  /** How often each of them is edited. @default 4 */
  readonly edits?: number
  /** The package whose engine is hunted, with its tests. @default this one */
  readonly engine?: string
  /** Names of idioms that are left out. @default none */
  readonly without?: readonly string[]
  /** Projects per process. @default 200 */
  readonly batch?: number
  /** Called after each batch; the hunt ends when it returns true. */
  readonly onBatch?: (tally: Tally, trials: readonly Trial[]) => boolean
}

/** A project on its way from version to version. */
interface Life {
  readonly seed: number
  readonly random: Random
  readonly generated: Generated
  version: Version
  truth: Outcome
  before: Outcome
  wasMeddled: string | undefined
  /** Steps at fault after the edit before: what they show now is no news. */
  readonly atFault: Set<string>
}

const EMPTY: Version = { files: {}, links: {}, env: {}, demands: {} }

/**
 * Runs random projects, edits them and runs them again, and compares what each run shows with what one
 * from nothing gives.
 */
export async function hunt(options: HuntOptions): Promise<Tally> {
  const { count, seed, batch = 200, onBatch } = options
  const tally = newTally()
  for (let start = 0; start < count; start += batch) {
    const seeds = Array.from(
      { length: Math.min(batch, count - start) },
      (_, index) => seed * 1_000_000 + start + index,
    )
    const trials = await live(seeds, options)
    for (const trial of trials) addTrial(tally, trial)
    if (onBatch?.(tally, trials) === true) break
  }
  return tally
}

async function live(
  seeds: readonly number[],
  { edits = 4, engine = resolve(import.meta.dirname, '../../..'), without = [] }: HuntOptions,
): Promise<Trial[]> {
  const root = makeTemporaryDir()
  const trials: Trial[] = []
  try {
    mkdirSync(join(root, 'node_modules/@stepwell'), { recursive: true })
    symlinkSync(engine, join(root, 'node_modules/@stepwell/engine'))
    const born = seeds.map((seed) => {
      const random = createRandom(seed)
      return { seed, random, generated: generate(random, without) }
    })
    const script = join(engine, 'test/support/run-projects.ts')
    const firsts = born.map(({ generated }, index) => {
      const dir = join(root, `now/${index}`)
      write(dir, EMPTY, generated.version)
      return assign(dir, generated, generated.version, 'planned')
    })
    const outcomes = await carryOut(root, script, firsts)
    const lives: (Life | undefined)[] = born.map((each, index) => {
      const outcome = outcomes[index] as Outcome
      if (outcome.error !== undefined) return undefined
      const { version } = each.generated
      return {
        ...each,
        version,
        truth: asTruth(outcome),
        before: outcome,
        wasMeddled: undefined,
        atFault: new Set(),
      }
    })
    for (let level = 1; level <= edits; level += 1) {
      trials.push(...(await edit(root, script, lives, level)))
    }
    return trials
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** One edit of each project. */
async function edit(
  root: string,
  script: string,
  lives: readonly (Life | undefined)[],
  level: number,
): Promise<Trial[]> {
  const steps = lives.flatMap((life, index) => {
    const made = life && nextEdit(life.generated, life.version, life.random)
    if (life === undefined || made === undefined) return []
    return [{ life, index, made, next: applyEdit(life.version, made) }]
  })
  const truths = await carryOut(
    root,
    script,
    steps.map(({ life, index, next }) => {
      const dir = join(root, `truth/${level}/${index}`)
      write(dir, EMPTY, next)
      return assign(dir, life.generated, next, 'truth')
    }),
  )
  // An edit that leaves nothing to be loaded is not made.
  const working = steps
    .map((step, at) => ({ ...step, truth: truths[at] as Outcome }))
    .filter(({ truth }) => truth.error === undefined)
  const outcomes = await carryOut(
    root,
    script,
    working.map(({ life, index, made, next }) => {
      const dir = join(root, `now/${index}`)
      write(dir, life.version, next)
      return assign(dir, life.generated, next, 'planned', made)
    }),
  )
  return working.map(({ life, made, next, truth }, at) => {
    const after = outcomes[at] as Outcome
    const { seed, before, version, generated, wasMeddled } = life
    const trial: Trial = {
      seed,
      level,
      idioms: generated.idioms,
      edit: made,
      from: version,
      to: next,
      truthBefore: life.truth,
      before,
      after,
      truth,
      wasMeddled,
      atFault: life.atFault,
    }
    Object.assign(life, {
      version: next,
      truth,
      before: after,
      wasMeddled: made.meddling?.step,
    } satisfies Partial<Life>)
    return trial
  })
}

function assign(
  dir: string,
  { main: entry }: Generated,
  { env }: Version,
  as: 'truth' | 'planned',
  made?: Edit,
): Assignment {
  const meddling = made?.meddling
  return { dir, entry, env, as, ...(meddling !== undefined && { meddling }) }
}

function write(dir: string, from: Version, to: Version): void {
  const { files, links } = differenceOf(from, to)
  // What goes makes room for what comes.
  for (const path of Object.keys(links)) if (isThere(join(dir, path))) rmSync(join(dir, path))
  writeFiles(dir, files)
  for (const [path, text] of Object.entries(files)) if (text === undefined) tidy(dir, path)
  for (const [path, target] of Object.entries(links)) {
    if (target === undefined) continue
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    symlinkSync(target, join(dir, path))
  }
}

/** Of a first run, what was executed is the truth, and so is what equal steps gave each other. */
function asTruth(first: Outcome): Outcome {
  const statuses = Object.entries(first.statuses).map(([step, status]) => [
    step,
    status === 'cached' ? 'succeeded' : status,
  ])
  return { ...first, statuses: Object.fromEntries(statuses) as Outcome['statuses'] }
}

/** A package that is removed leaves no directory behind, which would be found in its place. */
function tidy(dir: string, path: string): void {
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    const parent = join(dir, at)
    if (isThere(parent) && readdirSync(parent).length === 0) rmdirSync(parent)
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

async function carryOut(
  root: string,
  script: string,
  assignments: readonly Assignment[],
): Promise<Outcome[]> {
  if (assignments.length === 0) return []
  const list = join(root, 'assignments.json')
  writeFileSync(list, JSON.stringify(assignments))
  await promisify(execFile)(process.execPath, ['--conditions=@stepwell/source', script, list])
  return deserialize(readFileSync(`${list}.outcomes`)) as Outcome[]
}
