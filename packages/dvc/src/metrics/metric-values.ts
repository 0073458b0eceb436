import { dvcError } from '../dvc-error.ts'
import { parseParamsFile } from '../format/params-file.ts'
import { joinPath } from '../project/location.ts'
import { textAt, type Revision } from '../revision/revision.ts'
import { isMap, type DvcKey, type DvcValue } from '../value/value.ts'
import { readEach, type RevisionValues } from './file-values.ts'

/**
 * The metrics of a project: outs under `metrics`, and what `dvc.yaml` files list at their top.
 * @param targets files or directories, relative to the root, in place of them
 */
export async function metricValues(
  revision: Revision,
  targets: readonly string[] = [],
): Promise<RevisionValues> {
  const { find, isPartial } = revision
  const named = targets.length > 0 ? targets : metricPaths(revision)
  const paths = named.flatMap((path) => {
    const found = find(path)
    return found.length > 0 ? found : [path]
  })
  const known = isPartial ? paths.filter((path) => find(path).length > 0) : paths
  return await readEach(new Set(known), async (path) => await readMetric(revision, path))
}

/** Where the metrics of a project are. */
export function metricPaths({ project }: Pick<Revision, 'project'>): string[] {
  const outs = project.stages.flatMap(({ outs: all }) =>
    all.flatMap(({ kind, location }) =>
      kind === 'metric' && location.kind === 'project' ? [location.path] : [],
    ),
  )
  const top = project.files.flatMap(({ file, metrics }) =>
    metrics.map((path) => joinPath(file, '..', path)),
  )
  return [...outs, ...top]
}

async function readMetric(revision: Revision, path: string): Promise<DvcValue> {
  const text = await textAt(revision, path)
  if (text === undefined) throw missing(path)
  return scoresIn(parseParamsFile(path, text)) ?? new Map()
}

export function missing(path: string): Error {
  return dvcError(path, {
    code: 'STEPWELL_DVC_DATA',
    summary: 'there is no such file',
    hint: 'run the stage that makes it, or get it with dvc pull',
  })
}

// Metrics are numbers, text, and maps of such values.
function scoresIn(value: DvcValue): DvcValue | undefined {
  if (isMap(value)) {
    const scores = new Map<DvcKey, DvcValue>()
    for (const [key, member] of value) {
      const found = scoresIn(member)
      if (found !== undefined && !(isMap(found) && found.size === 0)) scores.set(key, found)
    }
    return scores
  }
  return value === null || typeof value === 'object' ? undefined : value
}
