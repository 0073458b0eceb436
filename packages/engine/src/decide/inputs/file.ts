import { countedMode } from '../../value/tree.ts'
import { fileHolds, type ResolvedInput, type Sources } from './resolved-input.ts'
import type { FileHandle } from '../../define/inputs.ts'
import type { FileState } from '../../store/inputs/project-files.ts'

export async function resolve({ path }: FileHandle, sources: Sources): Promise<ResolvedInput> {
  return fileInput(path, await sources.files.state(path), sources)
}

/** A file of the project whose state is known. */
export function fileInput(
  path: string,
  { digest, mode }: Pick<FileState, 'digest' | 'mode'>,
  sources: Sources,
): ResolvedInput {
  return {
    fingerprint: { kind: 'file', path, digest, mode: countedMode(mode) },
    job: { kind: 'file', path, digest },
    record: { digest },
    holds: async () => await fileHolds(sources, path, digest),
    sight: { kind: 'file', path },
  }
}

export function describe({ path }: FileHandle): string {
  return `file ${path}`
}
