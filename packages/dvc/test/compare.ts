import {
  DvcCache,
  dvcIgnore,
  isStale,
  loadProject,
  lockFileOf,
  lockText,
  measureStage,
  ProjectFiles,
  readLock,
  sourceStatus,
  stageStatus,
  workspaceOf,
  type DvcProject,
  type LockEntry,
  type StaleReason,
  type StatusRequest,
} from '@stepwell/dvc'
import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import type { RecordedState } from './real-dvc.ts'
import { layOut, temporaryDir, type Snapshot } from './sandbox.ts'

/** Compares what we make of a project with what DVC said. */
export async function compareState(state: RecordedState): Promise<void> {
  await inSnapshot(state.before, async (project, request) => {
    const sources = project.sources.map(({ address }) => address)
    const addresses = [...sources, ...project.stages.map(({ address }) => address)]
    expect(addresses.toSorted()).toEqual([...state.stages].toSorted())
    const reasons = await allReasons(project, request)
    expect(statusJson(reasons)).toEqual(state.status)
    if (state.stale !== null) {
      const stale = project.stages.filter((stage) => {
        const found = reasons.get(stage.address) ?? []
        // A frozen stage is verified, not run.
        return !stage.frozen && isStale(stage, found)
      })
      expect(stale.map(({ address }) => address).toSorted()).toEqual([...state.stale].toSorted())
    }
  })
  await inSnapshot(state.after, async (project, request) => {
    expect(statusJson(await allReasons(project, request))).toEqual(state.statusAfter)
    for (const [file, text] of await lockTexts(project, request, state)) {
      expect(text, file).toBe(state.after[file])
    }
  })
}

async function inSnapshot(
  snapshot: Snapshot,
  look: (project: DvcProject, request: StatusRequest) => Promise<void>,
): Promise<void> {
  const dir = temporaryDir()
  try {
    layOut(dir, snapshot)
    const project = loadProject(dir)
    await look(project, {
      workspace: workspaceOf(dir, dvcIgnore(dir)),
      cache: new DvcCache(dir, project.config.cacheDir),
      files: new ProjectFiles(dir),
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function allReasons(
  project: DvcProject,
  request: StatusRequest,
): Promise<ReadonlyMap<string, readonly StaleReason[]>> {
  const reasons = new Map<string, readonly StaleReason[]>()
  for (const source of project.sources) {
    reasons.set(source.address, await sourceStatus(source, request))
  }
  for (const { file, stages } of project.files) {
    const lock = readLock(lockFileOf(file), request.files)
    for (const stage of stages) {
      reasons.set(stage.address, await stageStatus(stage, lock.get(stage.name), request))
    }
  }
  return reasons
}

/** The `dvc.lock` files after the stages that DVC ran, from what is there now. */
async function lockTexts(
  project: DvcProject,
  request: StatusRequest,
  state: RecordedState,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for (const { file, stages } of project.files) {
    const lock = lockFileOf(file)
    const before = state.before[lock]
    const recorded = recordedIn(typeof before === 'string' ? before : '')
    const entries = new Map<string, LockEntry>()
    const ran = project.graph.order.filter((address) => state.ran.includes(address))
    for (const address of ran) {
      const stage = stages.find((each) => each.address === address)
      if (stage === undefined) continue
      const { workspace, files } = request
      const measured = await measureStage(stage, workspace, files, recorded.get(stage.name))
      entries.set(stage.name, measured.entry)
    }
    if (entries.size === 0 && before === undefined) continue
    texts.set(lock, lockText(lock, typeof before === 'string' ? before : '', entries))
  }
  return texts
}

function recordedIn(text: string): ReadonlyMap<string, LockEntry> {
  const dir = temporaryDir()
  try {
    layOut(dir, { 'dvc.lock': text })
    return readLock('dvc.lock', new ProjectFiles(dir))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The reasons as `dvc status --json` prints them. */
function statusJson(
  all: ReadonlyMap<string, readonly StaleReason[]>,
): Readonly<Record<string, unknown>> {
  const status: Record<string, unknown> = {}
  for (const [address, reasons] of all) {
    const deps: Record<string, unknown> = {}
    const outs: Record<string, unknown> = {}
    const marks: string[] = []
    for (const reason of reasons) {
      if (reason.kind === 'dep') deps[reason.path] = reason.state
      if (reason.kind === 'params-file') deps[reason.file] = reason.state
      if (reason.kind === 'param') {
        const keys = (deps[reason.file] ?? {}) as Record<string, unknown>
        deps[reason.file] = { ...keys, [reason.key]: reason.state }
      }
      if (reason.kind === 'out') outs[reason.path] = reason.state
      if (reason.kind === 'always') marks.push('always changed')
      if (reason.kind === 'command') marks.push('changed command')
    }
    const entries = [
      ...(Object.keys(deps).length > 0 ? [{ 'changed deps': deps }] : []),
      ...(Object.keys(outs).length > 0 ? [{ 'changed outs': outs }] : []),
      ...marks,
    ]
    if (entries.length > 0) status[address] = entries
  }
  return status
}
