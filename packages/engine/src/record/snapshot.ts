import type { StepEntry } from './step-entry.ts'
import type { Reason } from '../identity/reason.ts'
import type { OutArtifact, Outputs } from '../value/artifact.ts'
import type { CodeParts, PipelineCode } from '../identity/code.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Pipeline } from '../define/pipeline.ts'

// Enough to say `cached` after a few changes of mind about a param.
const KEPT = 5

/** The outputs that a step had under a key, where they may be used again. */
export function findReusable(
  { steps }: Snapshot,
  name: string,
  key: StepKey,
): SnapshotEntry | undefined {
  return steps[name]?.entries.find((entry) => entry.reusable && entry.key === key)
}

/** Why outputs cannot be used again though the step is the same. */
export function lossOf(last: SnapshotEntry | undefined): Reason {
  if (last?.touched === undefined) return { kind: 'lost' }
  return { kind: 'touched', source: last.touched, run: last.run }
}

/**
 * What a step left that takes no part.
 * @throws StepwellError STEPWELL_NO_OUTPUT when nothing is known of it.
 */
export function leftBy(name: string, { steps }: Snapshot): Outputs {
  const [last] = steps[name]?.entries ?? []
  if (last !== undefined) return last.outputs
  throw new StepwellError({
    code: 'STEPWELL_NO_OUTPUT',
    summary: `there is no output of step \`${name}\`, which is to be taken as it was left`,
    hint: 'run it, too',
  })
}

/** The state without what was accepted and no longer is. */
export function withoutRevoked(
  { codes, steps, ...others }: Snapshot,
  stands: (key: StepKey) => boolean,
): Snapshot {
  const kept = Object.entries(steps).map(([name, { entries }]): [string, SnapshotStep] => {
    return [name, { entries: entries.filter((entry) => !entry.accepted || stands(entry.key)) }]
  })
  return { ...others, codes, steps: Object.fromEntries(kept) }
}

/** The state after a run: the latest entry of each step first, and only the code they refer to. */
export function nextSnapshot(
  before: Snapshot,
  pipeline: Pipeline,
  code: PipelineCode,
  latest: ReadonlyMap<string, SnapshotEntry>,
): Snapshot {
  const steps: [string, SnapshotStep][] = []
  for (const name of pipeline.steps.keys()) {
    const earlier = before.steps[name]?.entries ?? []
    const entry = latest.get(name)
    const entries =
      entry === undefined ? earlier : [entry, ...earlier.filter(({ key }) => key !== entry.key)]
    if (entries.length > 0) steps.push([name, { entries: entries.slice(0, KEPT) }])
  }
  const now = codesOf(code)
  const used = new Set(
    steps.flatMap(([, { entries }]) =>
      entries.flatMap(({ ingredients: { fingerprint } }) => [
        fingerprint.code,
        fingerprint.loading,
      ]),
    ),
  )
  const codes = [...used].flatMap((digest) => {
    const known = before.codes[digest] ?? now[digest]
    if (known === undefined) return []
    // Without places: they are those of now.
    const { parts, packages, pinned } = known
    return [[digest, { parts, packages, ...(pinned !== undefined && { pinned }) }] as const]
  })
  return { codes: Object.fromEntries(codes), steps: Object.fromEntries(steps) }
}

/** The code of a pipeline by its digests. */
export function codesOf({ loading, steps }: PipelineCode): Record<string, CodeParts> {
  const all = [loading, ...steps.values()]
  return Object.fromEntries(all.map((each) => [each.digest, each]))
}

/** The last known state of a pipeline: copies of entries of the step cache, and what explains them. */
export interface Snapshot {
  /** What steps left that no step made any more at the end of the last run. @default nothing */
  readonly left?: readonly LeftOut[]
  /** Normal paths of outs that no state lists any more: removed, or kept as a source. */
  readonly released?: readonly string[]
  /** The code that the entries were made by, by its digest. */
  readonly codes: Readonly<Record<string, CodeParts>>
  readonly steps: Readonly<Record<string, SnapshotStep>>
}

/** A file or directory that a step made, and that no step of its pipeline makes any more. */
export interface LeftOut {
  /** The step that made it last. */
  readonly step: string
  readonly out: OutArtifact
}

export interface SnapshotStep {
  /** Latest first: the key of the last run, then earlier ones. */
  readonly entries: readonly SnapshotEntry[]
}

export interface SnapshotEntry extends StepEntry {
  readonly key: StepKey
  /** Whether it is in the step cache too. Outputs that may not be cached are kept to explain with. */
  readonly reusable: boolean
  /** Where an input came from that was touched while the step used it, so that nothing was kept. */
  readonly touched?: string
}
