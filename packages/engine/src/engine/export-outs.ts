import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OutArtifact } from '../value/artifact.ts'
import type { ProjectState } from './project.ts'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import { writeDirOut, writeFileOut } from '../store/objects/tree-writer.ts'

/** Which outs of a run to copy, and where to. */
export interface CopyRequest {
  /** An empty directory, outside of the project. */
  readonly to: string
  /** Called with the path of an out, as declared; returns whether to export it. @default all */
  readonly wants?: (path: string) => boolean
}

/** See `Engine.copyOuts`. */
export async function copyOuts(
  id: string,
  { to, wants = () => true }: CopyRequest,
  { runs, artifacts }: ProjectState,
): Promise<string[]> {
  const { steps } = await runs.read(id)
  const outs = Object.values(steps).flatMap((step) => Object.values(step.outs ?? {}))
  const wanted = outs.filter(({ path }) => wants(path))
  for (const out of wanted) {
    try {
      await copy(out)
    } catch (cause) {
      if (cause instanceof StepwellError || codeOf(cause) === undefined) throw cause
      throw new StepwellError({
        code: 'STEPWELL_OUT_PLACE',
        summary: `\`${out.path}\` cannot be written below ${to}`,
        details: messageOf(cause),
        hint: 'check the directory, which is to be empty, its permissions and the room on its disk',
        cause,
      })
    }
  }
  return wanted.map(({ path }) => path)

  async function copy(out: OutArtifact): Promise<void> {
    const path = join(to, out.path)
    await mkdir(dirname(path), { recursive: true })
    if (out.kind === 'file') {
      await writeFileOut(out, path, artifacts, 'copy')
      return
    }
    await writeDirOut(out, path, artifacts, 'copy')
  }
}
