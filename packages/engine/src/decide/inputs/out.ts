import { dirInput } from './dir.ts'
import { fileInput } from './file.ts'
import type { Out } from '../../define/step.ts'
import type { ResolvedInput, Sources } from './resolved-input.ts'

/** A file or directory that a step left. */
export function resolve({ step, name }: Out, sources: Sources): ResolvedInput {
  const out = sources.outOf(sources.nameOf(step), name)
  if (out.kind === 'file') return fileInput(out.path, out, sources)
  return dirInput(out.path, out.digest, 'left', sources)
}

export function describe({ step, name }: Out, nameOf: Sources['nameOf']): string {
  return `${nameOf(step)}:${name}`
}
