import type { Digest } from '@stepwell/base/digest'

export type JobInput =
  | { readonly kind: 'value'; readonly digest: Digest }
  /** A small value itself, encoded, in base64. */
  | { readonly kind: 'inline'; readonly bytes: string }
  | { readonly kind: 'file'; readonly path: string; readonly digest: Digest }
  /** The digests are of trees, whose texts are artifacts. */
  | { readonly kind: 'dir'; readonly path: string; readonly digest: Digest }
  | { readonly kind: 'glob'; readonly digest: Digest }
  /** `path` is where the file is, relative to the project. */
  | {
      readonly kind: 'url'
      readonly url: string
      readonly path: string
      readonly digest: Digest
    }
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  /** Where to find the value, which is in no record. */
  | { readonly kind: 'secret'; readonly name: string }

/** Whether a step is given the files of a listing by themselves, and no directory. */
export function isFiles(input: JobInput): input is Extract<JobInput, { readonly kind: 'glob' }> {
  return input.kind === 'glob'
}
