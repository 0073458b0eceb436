import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import { digestValue } from '../value/codec.ts'
import type { Digest } from '@stepwell/base/digest'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Identity, Surroundings } from './resolve-inputs.ts'
import type { Snapshot } from '../record/snapshot.ts'
import type { StepEntry } from '../record/step-entry.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

/**
 * What a step finds when its turn has come: in a run what is, in a plan what is known of what will be.
 * It answers questions. Deciding writes nothing to it.
 */
export interface World extends Surroundings {
  /** The project directory. */
  readonly dir: string
  /** The last known state, to say what changed since. */
  readonly snapshot: Snapshot
  /** Whether bytes are there, and what they are. */
  readonly artifacts: Pick<ArtifactStore, 'check' | 'get'>
  /** How outs stand in the project. */
  readonly workspace: Pick<Workspace, 'check' | 'inspect' | 'read'>
  /**
   * The steps that are still to end before anything can be told: those before it, and once its inputs are
   * resolved, those that are still to make some of them.
   */
  readonly pending: (identity?: Identity) => readonly string[]
  /** What the step cache has under a key; of what the last run of a step left, its own comes first. */
  readonly entry: (step: string, key: StepKey) => Promise<StepEntry | undefined>
  /**
   * The answer of a function of the step's author, which may never come.
   * @throws Interruption when the run is stopped before it does.
   */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>
}

/** A world in which all that comes before a step has ended. */
export type SettledWorld = World & { readonly pending: () => readonly [] }

/** The run was stopped while a function of a step's author was asked. */
export class Interruption extends Error {}

/** Stands for content of which nothing is known. */
export const UNKNOWN: Digest = digestValue(undefined)
