import { diskPath } from '../content/measure.ts'
import { locationKey } from '../project/location.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'
import { Foreseen } from './foreseen.ts'
import { pull } from './pull.ts'
import { isMissing, type TrackedOut } from './tracked.ts'

export interface PrepareOptions {
  /** Data may be missing: only what is needed by stages that have to run is got. */
  readonly allowMissing?: boolean
  /** What DVC's cache lacks is got from the remote. */
  readonly pull?: boolean
  /** All stages are going to run. */
  readonly force?: boolean
  /** Nothing is got: what would be is taken for what is there. */
  readonly dry?: boolean
  /** Is told what is going to be pulled. */
  readonly pulling?: (paths: readonly string[]) => void
}

/** Paths of data that was missing. */
export interface Prepared {
  /** It came out of DVC's cache. */
  readonly restored: readonly string[]
  readonly pulled: readonly string[]
  /** The remote did not have it. */
  readonly lacking: readonly string[]
}

/**
 * Gets what is recorded and not there: the data of `*.dvc` files, and the outs of stages that nothing else has
 * changed of. Stages that may be passed over because of what is still missing are marked.
 *
 * @param addresses of the stages and `*.dvc` files that take part
 * @throws StepwellError STEPWELL_DVC_PULL, STEPWELL_DVC_CACHE
 */
export async function prepare(
  dvc: DvcPipeline,
  addresses: ReadonlySet<string>,
  {
    allowMissing = false,
    pull: pulls = false,
    force = false,
    dry = false,
    pulling,
  }: PrepareOptions,
): Promise<Prepared> {
  const { root } = dvc.project
  const foreseen = new Foreseen(dvc, addresses, force)
  const wanted = new Set<TrackedOut>([
    ...(allowMissing ? [] : await foreseen.lost()),
    // Once those before them have run, it is too late to pull for stages that follow.
    ...(pulls ? await foreseen.maybeNeeded() : allowMissing ? await foreseen.needed() : []),
  ])
  const kept: TrackedOut[] = []
  const remote: TrackedOut[] = []
  for (const out of wanted) {
    if (out.content === undefined) continue
    if (await dvc.cache.has(out.content)) kept.push(out)
    else if (pulls && out.cache) remote.push(out)
  }
  if (!dry) {
    for (const { content, location } of kept) {
      const path = diskPath(root, location)
      if (content !== undefined && path !== undefined) await dvc.cache.checkout(content, path)
    }
    if (remote.length > 0) {
      const paths = pathsOf(remote)
      pulling?.(paths)
      await pull(root, paths)
    }
  }
  if (allowMissing || (pulls && dry)) {
    const makers = dry ? new Set<string>() : await foreseen.makers()
    for (const address of addresses) if (!makers.has(address)) dvc.mayLack.add(address)
  }
  const isLacking = ({ location }: TrackedOut): boolean => !dry && isMissing(root, location)
  return {
    restored: pathsOf(kept),
    pulled: pathsOf(remote.filter((out) => !isLacking(out))),
    lacking: pathsOf(remote.filter(isLacking)),
  }
}

function pathsOf(outs: readonly TrackedOut[]): string[] {
  return outs.map(({ location }) => locationKey(location))
}
