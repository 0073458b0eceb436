import type { OutArtifact, Outputs } from '../value/artifact.ts'
import type { Reason } from '../identity/reason.ts'
import type { Reuse } from './verdict.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

/**
 * Sees to it that the outs of a cached step are in the project as they were made, and in the artifact
 * store.
 *
 * @param keepEdits leave what was edited by hand as it is
 * @returns the outs as they are now, and what had to be done
 * @throws StepwellError STEPWELL_OUT_PLACE, STEPWELL_OUT_PATH, STEPWELL_ARTIFACT.
 */
export async function restoreOuts(
  { outputs: { outs }, outs: states }: Pick<Reuse, 'outputs' | 'outs'>,
  workspace: Workspace,
  keepEdits: boolean,
): Promise<{ readonly outs: Outputs['outs']; readonly reasons: readonly Reason[] }> {
  const now: [string, OutArtifact][] = []
  const reasons: Reason[] = []
  for (const [name, out] of Object.entries(outs)) now.push([name, await restore(name, out)])
  return { outs: Object.fromEntries(now), reasons }

  async function restore(name: string, out: OutArtifact): Promise<OutArtifact> {
    const { path } = out
    const state = states[name] ?? 'in place'
    if (state === 'in place') {
      if ((await workspace.check(out)) !== 'present') await workspace.heal(out)
      return out
    }
    if (state === 'edited' && keepEdits) {
      const edited = await workspace.read(out)
      if (edited !== undefined) {
        reasons.push({ kind: 'kept-edit', path })
        return edited
      }
    }
    const aside = await workspace.place(out)
    reasons.push({ kind: 'restored', path, problem: state, ...(aside !== undefined && { aside }) })
    return out
  }
}

/** What `restoreOuts` would do about the outs that are not in place. */
export function toRestore({ outputs, outs }: Pick<Reuse, 'outputs' | 'outs'>): Reason[] {
  return Object.entries(outputs.outs).flatMap(([name, { path }]): Reason[] => {
    const problem = outs[name] ?? 'in place'
    return problem === 'in place' ? [] : [{ kind: 'restored', path, problem }]
  })
}
