import type { Artifact } from '../value/artifact.ts'
import { outIn } from '../decide/resolve-inputs.ts'
import type { ServiceState } from '../decide/inputs/resolved-input.ts'
import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Download, Downloads } from '../store/inputs/downloads.ts'
import { findReusable, leftBy, type Snapshot } from '../record/snapshot.ts'
import type { Halt } from './cancellation.ts'
import { Interruption, type SettledWorld } from '../decide/world.ts'
import { isService } from '../define/step.ts'
import { LEFT_ALONE, unlessLeftAlone } from '@stepwell/base/grace'
import { artifactIn, pickedFrom } from '../decide/picks.ts'
import type { OutPlaces } from '../decide/out-paths.ts'
import type { PipelineCode } from '../identity/code.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { RunEvent } from '../record/event.ts'
import { shownUrl } from '../define/shown-url.ts'
import type { StepCache } from '../store/cache/step-cache.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { StepKey } from '../identity/fingerprint.ts'
import type { ExecutionTable } from './execution-table.ts'
import { identityOf } from './step-execution.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

export interface ActualWorldOptions {
  /** The project directory. */
  readonly dir: string
  readonly code: PipelineCode
  /** The last known state, to say what changed since. */
  readonly snapshot: Snapshot
  readonly cache: StepCache
  readonly artifacts: ArtifactStore
  readonly files: ProjectFiles
  readonly downloads: Downloads
  readonly workspace: Workspace
  /** Where steps of the pipeline write. */
  readonly places: OutPlaces
  readonly halt: Halt
  readonly emit: (event: RunEvent) => void
}

/** What is, as a run goes on: all that comes before a step has ended when it is decided. */
export function actualWorld(
  options: ActualWorldOptions,
  table: ExecutionTable,
  isUp: (service: string) => boolean,
): SettledWorld {
  const { code, dir, files, snapshot, artifacts, workspace, places, halt } = options
  const downloads = new Map<string, Promise<Download>>()
  return {
    code,
    dir,
    files,
    snapshot,
    artifacts,
    workspace,
    outPaths: places.paths,
    nameOf: table.nameOf,
    outputOf,
    outOf: (read, name) => outIn(read, table.outputs(read), name),
    serviceOf,
    download,
    pending: () => [],
    entry,
    ask,
  }

  /** Of a step that takes no part, a field may be picked that was not when it was executed. */
  async function outputOf(read: string, field: string | undefined): Promise<Artifact> {
    if (table.has(read)) return artifactIn(table.outputs(read), field)
    return await pickedFrom(read, leftBy(read, snapshot), field, artifacts, async (bytes) => {
      return await artifacts.put(bytes)
    })
  }

  function serviceOf(read: string): ServiceState | undefined {
    if (!table.has(read) || !isService(table.ordered(read).step)) return undefined
    const found = identityOf(table.at(read)) ?? table.in(read, 'settled').identity
    const { key, moved } = found
    // It may read what it was given whenever it likes.
    return { key, holds: async () => isUp(read) && (await moved()) === undefined }
  }

  /** Each address is asked once: all steps of a run are given the same. */
  async function download(url: string, step: string): Promise<Download> {
    const asked = downloads.get(url) ?? options.downloads.fetch(url, halt.killing)
    const isFirst = !downloads.has(url)
    downloads.set(url, asked)
    const found = await asked
    if (isFirst && found.stale !== undefined) {
      const message = `${shownUrl(url)} cannot be asked: ${found.stale}; what was downloaded before is used`
      options.emit({ type: 'warning', at: Date.now(), step, message })
    }
    return found
  }

  async function entry(step: string, key: StepKey): Promise<StepEntry | undefined> {
    // What was there after the last run need not be asked of the database; what was accepted may have
    // been revoked since.
    const known = findReusable(snapshot, step, key)
    return known !== undefined && known.accepted === undefined
      ? known
      : await options.cache.get(key)
  }

  async function ask<T>(answer: Promise<T>): Promise<T> {
    const given = await unlessLeftAlone(answer, halt.killing, 0)
    if (given === LEFT_ALONE) throw new Interruption('the run was stopped')
    return given
  }
}
