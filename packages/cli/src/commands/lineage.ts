import type { Engine, RunRecord } from '@stepwell/engine'
import {
  addLineage,
  describeVersion,
  hasLineage,
  modelNames,
  versionIds,
  type Lineage,
  type RegisteredVersion,
} from '@stepwell/registry'
import { join } from 'node:path'
import { messageOf } from '@stepwell/base/errors'

// A step that registers a model does not know its run; the run knows what the steps returned. The digest
// of the model brings the two together.

/** Notes with versions of models where they come from, if this run has made them. It never fails a run. */
export function noteLineage(dir: string, record: RunRecord): void {
  const registry = join(dir, 'models')
  try {
    for (const model of modelNames(registry)) {
      for (const id of versionIds(registry, model)) {
        if (hasLineage(registry, model, id)) continue
        const { manifest } = describeVersion(registry, model, id)
        const found = lineageIn(record, manifest.modelDigest)
        if (found !== undefined) addLineage(registry, model, id, found)
      }
    }
  } catch (error) {
    const message = messageOf(error)
    process.stderr.write(`stepwell: the lineage of models could not be recorded: ${message}\n`)
  }
}

/** Where a version comes from: as was noted, or else as the records of runs say. */
export async function lineageOf(
  engine: Engine,
  { manifest, lineage }: RegisteredVersion,
): Promise<Lineage | undefined> {
  if (lineage !== undefined) return lineage
  for (const id of await engine.runIds()) {
    const found = lineageIn(await engine.runRecord(id), manifest.modelDigest)
    if (found !== undefined) return found
  }
  return undefined
}

function lineageIn({ id, pipeline, steps }: RunRecord, digest: string): Lineage | undefined {
  for (const { name, key, status, inputs, output, picks = {} } of Object.values(steps)) {
    const made = [output, ...Object.values(picks)].some((artifact) => artifact?.digest === digest)
    if (!made || key === undefined) continue
    const read = inputs.map(({ name: input, source, digest: of }) => ({
      name: input,
      source,
      ...(of !== undefined && { digest: of }),
    }))
    return { run: id, pipeline, step: name, key, status, inputs: read }
  }
  return undefined
}
