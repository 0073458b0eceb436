import * as dir from './dir.ts'
import * as file from './file.ts'
import type { FileOrDirHandle } from '../../define/inputs.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'

export async function resolve({ path }: FileOrDirHandle, sources: Sources): Promise<ResolvedInput> {
  return sources.files.isFile(path)
    ? await file.resolve({ kind: 'file', path }, sources)
    : await dir.resolve({ kind: 'dir', path }, sources)
}

export function describe({ path }: FileOrDirHandle): string {
  return path
}
