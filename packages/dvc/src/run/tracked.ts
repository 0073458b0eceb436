import { existsSync } from 'node:fs'
import type { Content } from '../content/content.ts'
import { diskPath } from '../content/measure.ts'
import type { LockEntry } from '../lock/lock-entry.ts'
import type { DvcProject } from '../project/load-project.ts'
import { locationKey } from '../project/location.ts'
import type { Location, Stage } from '../project/stage.ts'

/** What a stage or a `*.dvc` file has in the project. */
export interface TrackedOut {
  /** The address of the stage or file. */
  readonly owner: string
  readonly location: Location
  /** What is recorded of it, if something is. */
  readonly content: Content | undefined
  /** Whether DVC keeps its content. */
  readonly cache: boolean
}

/** All that a project tracks, by its path. */
export function trackedOuts(
  { sources, stages }: DvcProject,
  entryOf: (stage: Stage) => LockEntry | undefined,
): ReadonlyMap<string, TrackedOut> {
  const outs = new Map<string, TrackedOut>()
  for (const { address, outs: own } of sources) {
    for (const { location, content, cache } of own) {
      outs.set(locationKey(location), { owner: address, location, content, cache })
    }
  }
  for (const stage of stages) {
    const recorded = entryOf(stage)?.outs
    for (const { location, path, cache } of stage.outs) {
      const content = recorded?.get(path)
      outs.set(locationKey(location), { owner: stage.address, location, content, cache })
    }
  }
  return outs
}

/** Whether nothing is at a place. What is elsewhere cannot be looked at from here. */
export function isMissing(root: string, location: Location): boolean {
  const path = diskPath(root, location)
  return path !== undefined && !existsSync(path)
}
