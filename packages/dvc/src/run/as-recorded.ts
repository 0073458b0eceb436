import type { Content } from '../content/content.ts'
import type { Workspace } from '../content/measure.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import type { StaleReason } from '../lock/reason.ts'
import { isStale, removedReasons, stageStatus } from '../lock/status.ts'
import { locationKey } from '../project/location.ts'
import type { ProjectFiles } from '../project/project-files.ts'
import type { Stage } from '../project/stage.ts'

interface Surroundings {
  readonly workspace: Workspace
  readonly files: ProjectFiles
}

/**
 * Whether what is in the project is what `dvc.lock` records of a stage. Whether DVC's cache has it does not
 * matter.
 */
export async function isAsRecorded(
  stage: Stage,
  entry: LockEntry,
  around: Surroundings,
): Promise<boolean> {
  return await holds(stage, entry, around, () => false)
}

/**
 * As `isAsRecorded`, but what is missing counts for what is recorded of it.
 *
 * @param isHeld whether a dependency that is missing can still be what is recorded of it
 */
export async function isUnchanged(
  stage: Stage,
  entry: LockEntry,
  around: Surroundings,
  isHeld: (path: string, recorded: Content) => boolean,
): Promise<boolean> {
  const recorded = new Map(
    stage.deps.map(({ path, location }) => [locationKey(location), entry.deps.get(path)]),
  )
  return await holds(stage, entry, around, (reason) => {
    if ((reason.kind !== 'dep' && reason.kind !== 'out') || reason.state !== 'deleted') return false
    if (reason.kind === 'out') return true
    const read = recorded.get(reason.path)
    return read !== undefined && isHeld(reason.path, read)
  })
}

async function holds(
  stage: Stage,
  entry: LockEntry,
  { workspace, files }: Surroundings,
  allows: (reason: StaleReason) => boolean,
): Promise<boolean> {
  if (removedReasons(stage, entry).length > 0) return false
  const cache = { has: () => Promise.resolve(true) }
  const reasons = await stageStatus(stage, entry, { workspace, cache, files })
  return !isStale(
    stage,
    reasons.filter((reason) => !allows(reason)),
  )
}
