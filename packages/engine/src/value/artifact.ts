import type { Digest } from '@stepwell/base/digest'

/** A value that a step returned, or a field of it. */
export interface Artifact {
  readonly kind: 'value'
  readonly digest: Digest
  /** In bytes, as stored. */
  readonly size: number
  /** A few words for people: "17,379 rows of 17 columns". */
  readonly about: string
}

/** A file or a directory that a step left at a declared path of the project. */
export type OutArtifact = FileArtifact | DirArtifact

interface FileArtifact {
  readonly kind: 'file'
  /** As declared, relative to the project directory. */
  readonly path: string
  readonly digest: Digest
  readonly size: number
  /** With which it comes back: who may read, write and execute it. */
  readonly mode: number
}

export interface DirArtifact {
  readonly kind: 'dir'
  readonly path: string
  /** Of the directory's tree, whose text is an artifact that names those of the files. */
  readonly digest: Digest
  /** Of all files. */
  readonly size: number
  readonly files: number
  /** Of what else comes back: modes, and the order of times. Unknown where the step did not make it. */
  readonly attributes?: Digest
}

/** What a step left behind: its return value, the fields of it that other steps pick, and its outs. */
export interface Outputs {
  readonly value: Artifact
  readonly picks: Readonly<Record<string, Artifact>>
  /** Files and directories by their declared names. */
  readonly outs: Readonly<Record<string, OutArtifact>>
  /** Of a mapped step: the base of the keys of its items, which have a ledger of their own. */
  readonly items?: Digest
}

/** The artifacts of a step's return value. */
export function artifactsOf({ value, picks }: Outputs): Artifact[] {
  return [value, ...Object.values(picks)]
}

/** What an item gave: small values themselves, encoded, in base64; of others where they are stored. */
export type ItemOutput = { readonly bytes: string } | { readonly digest: Digest }
