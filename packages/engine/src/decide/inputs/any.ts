import * as dir from './dir.ts'
import * as file from './file.ts'
import type { FileOrDirHandle } from '../../define/inputs.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'

/** It is told as what it is found to be. */
export async function resolve(
  { path }: FileOrDirHandle,
  sources: Sources,
): Promise<ResolvedInput & { readonly source: string }> {
  if (sources.files.isFile(path)) {
    const handle = { kind: 'file', path } as const
    return { ...(await file.resolve(handle, sources)), source: file.describe(handle) }
  }
  const handle = { kind: 'dir', path } as const
  return { ...(await dir.resolve(handle, sources)), source: dir.describe(handle) }
}

export function describe({ path }: FileOrDirHandle): string {
  return path
}
