import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { OutArtifact, Outputs } from '../value/artifact.ts'
import { describeValue } from '../value/summary.ts'
import { digestBytes } from '@stepwell/base/digest'
import type { OrderedStep } from '../define/order.ts'
import { definition } from '../define/step.ts'
import type { Workspace } from '../store/workspace/workspace.ts'
import { encodeValue } from '../value/codec.ts'

/** Outs that were not made by a run, and may be taken as if they were. */
export interface Adopted {
  readonly outputs: Outputs
  readonly because: string
}

/**
 * What is in the project in place of a step's outs, where the step says that it would make the same.
 *
 * @param keep whether it is going to be used, and not only told of
 * @throws StepwellError STEPWELL_INPUT_TREE for a directory that holds what cannot be read.
 */
export async function adoptOuts(
  { step }: OrderedStep,
  { artifacts, workspace }: { readonly artifacts: ArtifactStore; readonly workspace: Workspace },
  keep = true,
): Promise<Adopted | undefined> {
  const { adopt, outs } = definition(step)
  const because = await adopt?.()
  if (because === undefined) return undefined
  const found: [string, OutArtifact][] = []
  for (const [name, { kind, path }] of Object.entries(outs)) {
    const out = await workspace.read({ kind, path }, keep)
    if (out === undefined) return undefined
    found.push([name, out])
  }
  const outputs = await nothingGiven(artifacts, keep)
  return { because, outputs: { ...outputs, outs: Object.fromEntries(found) } }
}

/** What a step gives that returns nothing, and has no outs. */
export async function nothingGiven(artifacts: ArtifactStore, keep = true): Promise<Outputs> {
  const bytes = encodeValue(null)
  const digest = keep ? await artifacts.put(bytes) : digestBytes(bytes)
  const value = { kind: 'value', digest, size: bytes.length, about: describeValue(null) } as const
  return { value, picks: {}, outs: {} }
}
