import type { OutArtifact, Outputs } from '../value/artifact.ts'
import type { Reason } from '../identity/reason.ts'
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
  { outs }: Outputs,
  workspace: Workspace,
  keepEdits: boolean,
): Promise<{ readonly outs: Outputs['outs']; readonly reasons: readonly Reason[] }> {
  const now: [string, OutArtifact][] = []
  const reasons: Reason[] = []
  for (const [name, out] of Object.entries(outs)) now.push([name, await restore(out)])
  return { outs: Object.fromEntries(now), reasons }

  async function restore(out: OutArtifact): Promise<OutArtifact> {
    const { path } = out
    const state = await workspace.inspect(out)
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

/** What `restoreOuts` would do, for a plan: it does nothing. */
export async function foreseeOuts({ outs }: Outputs, workspace: Workspace): Promise<Reason[]> {
  const reasons: Reason[] = []
  for (const out of Object.values(outs)) {
    const state = await workspace.inspect(out)
    if (state !== 'in place') reasons.push({ kind: 'restored', path: out.path, problem: state })
  }
  return reasons
}
