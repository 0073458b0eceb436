import { digestText, type Digest } from '@stepwell/base/digest'

/** A part of a pipeline's code, with what tells two states of it apart. */
export interface CodeParts {
  /** Declarations and statements as `scale in lib/clean.ts`, and files. */
  readonly parts: Readonly<Record<string, Digest>>
  /** Packages reached, and all that they depend on, by name and version. */
  readonly packages: Readonly<Record<string, string>>
  /** What stands for the code instead of all this, by `pinned()`. */
  readonly pinned?: string
  /** Where the parts are now, by name. For people alone: no digest is made of lines. */
  readonly places?: Readonly<Record<string, Place>>
}

/** Where a part of the code is. A file that counts whole has no lines. */
export interface Place {
  /** The name of the part in its file. */
  readonly label: string
  /** Relative to the project, with forward slashes. */
  readonly file: string
  /** Both from 1, the last one included. */
  readonly lines?: readonly [first: number, last: number]
}

/** What is known of the code behind a pipeline's steps. */
export interface PipelineCode {
  /** What its modules do while they are loaded. */
  readonly loading: CodeParts & {
    readonly digest: Digest
    /** Names of environment variables. */
    readonly env: readonly string[]
  }
  /** Why no step of this pipeline can be identified by its code. */
  readonly doubts: readonly Doubt[]
  readonly steps: ReadonlyMap<string, StepCode>
}

/** What a step's function can reach. */
export interface StepCode extends CodeParts {
  readonly digest: Digest
  /** Which step it is, if its code alone does not say that; else empty. */
  readonly site: string
  /** Environment variables that the code names, by digest of their value; `null` when unset. */
  readonly env: Readonly<Record<string, Digest | null>>
  readonly doubts: readonly Doubt[]
}

/**
 * All the code that a step is executed by: another digest, another code. Doubts count, since one may be
 * that what was loaded is not what was analysed.
 */
export function codeDigest({ loading, doubts, steps }: PipelineCode, step: string): Digest {
  const own = steps.get(step)
  if (own === undefined) throw new TypeError(`the code of step \`${step}\` was not analysed`)
  const isPinned = own.pinned !== undefined
  const load = isPinned ? own.digest : loading.digest
  const all = JSON.stringify([isPinned ? [] : doubts, own.doubts])
  return digestText(`stepwell step code\n${own.digest}\n${load}\n${own.site}\n${all}`)
}

/** A reason why code cannot be identified. Doubt disables caching; it is never ignored. */
export interface Doubt {
  readonly what: string
  /** `file:line` */
  readonly place: string
  readonly todo: string
}

/** The label of a file that counts whole. */
export const WHOLE = 'the file'

/** The name of a part of a file. */
export function partName(label: string, file: string): string {
  return `${label} in ${file}`
}
