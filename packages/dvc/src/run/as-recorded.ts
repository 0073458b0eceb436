import type { Workspace } from '../content/measure.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import { isStale, removedReasons, stageStatus } from '../lock/status.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import type { Stage } from '../project/stage.ts'

/**
 * Whether what is in the project is what `dvc.lock` records of a stage. Whether DVC's cache has it does not
 * matter.
 */
export async function isAsRecorded(
  stage: Stage,
  entry: LockEntry,
  { workspace, files }: { readonly workspace: Workspace; readonly files: ProjectFiles },
): Promise<boolean> {
  if (removedReasons(stage, entry).length > 0) return false
  const cache = { has: () => Promise.resolve(true) }
  return !isStale(stage, await stageStatus(stage, entry, { workspace, cache, files }))
}
