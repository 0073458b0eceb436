import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FileInput } from '../context.ts'
import { digestBytes, type Digest } from '../digest.ts'
import { StepwellError } from '../errors.ts'

/** The file at `path` in `dir`, as long as its bytes are those of the digest. */
export function createFileInput(dir: string, path: string, digest: Digest): FileInput {
  const bytes = (): Uint8Array => {
    const content = readFileSync(resolve(dir, path))
    if (digestBytes(content) !== digest) throw changed(path)
    return content
  }
  return {
    path,
    bytes,
    text() {
      const content = bytes()
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(content)
      } catch (cause) {
        throw new StepwellError({
          code: 'STEPWELL_INPUT_ENCODING',
          what: `the input file \`${path}\` is not UTF-8 text`,
          todo: 'convert it, or read its bytes() and decode them in the step',
          cause,
        })
      }
    },
  }
}

/** An input file that did not stay as it was while the step ran. */
export function changed(path: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_INPUT_CHANGED',
    what: `the input file \`${path}\` changed while the run was using it`,
    facts: 'what the step made of it was not kept',
    todo: 'run again',
  })
}
