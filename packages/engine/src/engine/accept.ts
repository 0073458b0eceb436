import type { Acceptance } from '../identity/acceptance.ts'
import { acceptSteps } from './accept-steps.ts'
import { StepwellError } from '@stepwell/base/errors'
import type { StepKey } from '../identity/fingerprint.ts'
import type { Pipeline } from '../define/pipeline.ts'
import type { ProjectState } from './project.ts'
import { keepSnapshot, situationOf } from './session.ts'
import { withoutRevoked } from '../record/snapshot.ts'
import { createState } from '../store/layout.ts'
import { whoAmI } from '@stepwell/base/user'

export interface AcceptRequest {
  /** Why the changes make no difference to the outputs, for people. */
  readonly because: string
  /** Accept changes of params, inputs and environment too. @default false: of code and versions only */
  readonly anyChange?: boolean
}

/** A step whose outputs were made under another key, and stand for its present one. */
export interface AcceptedStep extends Acceptance {
  readonly step: string
  readonly key: StepKey
  /** The run that made the outputs. */
  readonly run: string
}

/** See `Engine.accept`. */
export async function accept(
  pipeline: Pipeline,
  names: readonly string[],
  { because, anyChange = false }: AcceptRequest,
  state: ProjectState,
): Promise<readonly AcceptedStep[]> {
  if (typeof because !== 'string' || because.trim() === '') {
    throw new TypeError('Expected `because` to say why the change makes no difference')
  }
  const situation = await situationOf(pipeline, { targets: names }, state)
  const { cache, artifacts, files, downloads, dir } = state
  const entries = await acceptSteps({
    ...situation,
    names: new Set(names),
    because: because.trim(),
    by: whoAmI(),
    anyChange,
    cache,
    artifacts,
    files,
    downloads,
    workspace: state.workspace('plan'),
    dir,
    known: state.known(),
  })
  createState(state.dirs)
  const accepted = [...entries].flatMap(([step, { key, run, accepted: acceptance }]) =>
    acceptance === undefined ? [] : [{ step, key, run, ...acceptance }],
  )
  // The entry first: the line in the trail is what makes it count.
  for (const [, { key, reusable: _, ...entry }] of entries) {
    state.runs.commit({ key, entry })
    await cache.put(key, entry)
  }
  for (const one of accepted) {
    state.accepted.append({ type: 'accepted', pipeline: pipeline.name, ...one })
  }
  await keepSnapshot(situation, entries, state)
  return accepted
}

/** See `Engine.revoke`. */
export async function revoke(
  pipeline: Pipeline,
  names: readonly string[],
  state: ProjectState,
): Promise<readonly AcceptedStep[]> {
  const situation = await situationOf(pipeline, { targets: names }, state)
  const all = await acceptedOf(pipeline, state)
  const revoked = all.filter(({ step }) => names.includes(step))
  const none = names.find((name) => !revoked.some(({ step }) => step === name))
  if (none !== undefined) {
    throw new StepwellError({
      code: 'STEPWELL_ACCEPT',
      summary: `nothing is accepted of step \`${none}\``,
      hint: '`stepwell accept --list` says what is',
    })
  }
  for (const { step, key } of revoked) {
    // An entry that was made anew meanwhile does not depend on the acceptance any more.
    const isAccepted = (await state.cache.get(key))?.accepted !== undefined
    // The trail first: from here on the entry does not count, wherever a copy of it comes from.
    const line = { pipeline: pipeline.name, step, key, at: Date.now(), by: whoAmI() }
    state.accepted.append({ type: 'revoked', ...line })
    if (isAccepted) await state.cache.delete(key)
  }
  const snapshot = withoutRevoked(situation.snapshot, (key) => state.accepted.stands(key))
  await keepSnapshot({ ...situation, snapshot }, new Map(), state)
  return revoked
}

/** See `Engine.accepted`. */
export async function acceptedOf(
  pipeline: Pipeline,
  { snapshots, accepted: trail }: ProjectState,
): Promise<AcceptedStep[]> {
  const { steps } = await snapshots.read(pipeline.name)
  const standing = new Map<StepKey, AcceptedStep>()
  for (const { type, pipeline: name, ...record } of trail.read()) {
    if (name !== pipeline.name) continue
    standing.delete(record.key)
    if (type === 'accepted') standing.set(record.key, record as AcceptedStep)
  }
  for (const [step, { entries }] of Object.entries(steps)) {
    for (const { key, run, accepted } of entries) {
      // A step that was renamed since has what was accepted under its old name.
      if (accepted === undefined) standing.delete(key)
      else if (standing.has(key)) standing.set(key, { step, key, run, ...accepted })
    }
  }
  return [...standing.values()]
}
