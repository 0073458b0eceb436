import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { messageOf } from '@stepwell/base/errors'
import { diskPath, measure, type Measured } from '../content/measure.ts'
import { dvcError } from '../dvc-error.ts'
import { sourceText } from '../lock/source-text.ts'
import type { Source, SourceOut } from '../project/source.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'

/** A `*.dvc` file whose data is other than it records, with what it is to record. */
export interface ChangedSource {
  readonly source: Source
  readonly outs: readonly (readonly [out: SourceOut, measured: Measured])[]
  readonly before: string
  readonly text: string
}

/**
 * Measures the data of a `*.dvc` file. `undefined` where it is as recorded, or where it is missing; where it was
 * imported; and where the file needs more than other values.
 * @throws StepwellError STEPWELL_DVC_DATA, STEPWELL_DVC_YAML
 */
export async function changedSource(
  source: Source,
  { project, workspace }: DvcPipeline,
): Promise<ChangedSource | undefined> {
  if (source.from !== undefined) return undefined
  const outs: [SourceOut, Measured][] = []
  for (const out of source.outs) {
    const legacy = out.content.hash === undefined
    const measured = await measure(workspace, out.location, legacy ? 'md5-dos2unix' : 'md5')
    if (measured === undefined) return undefined
    if (measured.md5 === out.content.md5) continue
    // It would be recorded by a hash of another kind.
    if (legacy) return undefined
    outs.push([out, measured])
  }
  if (outs.length === 0) return undefined
  const before = readFileSync(join(project.root, source.file), 'utf8')
  const contents = new Map(outs.map(([{ path }, measured]) => [path, measured]))
  const text = sourceText(source.file, before, contents)
  return text === undefined || text === before ? undefined : { source, outs, before, text }
}

/**
 * Keeps the data in DVC's cache, and then records it in the file.
 * @throws StepwellError STEPWELL_DVC_DATA where it is no longer what was measured, or the file cannot be written
 */
export async function commitSource(
  { source, outs, before, text }: ChangedSource,
  { project, cache }: DvcPipeline,
): Promise<void> {
  for (const [out, measured] of outs) {
    const place = diskPath(project.root, out.location)
    if (out.cache && place !== undefined) await cache.keep(measured, place)
  }
  const path = join(project.root, source.file)
  // Another process has written it in the meantime.
  if (readFileSync(path, 'utf8') !== before) return
  try {
    replaceFileSync(path, text)
  } catch (cause) {
    throw dvcError(source.file, {
      code: 'STEPWELL_DVC_DATA',
      summary: `it cannot be written: ${messageOf(cause)}`,
      hint: 'check its permissions and the room on the disk',
      cause,
    })
  }
}
