import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pipelineOf, StepwellError, type Pipeline, type Step } from '@stepwell/engine'
import type { Content } from '../content/content.ts'
import { DvcCache } from '../content/dvc-cache.ts'
import { workspaceOf, type Workspace } from '../content/measure.ts'
import { lockFileOf, readLock } from '../lock/read-lock.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import { dvcIgnore } from '../project/find-files.ts'
import { joinPath, locationKey, prefixesOf } from '../project/location.ts'
import { loadProject, type DvcProject } from '../project/load-project.ts'
import { ProjectFiles } from '../project/project-files.ts'
import { isCallback, type Stage } from '../project/stage.ts'
import { isAsRecorded, isUnchanged } from './as-recorded.ts'
import { Md5Memo } from './md5-memo.ts'
import { isMadeLater, stageStep } from './stage-step.ts'
import { isMissing, trackedOuts, type TrackedOut } from './tracked.ts'

/** A DVC project as a pipeline of the engine, whose steps have the addresses of the stages as names. */
export interface DvcPipeline {
  readonly project: DvcProject
  readonly pipeline: Pipeline
  readonly cache: DvcCache
  readonly workspace: Workspace
  readonly memo: Md5Memo
  readonly files: ProjectFiles
  /**
   * The step of a stage, by its address.
   * @throws StepwellError STEPWELL_TARGET_UNKNOWN
   */
  readonly stage: (address: string) => Step
  /** What `dvc.lock` recorded of a stage when the project was read. */
  readonly entryOf: (stage: Stage) => LockEntry | undefined
  /** All that stages and `*.dvc` files have in the project, by its path. */
  readonly outs: () => ReadonlyMap<string, TrackedOut>
  /** Whether a stage is as `dvc.lock` has it, but for what is missing. */
  readonly isUnchanged: (stage: Stage) => Promise<boolean>
  /** Addresses of stages that are passed over in a run if they are unchanged and data is missing. */
  readonly mayLack: Set<string>
}

/**
 * Reads all `dvc.yaml` files of a project, and makes a step of each stage.
 *
 * @param path a `dvc.yaml`, or a directory of the project
 * @throws StepwellError as `loadProject`; STEPWELL_DVC_DATA where there is no project
 */
export function dvcPipeline(path: string): DvcPipeline {
  const root = dvcRoot(path)
  const project = loadProject(root)
  const files = new ProjectFiles(root)
  const memo = new Md5Memo(join(root, '.stepwell', 'md5.json'))
  const workspace: Workspace = { ...workspaceOf(root, dvcIgnore(root)), md5: memo.md5 }
  const locks = new Map<string, ReadonlyMap<string, LockEntry>>()
  const entryOf = ({ file, name }: Stage): LockEntry | undefined => {
    const lockFile = lockFileOf(file)
    const lock = locks.get(lockFile) ?? readLock(lockFile, files)
    locks.set(lockFile, lock)
    return lock.get(name)
  }
  const stages = new Map(project.stages.map((stage) => [stage.address, stage]))
  const made = new Set(
    project.stages.flatMap(({ outs }) => outs.map((out) => locationKey(out.location))),
  )
  let tracked: ReadonlyMap<string, TrackedOut> | undefined
  const outs = (): ReadonlyMap<string, TrackedOut> => (tracked ??= trackedOuts(project, entryOf))
  const mayLack = new Set<string>()
  const steps = new Map<string, Step>()
  for (const address of project.graph.order) {
    const stage = stages.get(address)
    if (stage === undefined) continue
    const upstream = project.graph.upstream.get(address) ?? []
    const after = upstream.flatMap((read) => steps.get(read) ?? [])
    const adopt = async (): Promise<string | undefined> => await adoptable(stage)
    const passOver = async (): Promise<string | undefined> => await passable(stage)
    steps.set(address, stageStep(stage, { root, files, made, after, adopt, passOver }))
  }
  return {
    project,
    pipeline: pipelineOf('dvc', steps, {
      limits: project.limits,
      sources: sourcesOf(project).map((file) => resolve(root, file)),
    }),
    cache: new DvcCache(root, project.config.cacheDir),
    workspace,
    memo,
    files,
    stage: (address) => steps.get(address) ?? unknown(address, [...steps.keys()]),
    entryOf,
    outs,
    isUnchanged: unchanged,
    mayLack,
  }

  async function unchanged(stage: Stage): Promise<boolean> {
    const entry = entryOf(stage)
    return entry !== undefined && (await isUnchanged(stage, entry, { workspace, files }, isHeld))
  }

  function isHeld(dep: string, { md5, hash }: Content): boolean {
    const own = outs().get(dep)
    if (own !== undefined) return own.content?.md5 === md5 && own.content?.hash === hash
    // It is no longer in what is there.
    const around = prefixesOf(dep).flatMap((dir) => outs().get(dir) ?? [])
    return around.every(({ location }) => isMissing(root, location))
  }

  async function passable(stage: Stage): Promise<string | undefined> {
    if (!mayLack.has(stage.address)) return undefined
    const missing = [...stage.deps, ...stage.outs].find((each) => isMissing(root, each.location))
    if (missing === undefined || !(await unchanged(stage))) return undefined
    return `dvc.lock has it so, though ${locationKey(missing.location)} is missing`
  }

  async function adoptable(stage: Stage): Promise<string | undefined> {
    const entry = entryOf(stage)
    if (entry === undefined || isCallback(stage)) return undefined
    // What a stage writes may have been read before it did.
    const isWritten = stage.params.some((params) => isMadeLater(params, files, made))
    const present = isWritten ? new ProjectFiles(root) : files
    return (await isAsRecorded(stage, entry, { workspace, files: present }))
      ? 'dvc.lock has it so'
      : undefined
  }
}

/** What decides which stages there are, and their params. */
function sourcesOf({ files, sources, stages }: DvcProject): string[] {
  const params = stages.flatMap((stage) =>
    stage.params.map(({ location }) => locationKey(location)),
  )
  const beside = files.map(({ file }) => joinPath(file, '..', 'params.yaml'))
  const all = [...files, ...sources].map(({ file }) => file)
  return [...new Set([...all, ...beside, ...params, '.dvc/config'])]
}

function unknown(address: string, known: readonly string[]): never {
  throw new StepwellError({
    code: 'STEPWELL_TARGET_UNKNOWN',
    summary: `there is no stage '${address}'`,
    hint: `its stages are ${known.slice(0, 20).join(', ')}`,
  })
}

/**
 * The project of a path: the directory with `.dvc` around it, else that of the outermost `dvc.yaml`.
 * @throws StepwellError STEPWELL_DVC_DATA when no project is found
 */
export function dvcRoot(path: string): string {
  const absolute = resolve(path)
  const isDir = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true
  const start = isDir ? absolute : dirname(absolute)
  let found: string | undefined
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, '.dvc', 'config')) || existsSync(join(dir, '.dvc', 'tmp'))) return dir
    if (existsSync(join(dir, 'dvc.yaml'))) found = dir
    if (dirname(dir) === dir) break
  }
  if (found !== undefined) return found
  throw new StepwellError({
    code: 'STEPWELL_DVC_DATA',
    summary: `there is no dvc.yaml in ${start}, nor above it`,
    hint: 'name the directory of one',
  })
}
