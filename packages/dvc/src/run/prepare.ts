import { existsSync } from 'node:fs'
import type { Content } from '../content/content.ts'
import { diskPath } from '../content/measure.ts'
import { isStale, stageStatus } from '../lock/status.ts'
import { locationKey } from '../project/location.ts'
import type { Location } from '../project/stage.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'

interface Wanted {
  readonly location: Location
  readonly content: Content | undefined
}

/**
 * Gets out of DVC's cache what is recorded and not there: the data of `*.dvc` files, and the outs of stages
 * that nothing else has changed of. Gives the paths.
 *
 * @param addresses of the stages and `*.dvc` files that take part
 */
export async function checkOutMissing(
  { project, workspace, cache, files, entryOf }: DvcPipeline,
  addresses: ReadonlySet<string>,
): Promise<string[]> {
  const done: string[] = []
  for (const source of project.sources) {
    if (addresses.has(source.address)) await checkOut(source.outs)
  }
  for (const stage of project.stages) {
    const entry = entryOf(stage)
    if (entry === undefined || !addresses.has(stage.address)) continue
    const outs = stage.outs.map(({ location, path }) => {
      return { location, content: entry.outs.get(path) }
    })
    if (outs.every(isThere)) continue
    const reasons = await stageStatus(stage, entry, { workspace, cache, files })
    const others = reasons.filter((reason) => reason.kind !== 'out' || reason.state !== 'deleted')
    if (!isStale(stage, others)) await checkOut(outs)
  }
  return done

  async function checkOut(outs: readonly Wanted[]): Promise<void> {
    for (const out of outs) {
      const path = diskPath(project.root, out.location)
      if (isThere(out) || path === undefined || out.content === undefined) continue
      if (!(await cache.has(out.content))) continue
      await cache.checkout(out.content, path)
      done.push(locationKey(out.location))
    }
  }

  function isThere({ location }: Wanted): boolean {
    const path = diskPath(project.root, location)
    return path === undefined || existsSync(path)
  }
}
