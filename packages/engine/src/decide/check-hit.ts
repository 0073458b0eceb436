import { paramsOf } from '../define/params.ts'
import { artifactsOf, type Artifact, type Outputs } from '../value/artifact.ts'
import { messageOf } from '@stepwell/base/errors'
import { normalPath } from './out-paths.ts'
import type { OrderedStep } from '../define/order.ts'
import type { Reason } from '../identity/reason.ts'
import { definition } from '../define/step.ts'
import { functionOf } from '../define/work.ts'
import { Interruption, type World } from './world.ts'
import { decodeValue } from '../value/codec.ts'

/**
 * Why outputs found in the cache cannot be used; none when they can. They count only when all their
 * bytes are there and undamaged, outs at least in the project, and when the effects behind them are
 * still in place.
 */
export async function checkHit(
  { name, step }: OrderedStep,
  outputs: Outputs,
  { artifacts, workspace, dir, ask }: Pick<World, 'artifacts' | 'workspace' | 'dir' | 'ask'>,
): Promise<Reason[]> {
  const reasons: Reason[] = []
  for (const artifact of artifactsOf(outputs)) {
    const state = await artifacts.check(artifact.digest)
    if (state !== 'present') {
      reasons.push({ kind: 'artifact', problem: state, output: outputName(outputs, artifact) })
    }
  }
  const { outs } = definition(step)
  for (const [out, { path }] of Object.entries(outputs.outs)) {
    // A key names the paths: an entry that says otherwise was not written by a run.
    const declared = outs[out]?.path
    if (declared !== undefined && normalPath(declared) === normalPath(path)) continue
    reasons.push({ kind: 'artifact', problem: 'damaged', output: path })
  }
  if (reasons.length > 0) return reasons
  for (const out of Object.values(outputs.outs)) {
    const state = await workspace.check(out)
    if (state === 'present' || (await workspace.inspect(out)) === 'in place') continue
    reasons.push({ kind: 'artifact', problem: state, output: out.path })
  }
  const stale = functionOf(definition(step).work)?.stale
  if (reasons.length > 0 || stale === undefined) return reasons
  const output = decodeValue(await artifacts.get(outputs.value.digest))
  const params: unknown = JSON.parse(paramsOf(name, step))
  try {
    const answer = stale(output as never, { params, dir } as never)
    const why = await ask(Promise.resolve(answer))
    return why === undefined ? [] : [{ kind: 'effect', why }]
  } catch (error) {
    if (error instanceof Interruption) throw error
    return [{ kind: 'effect', why: `its effect could not be checked: ${messageOf(error)}` }]
  }
}

function outputName({ picks }: Outputs, artifact: Artifact): string {
  const field = Object.keys(picks).find((name) => picks[name] === artifact)
  return field === undefined ? 'output' : `output.${field}`
}
