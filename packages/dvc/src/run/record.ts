import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import type { Engine, PlannedStep, RunRecord } from '@stepwell/engine'
import { diskPath } from '../content/measure.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import { measureStage } from '../lock/measure-stage.ts'
import { lockFileOf, readLock } from '../lock/read-lock.ts'
import { lockText, writeLock } from '../lock/write-lock.ts'
import { ignoreInGit } from '../project/git-ignore.ts'
import { locationKey } from '../project/location.ts'
import { ProjectFiles } from '../project/project-files.ts'
import { isCallback, type Stage } from '../project/stage.ts'
import { isAsRecorded } from './as-recorded.ts'
import { changedSource, commitSource, type ChangedSource } from './changed-source.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'

/** Of each stage: the key under which it was recorded, and what was recorded. */
type Recorded = Readonly<Record<string, readonly [key: string, entry: string]>>

/**
 * Records in the `dvc.lock` files what stages made in a run, and in `*.dvc` files what they read of data that
 * was edited, and keeps it in DVC's cache, as `dvc repro` would have. What was recorded before and is the
 * same is not looked at again. Returns the files written.
 *
 * @throws StepwellError STEPWELL_DVC_LOCK, STEPWELL_DVC_DATA, STEPWELL_DVC_CACHE
 */
export async function recordRun(
  dvc: DvcPipeline,
  engine: Engine,
  { steps }: RunRecord,
): Promise<string[]> {
  const { project, pipeline, workspace, cache, memo } = dvc
  const { root } = project
  const path = join(root, '.stepwell', 'dvc.json')
  const before = readRecorded(path)
  const files = new ProjectFiles(root)
  const open: Open[] = []
  const locks = new Map<string, ReadonlyMap<string, LockEntry>>()
  const stages = new Map(project.stages.map((stage) => [stage.address, stage]))
  // As DVC would have come to them.
  for (const address of project.graph.order) {
    const stage = stages.get(address)
    if (stage === undefined) continue
    const { status, key } = steps[stage.address] ?? {}
    if (status !== 'succeeded' && status !== 'cached') continue
    // It was passed over: what is recorded holds.
    if (key === undefined) continue
    const lockFile = lockFileOf(stage.file)
    const lock = locks.get(lockFile) ?? readLock(lockFile, files)
    locks.set(lockFile, lock)
    const entry = lock.get(stage.name)
    const known = before[stage.address]
    if (status === 'cached' && known?.[0] === key && known[1] === digestOf(stage, entry)) continue
    const isSame =
      entry !== undefined &&
      (status === 'cached' || stage.frozen) &&
      (await isAsRecorded(stage, entry, { workspace, files }))
    if (isSame && stage.frozen) continue
    open.push({ stage, key, entry, isSame })
  }
  if (open.length === 0) return []
  const measured: [stage: Stage, key: string, made: Awaited<ReturnType<typeof measureStage>>][] = []
  for (const { stage, key, entry, isSame } of open) {
    const made = await measureStage(stage, workspace, files, entry)
    // What DVC takes for the same stays as it is written.
    measured.push([stage, key, isSame && entry !== undefined ? { ...made, entry } : made])
  }
  const isProject = existsSync(join(root, '.dvc'))
  const sources = new Map<string, ChangedSource>()
  const read = new Set(open.flatMap(({ stage }) => readsOf(stage)))
  for (const source of isProject ? project.sources : []) {
    const changed = read.has(source.address) ? await changedSource(source, dvc) : undefined
    if (changed !== undefined) sources.set(source.address, changed)
  }
  // What was measured is what the steps had and made only if that is still there.
  const targets = open.map(({ stage }) => stage.address)
  const { steps: planned } = await engine.plan(pipeline, { targets, only: true })
  const now = new Map(planned.map((step) => [step.name, step]))
  const next = new Map<string, Map<string, LockEntry>>()
  const recorded = { ...before }
  const edited = new Set<ChangedSource>()
  for (const [stage, key, { entry, outs }] of measured) {
    if (!isAsMade(stage, now.get(stage.address), key)) continue
    for (const address of readsOf(stage)) {
      const changed = sources.get(address)
      if (changed !== undefined) edited.add(changed)
    }
    if (isProject) {
      for (const out of stage.outs) {
        const content = outs.get(out.path)
        const place = diskPath(root, out.location)
        if (!out.cache || content === undefined || place === undefined) continue
        await cache.keep(content, place)
        if (!project.config.noScm) ignoreInGit(root, locationKey(out.location))
      }
    }
    const lockFile = lockFileOf(stage.file)
    const entries = next.get(lockFile) ?? new Map<string, LockEntry>()
    next.set(lockFile, entries.set(stage.name, entry))
    recorded[stage.address] = [key, digestOf(stage, entry)]
  }
  for (const changed of edited) await commitSource(changed, dvc)
  const written = [...next].flatMap(([lockFile, entries]) => {
    return writeLock(root, lockFile, entries) ? [lockFile] : []
  })
  memo.save()
  replaceFileSync(path, JSON.stringify(recorded))
  return [...[...edited].map(({ source }) => source.file), ...written]

  function readsOf({ address, frozen }: Stage): readonly string[] {
    return frozen ? [] : (project.graph.upstream.get(address) ?? [])
  }
}

interface Open {
  readonly stage: Stage
  readonly key: string
  readonly entry: LockEntry | undefined
  readonly isSame: boolean
}

/** Whether what a stage reads and left is what it was in the run. */
function isAsMade(stage: Stage, planned: PlannedStep | undefined, key: string): boolean {
  // No command made it: what is recorded is what was found.
  if (stage.frozen) return true
  if (planned?.key !== key) return false
  if (stage.alwaysChanged || isCallback(stage)) return true
  return planned.decision === 'cached' && planned.reasons.every(({ kind }) => kind !== 'restored')
}

function digestOf({ name, file }: Stage, entry: LockEntry | undefined): string {
  const text = entry === undefined ? '' : lockText(file, '', new Map([[name, entry]]))
  return createHash('sha1').update(text).digest('hex')
}

function readRecorded(path: string): Recorded {
  try {
    const recorded: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof recorded === 'object' && recorded !== null ? (recorded as Recorded) : {}
  } catch {
    return {}
  }
}
