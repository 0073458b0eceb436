import type { Content } from '../content/content.ts'
import type { DvcCache } from '../content/dvc-cache.ts'
import { measure, type Workspace } from '../content/measure.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import type { Source, SourceOut } from '../project/source.ts'
import { isCallback, type Stage, type StageOut, type StageParams } from '../project/stage.ts'
import { equalValues } from '../value/equal.ts'
import { pythonText } from '../value/text.ts'
import { isScalar, type DvcKey, type DvcMap, type DvcValue } from '../value/value.ts'
import { locationKey } from '../project/location.ts'
import type { LockEntry } from './lock-entry.ts'
import { paramValues } from './param-values.ts'
import type { StaleReason } from './reason.ts'

export interface StatusRequest {
  readonly workspace: Workspace
  readonly cache: Pick<DvcCache, 'has'>
  readonly files: ProjectFiles
}

/**
 * Why DVC would run a stage: no reason is a fresh one. What cannot be looked at from here, a URL, has
 * not changed.
 * @throws StepwellError STEPWELL_DVC_PARAMS, STEPWELL_DVC_YAML, STEPWELL_DVC_DATA
 */
export async function stageStatus(
  stage: Stage,
  entry: LockEntry | undefined,
  request: StatusRequest,
): Promise<StaleReason[]> {
  const reasons: StaleReason[] = entry === undefined ? [{ kind: 'not-recorded' }] : []
  if (!stage.frozen) {
    for (const dep of stage.deps) {
      const recorded = entry?.deps.get(dep.path)
      const state = await contentState(dep.location, recorded, request)
      if (state !== undefined) reasons.push({ kind: 'dep', path: locationKey(dep.location), state })
    }
    for (const params of stage.params) {
      reasons.push(...paramReasons(params, entry?.params.get(params.path), request.files))
    }
  }
  for (const out of stage.outs) {
    reasons.push(...(await outReasons(out, entry?.outs.get(out.path), request)))
  }
  const callback = isCallback(stage)
  if (callback || stage.alwaysChanged) {
    reasons.push({
      kind: 'always',
      because: callback ? 'reads and writes nothing' : 'always_changed',
    })
  }
  if (entry !== undefined && !equalValues(entry.cmd, stage.cmd)) {
    reasons.push({ kind: 'command', from: commandText(entry.cmd), to: commandText(stage.cmd) })
  }
  return reasons
}

/** Whether DVC would run a stage that has these reasons: a frozen one is not run for being marked. */
export function isStale(stage: Stage, reasons: readonly StaleReason[]): boolean {
  return reasons.some(({ kind }) => {
    if (kind === 'not-recorded' || kind === 'removed') return false
    return kind !== 'always' || !stage.frozen
  })
}

/** Deps and params in `dvc.lock` that the stage no longer has, which DVC does not see. */
export function removedReasons(stage: Stage, entry: LockEntry): StaleReason[] {
  const deps = new Set(stage.deps.map(({ path }) => path))
  const reasons: StaleReason[] = []
  for (const name of entry.deps.keys()) {
    if (!deps.has(name)) reasons.push({ kind: 'removed', what: 'dep', name })
  }
  for (const [file, values] of entry.params) {
    const params = stage.params.find(({ path }) => path === file)
    if (params?.keys === 'all') continue
    for (const key of values.keys()) {
      if (params?.keys.includes(String(key)) === true) continue
      reasons.push({ kind: 'removed', what: 'param', name: `${String(key)} of ${file}` })
    }
  }
  return reasons
}

/** What of the data of a `*.dvc` file is not there as it is recorded. */
export async function sourceStatus(source: Source, request: StatusRequest): Promise<StaleReason[]> {
  const reasons: StaleReason[] = []
  for (const out of source.outs) reasons.push(...(await outReasons(out, out.content, request)))
  return reasons
}

async function outReasons(
  out: StageOut | SourceOut,
  recorded: Content | undefined,
  request: StatusRequest,
): Promise<StaleReason[]> {
  const path = locationKey(out.location)
  const hashed = recorded?.md5 !== undefined
  if (hashed && out.cache && !(await request.cache.has(recorded))) {
    return [{ kind: 'out', path, state: 'not in cache' }]
  }
  const { ignore } = request.workspace
  if (
    out.location.kind === 'project' &&
    (ignore.ignores(path, false) || ignore.ignores(path, true))
  ) {
    return [{ kind: 'out', path, state: 'deleted' }]
  }
  const state = await contentState(out.location, recorded, request)
  return state === undefined ? [] : [{ kind: 'out', path, state }]
}

async function contentState(
  location: StageOut['location'],
  recorded: Content | undefined,
  { workspace }: StatusRequest,
): Promise<'deleted' | 'modified' | undefined> {
  if (location.kind === 'remote') return recorded === undefined ? 'modified' : undefined
  const legacy =
    recorded !== undefined && recorded.hash === undefined && location.kind === 'project'
  const found = await measure(workspace, location, legacy ? 'md5-dos2unix' : 'md5')
  if (found === undefined) return 'deleted'
  return found.md5 === recorded?.md5 ? undefined : 'modified'
}

function paramReasons(
  params: StageParams,
  recorded: DvcMap | undefined,
  files: ProjectFiles,
): StaleReason[] {
  const file = locationKey(params.location)
  const { found } = paramValues(params, files)
  if (found === undefined) return [{ kind: 'params-file', file, state: 'deleted' }]
  if (recorded === undefined) return [{ kind: 'params-file', file, state: 'new' }]
  const keys: readonly DvcKey[] =
    params.keys === 'all' ? [...new Set([...found.keys(), ...recorded.keys()])] : params.keys
  return keys.flatMap((key) => {
    const [from, to] = [recorded.get(key), found.get(key)]
    const state =
      to === undefined
        ? 'deleted'
        : from === undefined
          ? 'new'
          : equalValues(from, to)
            ? undefined
            : 'modified'
    if (state === undefined) return []
    return [
      {
        kind: 'param',
        file,
        key: pythonText(key),
        state,
        ...(from === undefined ? {} : { from: valueText(from) }),
        ...(to === undefined ? {} : { to: valueText(to) }),
      } as const,
    ]
  })
}

function valueText(value: DvcValue): string {
  return isScalar(value) ? pythonText(value) : 'a list or a map'
}

function commandText(cmd: string | readonly string[]): string {
  return typeof cmd === 'string' ? cmd : cmd.join(' && ')
}
