import type { Digest } from './digest.ts'

/** What is known of the code behind a pipeline's steps. */
export interface PipelineCode {
  /** Digest of the files and packages: the same for all steps of the pipeline. */
  readonly digest: Digest
  /** Local modules by project-relative path. */
  readonly files: Readonly<Record<string, Digest>>
  /** Packages reached, and all that they depend on, by name and version. */
  readonly packages: Readonly<Record<string, string>>
  /** Environment variables that the code names, by digest of their value; `null` when unset. */
  readonly env: Readonly<Record<string, Digest | null>>
  /** Why no step of this pipeline can be identified by its code alone. */
  readonly doubts: readonly Doubt[]
  readonly steps: ReadonlyMap<string, StepCode>
}

/** What tells a step's code apart from that of the other steps in the same modules. */
export interface StepCode {
  /** Where the step is made: `pipeline.ts:12:22`, outermost call last. */
  readonly site: string
  readonly doubts: readonly Doubt[]
}

/** A reason why code cannot be identified. Doubt disables caching; it is never ignored. */
export interface Doubt {
  readonly what: string
  /** `file:line` */
  readonly place: string
  readonly todo: string
}
