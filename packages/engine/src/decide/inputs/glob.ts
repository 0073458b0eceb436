import { fileHolds, type ResolvedInput, type Sources } from './resolved-input.ts'
import type { GlobHandle } from '../../define/inputs.ts'
import { StepwellError } from '@stepwell/base/errors'

/** @throws StepwellError STEPWELL_INPUT_MISSING when there are no files. */
export async function resolve(
  handle: GlobHandle,
  sources: Sources,
  step: string,
): Promise<ResolvedInput> {
  const { patterns, optional } = handle
  const tree = await sources.files.glob(handle, sources.outPaths)
  const { digest, entries } = tree
  if (entries.length === 0 && !optional) throw noMatch(step, patterns)
  const part = { kind: 'glob', digest } as const
  return {
    fingerprint: part,
    job: part,
    record: { digest, about: `${entries.length} file${entries.length === 1 ? '' : 's'}` },
    tree,
    holds: async () => {
      // One that has come since was not given to the step.
      for (const entry of entries) {
        if (entry.kind !== 'file') continue
        if (!(await fileHolds(sources, entry.path, entry.digest))) return false
      }
      return true
    },
    sight: handle,
  }
}

export function describe({ patterns }: GlobHandle): string {
  return `glob ${patterns.join(' ')}`
}

function noMatch(step: string, patterns: readonly string[]): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_MISSING',
    summary: `step \`${step}\` has an input for which there are no files`,
    details: `${patterns.join(' ')}; what steps of the pipeline write is left out`,
    hint: 'correct the pattern, declare it with { optional: true }, or read a step by `step.out()`',
  })
}
