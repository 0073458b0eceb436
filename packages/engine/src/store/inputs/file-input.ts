import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DirInput, FileInput } from '../../define/context.ts'
import { digestBytes, type Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import type { TreeEntry } from '../../value/tree.ts'

/**
 * The file at `location`, as long as its bytes are those of the digest.
 * @param path how it was declared
 */
export function createFileInput(location: string, path: string, digest: Digest): FileInput {
  const bytes = (): Uint8Array => {
    const content = readFileSync(location)
    if (digestBytes(content) !== digest) throw changed(path)
    return content
  }
  return {
    path,
    location,
    bytes,
    text() {
      const content = bytes()
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(content)
      } catch (cause) {
        throw new StepwellError({
          code: 'STEPWELL_INPUT_ENCODING',
          summary: `the input file \`${path}\` is not UTF-8 text`,
          hint: 'convert it, or read its bytes() and decode them in the step',
          cause,
        })
      }
    },
  }
}

/**
 * The files of a tree, sorted by path.
 * @param root what their paths are relative to, relative to the project directory; empty for itself
 */
export function createFileInputs(
  dir: string,
  root: string,
  entries: readonly TreeEntry[],
): FileInput[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'file') return []
    const path = root === '' ? entry.path : `${root}/${entry.path}`
    return [createFileInput(resolve(dir, path), path, entry.digest)]
  })
}

export function createDirInput(dir: string, path: string, entries: readonly TreeEntry[]): DirInput {
  return { path, location: join(dir, path), files: createFileInputs(dir, path, entries) }
}

/** An input that did not stay as it was while the step ran. */
export function changed(path: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_CHANGED',
    summary: `the input \`${path}\` changed while the run was using it`,
    details: 'the output of the step was not kept',
    hint: 'run again',
  })
}
