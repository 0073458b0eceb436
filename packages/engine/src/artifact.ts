import type { Digest } from './digest.ts'

/** Immutable bytes with a digest. Values are the only kind so far; files and directories follow. */
export interface Artifact {
  readonly kind: 'value'
  readonly digest: Digest
  /** In bytes, as stored. */
  readonly size: number
  /** A few words for people: "17,379 rows of 17 columns". */
  readonly about: string
}

/** What a step left behind: its return value, and the fields of it that other steps pick. */
export interface Outputs {
  readonly value: Artifact
  readonly picks: Readonly<Record<string, Artifact>>
}

/** Every artifact of a step's outputs. */
export function artifactsOf({ value, picks }: Outputs): Artifact[] {
  return [value, ...Object.values(picks)]
}
