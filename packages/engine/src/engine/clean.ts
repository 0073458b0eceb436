import { readlinkSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { remove } from '@stepwell/base/move'
import { normal } from '../define/command-line.ts'
import type { Pipeline } from '../define/pipeline.ts'
import { leftOuts } from '../record/left-out.ts'
import { blockerOf, statsAt } from '../store/workspace/out-obstacle.ts'
import { REPLACED } from '../store/workspace/recycle.ts'
import { parseTree, type TreeEntry } from '../value/tree.ts'
import { findLeft, type FoundLeft } from './left-outs.ts'
import type { ProjectState } from './project.ts'
import { situationOf } from './session.ts'

export interface CleanRequest {
  /** Say what would go, and do nothing. @default false */
  readonly dryRun?: boolean
  /** Put aside what was edited, too. @default false */
  readonly force?: boolean
  /** Paths of what was left that stay, as files of the project from now on. @default none */
  readonly keep?: readonly string[]
}

export interface CleanReport {
  /** Runs that go on: as long as they do, nothing is removed. */
  readonly waitsFor: readonly string[]
  /** Sorted by path. */
  readonly outs: readonly CleanedOut[]
}

/** What a step left that is gone, and what became of it, or would. */
export interface CleanedOut {
  readonly step: string
  readonly path: string
  readonly kind: 'file' | 'dir'
  /**
   * `removed`: as it was made. `aside`: edited, and moved. `edited`: it stays. `partly`: a directory of which some files
   * stay, since they were edited, were not made by the step, or belong to others. `kept`: as asked.
   */
  readonly became: 'removed' | 'aside' | 'edited' | 'partly' | 'kept'
  /** Where edits are now. */
  readonly aside?: readonly string[]
}

/** See `Engine.clean`. */
export async function cleanLeft(
  pipeline: Pipeline,
  { dryRun = false, force = false, keep = [] }: CleanRequest,
  state: ProjectState,
): Promise<CleanReport> {
  const situation = await situationOf(pipeline, {}, state)
  const found = await findLeft(situation, state)
  const kept = new Set(keep.map(normal))
  for (const path of kept) {
    if (!found.some(({ out }) => normal(out.path) === path)) throw notLeft(path)
  }
  const running = (await state.runs.unfinished()).filter(({ status }) => status === 'running')
  const waitsFor = running.map(({ id }) => id)
  const acts = !dryRun && waitsFor.length === 0
  const outs: CleanedOut[] = []
  for (const left of found) {
    const { step, out } = left
    const { path, kind } = out
    const became: Pick<CleanedOut, 'became' | 'aside'> = kept.has(normal(path))
      ? { became: 'kept' }
      : await clean(left, { acts, force }, state)
    outs.push({ step, path, kind, ...became })
  }
  if (acts) await release(pipeline, outs, state)
  return { waitsFor, outs: outs.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }
}

interface How {
  readonly acts: boolean
  readonly force: boolean
}

async function clean(
  { out, others }: FoundLeft,
  { acts, force }: How,
  state: ProjectState,
): Promise<Pick<CleanedOut, 'became' | 'aside'>> {
  const { dir, recycle } = state
  const at = join(dir, out.path)
  // Beyond a link that leads out of the project nothing is ours.
  if (blockerOf(dir, out.path) !== undefined) return { became: 'edited' }
  const found = await state.workspace('clean').inspect(out)
  const isWhole = found === 'in place' || (found === 'replaced' && out.kind === 'file')
  if (isWhole && others.length === 0) {
    if (acts) await remove(at)
    return { became: 'removed' }
  }
  if (force && others.length === 0) {
    return { became: 'aside', aside: acts ? [await recycle.keep(at, REPLACED)] : [] }
  }
  if (out.kind === 'file' || !statsAt(at)?.isDirectory()) return { became: 'edited' }
  return await cleanDirectory({ out, others }, { acts, force }, state)
}

/** File by file, of those that the step made. */
async function cleanDirectory(
  { out, others }: Pick<FoundLeft, 'out' | 'others'>,
  { acts, force }: How,
  state: ProjectState,
): Promise<Pick<CleanedOut, 'became' | 'aside'>> {
  const { artifacts, dir, recycle } = state
  if ((await artifacts.check(out.digest)) !== 'present') return { became: 'edited' }
  const entries = parseTree(new TextDecoder().decode(await artifacts.get(out.digest)))
  const own = normal(out.path)
  const aside: string[] = []
  const folders = new Set<string>([own])
  for (const entry of entries) {
    const path = `${own}/${entry.path}`
    for (let up = dirname(path); up.length > own.length; up = dirname(up)) folders.add(up)
    if (entry.kind === 'empty') {
      folders.add(path)
      continue
    }
    if (others.some((each) => path === each || path.startsWith(`${each}/`))) continue
    if (statsAt(join(dir, path)) === undefined) continue
    if (await isAsMade(entry, path, state)) {
      if (acts) await remove(join(dir, path))
    } else if (force && acts) aside.push(await recycle.keep(join(dir, path), REPLACED))
  }
  // The deepest first; one that is not empty has something that is not the step's.
  if (acts) {
    for (const each of [...folders].toSorted((a, b) => b.length - a.length))
      removeEmpty(join(dir, each))
  }
  const isGone = statsAt(join(dir, own)) === undefined
  return {
    became: isGone ? 'removed' : 'partly',
    ...(aside.length > 0 && { aside }),
  }
}

async function isAsMade(
  entry: Exclude<TreeEntry, { readonly kind: 'empty' }>,
  path: string,
  { dir, digests }: ProjectState,
): Promise<boolean> {
  const stats = statsAt(join(dir, path))
  if (entry.kind === 'link')
    return stats?.isSymbolicLink() === true && readlinkSync(join(dir, path)) === entry.target
  return stats?.isFile() === true && (await digests.state(path)).digest === entry.digest
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) throw error
  }
}

/** From now on no step owns it: what a person puts there is a file of the project. */
async function release(
  pipeline: Pipeline,
  outs: readonly CleanedOut[],
  { snapshots, digests }: ProjectState,
): Promise<void> {
  const done = new Set(
    outs.filter(({ became }) => became !== 'edited').map(({ path }) => normal(path)),
  )
  if (done.size === 0) return
  const { files, ...snapshot } = await snapshots.read(pipeline.name)
  digests.recall(Object.entries(files))
  const next = {
    ...snapshot,
    left: leftOuts(snapshot, pipeline).filter(({ out }) => !done.has(normal(out.path))),
    released: [...new Set([...(snapshot.released ?? []), ...done])],
  }
  await snapshots.write(pipeline.name, next, digests.remembered)
}

function notLeft(path: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_CLEAN_KEEP',
    summary: `${JSON.stringify(path)} is not an out of a removed step`,
    hint: 'see what there is: stepwell clean --dry-run',
  })
}
