import type { Digest } from '@stepwell/base/digest'
import type { Download } from '../../store/inputs/downloads.ts'
import type { Artifact, OutArtifact } from '../../value/artifact.ts'
import type { FingerprintInput, StepKey } from '../../identity/fingerprint.ts'
import type { InputRecord } from '../../define/input-record.ts'
import type { JobInput } from '../../identity/job-input.ts'
import type { ProjectFiles } from '../../store/inputs/project-files.ts'
import type { Sight } from '../../store/inputs/sighting.ts'
import type { Step } from '../../define/step.ts'
import type { Tree } from '../../value/tree.ts'

/** What inputs are resolved from. */
export interface Sources {
  readonly files: ProjectFiles
  readonly nameOf: (step: Step) => string
  /** The output of a step, or of one field of it. */
  readonly outputOf: (step: string, field: string | undefined) => Artifact | Promise<Artifact>
  readonly outOf: (step: string, name: string) => OutArtifact
  /** Of a service: which one it is, and whether it is still that. */
  readonly serviceOf: (step: string) => ServiceState | undefined
  /** What an HTTP server has; asked for once everything upstream is done. */
  readonly download: (url: string, step: string) => Promise<Download>
  /** Paths that steps of the pipeline write: no sources. */
  readonly outPaths: readonly string[]
}

export interface ServiceState {
  readonly key: StepKey
  /** Whether it is up, and made from what it was made from. */
  readonly holds: () => Promise<boolean>
}

/** An input whose content is known. */
export interface ResolvedInput {
  readonly fingerprint: FingerprintInput
  readonly job: JobInput
  readonly record: Omit<InputRecord, 'name' | 'source'>
  /** The listing that the digests are of, if they are of one. */
  readonly tree?: Tree
  /** Whether it still is what it was; of what may change at all. */
  readonly holds?: () => Promise<boolean>
  /** What may be touched while it is used. */
  readonly sight?: Sight
}

/** Whether a file of the project still has the bytes that were digested. */
export async function fileHolds(
  { files }: Pick<Sources, 'files'>,
  path: string,
  digest: Digest,
): Promise<boolean> {
  return (await files.state(path)).digest === digest
}
