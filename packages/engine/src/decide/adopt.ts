import type { OutArtifact } from '../value/artifact.ts'
import { describeValue } from '../value/summary.ts'
import type { OrderedStep } from '../define/order.ts'
import { definition } from '../define/step.ts'
import { Kept, type Given } from './given.ts'
import type { World } from './world.ts'
import { encodeValue } from '../value/codec.ts'

/** Outs that were not made by a run, and may be taken as if they were. */
export interface Adopted extends Given {
  readonly because: string
}

/**
 * What is in the project in place of a step's outs, where the step says that it would make the same.
 *
 * @throws StepwellError STEPWELL_INPUT_TREE for a directory that holds what cannot be read.
 */
export async function adoptOuts(
  { step }: OrderedStep,
  { ask, workspace }: Pick<World, 'ask' | 'workspace'>,
): Promise<Adopted | undefined> {
  const { adopt, outs } = definition(step)
  const because = adopt && (await ask(Promise.resolve(adopt())))
  if (because === undefined) return undefined
  const kept = new Kept()
  const found: [string, OutArtifact][] = []
  for (const [name, { kind, path }] of Object.entries(outs)) {
    const out = await workspace.read({ kind, path }, kept.keep)
    if (out === undefined) return undefined
    found.push([name, out])
  }
  const { outputs } = nothingGiven(kept)
  return { because, outputs: { ...outputs, outs: Object.fromEntries(found) }, bytes: kept.bytes }
}

/** What a step gives that returns nothing, and has no outs. */
export function nothingGiven(kept: Kept = new Kept()): Given {
  const encoded = encodeValue(null)
  const [digest, size] = [kept.keep(encoded), encoded.length]
  const value = { kind: 'value', digest, size, about: describeValue(null) } as const
  return { outputs: { value, picks: {}, outs: {} }, bytes: kept.bytes }
}
