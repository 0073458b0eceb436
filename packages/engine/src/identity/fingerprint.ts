import type { JobInput } from './job-input.ts'
import type { CommandLine } from '../define/command-line.ts'
import type { Digest } from '@stepwell/base/digest'
import { digestText } from '@stepwell/base/digest'
import { canonicalJson, type Json } from '@stepwell/base/json'

/** Changes whenever the meaning of a fingerprint or the encoding of an artifact does: every step runs once. */
export const FORMAT = 4

/** The digest of a fingerprint: the address of a step's outputs. */
export type StepKey = Digest & { readonly __key: 'StepKey' }

/**
 * Everything that may change a step's outputs. What is not here does not: the step's name (except where the
 * site alone cannot tell two steps apart), attempts, concurrency, executor, timings, absolute paths.
 *
 * The cache is sound as long as a step is a function of: its code and the packages that reaches, its params,
 * its declared inputs and the environment variables its code names.
 */
export interface Fingerprint {
  /** An entry written under another meaning must not be found. */
  readonly format: number
  /** All that the step's function can reach: declarations of local modules, and packages. */
  readonly code: Digest
  /** What local modules do while they are loaded, unless the code is pinned: any function may see it. */
  readonly loading: Digest
  /** Which step it is, when its code alone does not tell it from others; else empty. */
  readonly site: string
  /** Node's major version: its library and its floating-point functions are reached by any code. */
  readonly node: string
  /** What the author says about the code. */
  readonly version: string | null
  /** Params as given: `run` receives this very data. */
  readonly params: Json
  /** By name, since `run` receives them by name. */
  readonly inputs: Readonly<Record<string, FingerprintInput>>
  /** What it leaves where: an entry that lacks a declared file must not be found. */
  readonly outs: Readonly<Record<string, { readonly kind: OutKind; readonly path: string }>>
  /** What is run in place of a function, if that is so. */
  readonly command?: CommandLine
  /**
   * What the code depends on besides: as declared, and files that a command names; absent when it is empty.
   */
  readonly dependsOn?: Readonly<Record<string, FingerprintInput>>
  /** Whether the function is called once for each item of its input `item`, and not with all of them. */
  readonly map?: true
  /** Environment variables that the code names without declaring them; never their values. */
  readonly env: Readonly<Record<string, Digest | null>>
}

/** `any`: a file or a directory, whichever the step leaves. */
export type OutKind = 'file' | 'dir' | 'any'

export type FingerprintInput =
  /** The content of an upstream output: never the upstream key, so that equal outputs cut off. */
  | { readonly kind: 'value'; readonly digest: Digest }
  /** What a service gives, and which one it is: another server may answer otherwise at the same place. */
  | { readonly kind: 'service'; readonly digest: Digest; readonly key: StepKey }
  /** The content of a file, and its path and mode, which `run` can see. */
  | FilePart
  /** All that is in a directory: paths, content, modes. */
  | { readonly kind: 'dir'; readonly path: string; readonly digest: Digest }
  /** Paths, content and modes of the files that match: not the patterns, which `run` cannot see. */
  | { readonly kind: 'glob'; readonly digest: Digest }
  /** The content at an address, and the address, by which a file is named. */
  | { readonly kind: 'url'; readonly url: string; readonly digest: Digest }
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  /** That there is one, never its value. */
  | { readonly kind: 'secret'; readonly name: string }

/** The listing that an input is digested by, if it is more than one file. */
export function listingOf(part: FingerprintInput | JobInput | undefined): Digest | undefined {
  return part?.kind === 'dir' || part?.kind === 'glob' ? part.digest : undefined
}

export interface FilePart {
  readonly kind: 'file'
  readonly path: string
  readonly digest: Digest
  readonly mode: number
}

/**
 * What the keys of all items of a mapped step have in common: all of its fingerprint but the items.
 *
 * @param item the name of the input that holds them
 */
export function itemBase({ inputs, ...fingerprint }: Fingerprint, item: string): Digest {
  const others = Object.entries(inputs).filter(([name]) => name !== item)
  const over = inputs[item]
  const common = canonicalJson({
    ...fingerprint,
    inputs: Object.fromEntries(others),
    // Items of a service's value are served by that very service.
    ...(over?.kind === 'service' && { over: over.key }),
  })
  return digestText(`stepwell item base\n${common}`)
}

/** The key of an item: nothing of the other items is in it, nor its place among them. */
export function itemKey(base: Digest, item: FingerprintInput): Digest {
  return digestText(`stepwell item key\n${base}\n${canonicalJson(item)}`)
}

export function stepKey(fingerprint: Fingerprint): StepKey {
  // The tag keeps a fingerprint's pre-image apart from that of any other record.
  return digestText(`stepwell step key\n${canonicalJson(fingerprint)}`) as StepKey
}
