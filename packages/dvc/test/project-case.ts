/** A file of a project: its text, a link, a program, or `null` for none. */
export type CaseFile = string | null | { readonly link: string } | { readonly program: string }

export interface Edit {
  readonly name: string
  readonly files?: Readonly<Record<string, CaseFile>>
}

/** A project and what is done to it: after each edit DVC says what it thinks, and then runs. */
export interface ProjectCase {
  readonly name: string
  readonly files: Readonly<Record<string, CaseFile>>
  readonly edits?: readonly Edit[]
  /** A Git repository, too, so that `.gitignore` counts. */
  readonly git?: true
}

/** A project that DVC refuses, and the code of our error. */
export interface RefusedCase {
  readonly name: string
  readonly files: Readonly<Record<string, CaseFile>>
  readonly code: string
  /** The place and a piece of our message. */
  readonly says: string
  /** DVC takes it, and fails elsewhere or does nothing with it. */
  readonly ours?: true
}
