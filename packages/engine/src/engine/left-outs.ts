import { join } from 'node:path'
import { normal, pathsNamed } from '../define/command-line.ts'
import { describeInput } from '../decide/inputs/input.ts'
import { namesOf, type Pipeline } from '../define/pipeline.ts'
import { isGlob } from '../define/input-kinds.ts'
import { definition, type Input } from '../define/step.ts'
import { commandOf } from '../define/work.ts'
import { lastOuts, leftOuts } from '../record/left-out.ts'
import type { LeftOut } from '../record/snapshot.ts'
import { Patterns } from '../store/inputs/patterns.ts'
import { statsAt } from '../store/workspace/out-obstacle.ts'
import { parseTree } from '../value/tree.ts'
import type { ProjectState } from './project.ts'
import type { Situation } from './session.ts'

/** What a step left that is gone, and is still there. */
export interface FoundLeft extends LeftOut {
  /** Paths at it or inside of it that belong to others: what steps make, or name as inputs. */
  readonly others: readonly string[]
}

type Known = Pick<Situation, 'pipeline' | 'snapshot' | 'places'>

/**
 * What steps left that no step of the project makes any more. What another pipeline makes, as far as its state tells,
 * and what a step names as an input by its very path, is left out: that has an owner.
 */
export async function findLeft(
  { pipeline, snapshot, places }: Known,
  state: ProjectState,
): Promise<FoundLeft[]> {
  const left = leftOuts(snapshot, pipeline).filter(
    ({ out }) => statsAt(join(state.dir, out.path)) !== undefined,
  )
  if (left.length === 0) return []
  const elsewhere = await pathsOfOthers(pipeline, state)
  const declared = [...pathsDeclared(pipeline), ...elsewhere.read]
  const found: FoundLeft[] = []
  for (const { step, out } of left) {
    const path = normal(out.path)
    const touching = places.touching(path)
    const isMade = touching.some(([, position]) => position !== 'inside')
    if (isMade || elsewhere.made.some((each) => isAtOrIn(path, each))) continue
    // A directory around it is read as a whole: the step does not name it.
    if (declared.includes(path)) continue
    const inside = touching.map(([each]) => each.path)
    const named = [...elsewhere.made, ...declared].filter((each) => isAtOrIn(each, path))
    const others = [...inside, ...named]
    found.push({ step, out, others })
  }
  return found
}

/** What there is to say of them, for a plan or a run. */
export async function leftWarnings(known: Known, state: ProjectState): Promise<string[]> {
  const warnings: string[] = []
  for (const { step, out } of await findLeft(known, state)) {
    const readers = readersOf(await filesOf({ step, out }, state), known.pipeline, state)
    const isGone = !known.pipeline.steps.has(step)
    const whose = `\`${out.path}\` was made by step \`${step}\`, which ${isGone ? 'no longer exists' : 'no longer makes it'}`
    const cure = `\`stepwell clean\` removes it, \`stepwell clean --keep ${out.path}\` keeps it`
    if (readers.length === 0) warnings.push(`${whose}: ${cure}`)
    else warnings.push(`${whose}, and is still read by ${readers.join(' and ')}: ${cure}`)
  }
  return warnings
}

/** The files of an out by path, as it was made: of a directory whose listing is gone, itself. */
async function filesOf(
  { out: { kind, path, digest } }: LeftOut,
  { artifacts }: ProjectState,
): Promise<string[]> {
  const own = normal(path)
  if (kind === 'file') return [own]
  if ((await artifacts.check(digest)) !== 'present') return [own]
  const tree = parseTree(new TextDecoder().decode(await artifacts.get(digest)))
  return tree.filter((entry) => entry.kind === 'file').map((entry) => `${own}/${entry.path}`)
}

/** Inputs that take such files in, without naming them. */
function readersOf(files: readonly string[], pipeline: Pipeline, { dir }: ProjectState): string[] {
  const names = namesOf(pipeline)
  const takes = (handle: Input): boolean => {
    if (handle.kind === 'dir' || handle.kind === 'any')
      return files.some((file) => isAtOrIn(file, normal(handle.path)))
    if (!isGlob(handle)) return false
    const patterns = new Patterns(dir, handle.patterns)
    return files.some((file) => patterns.matches(file) && !patterns.leavesOut(file))
  }
  return [...pipeline.steps].flatMap(([name, step]) => {
    const { inputs, dependsOn } = definition(step)
    return [...Object.values(inputs), ...dependsOn]
      .filter(takes)
      .map(
        (handle) => `step \`${name}\` (${describeInput(handle, (each) => names.get(each) ?? '')})`,
      )
  })
}

/** What other pipelines of the project make, and read by its very path, as far as their states tell. */
async function pathsOfOthers(
  { name }: Pipeline,
  { snapshots }: ProjectState,
): Promise<{ readonly made: readonly string[]; readonly read: readonly string[] }> {
  const made: string[] = []
  const read: string[] = []
  for (const other of await snapshots.pipelines()) {
    if (other === name) continue
    const { steps } = await snapshots.read(other)
    made.push(...lastOuts({ steps }).map(({ out }) => normal(out.path)))
    for (const { entries } of Object.values(steps)) {
      const { inputs = {}, dependsOn = {} } = entries[0]?.ingredients.fingerprint ?? {}
      const parts = [...Object.values(inputs), ...Object.values(dependsOn)]
      read.push(...parts.flatMap((part) => ('path' in part ? [normal(part.path)] : [])))
    }
  }
  return { made, read }
}

/** Paths that steps name: as inputs, and in their commands. */
function pathsDeclared({ steps }: Pipeline): string[] {
  return [...steps.values()].flatMap((step) => {
    const { inputs, dependsOn, work } = definition(step)
    const command = commandOf(work)
    const named = command === undefined ? [] : pathsNamed(command)
    return [
      ...[...Object.values(inputs), ...dependsOn].flatMap((handle) =>
        handle.kind === 'file' || handle.kind === 'dir' || handle.kind === 'any'
          ? [normal(handle.path)]
          : [],
      ),
      ...named,
    ]
  })
}

function isAtOrIn(path: string, dir: string): boolean {
  return path === dir || path.startsWith(`${dir}/`)
}
