import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { Download, Downloads } from '../store/inputs/downloads.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import { reasonsOfHit } from '../identity/acceptance.ts'
import { shownUrl } from '../define/shown-url.ts'
import { actionOf } from '../define/label.ts'
import type { Artifact, OutArtifact, Outputs } from '../value/artifact.ts'
import { checkHit } from '../decide/check-hit.ts'
import type { PipelineCode } from '../identity/code.ts'
import { adoptOuts, nothingGiven } from '../decide/adopt.ts'
import { askCondition } from '../decide/condition.ts'
import { derivePicks } from '../decide/picks.ts'
import { digestBytes } from '@stepwell/base/digest'
import { adviceOf, StepwellError } from '@stepwell/base/errors'
import type { FingerprintInput, StepKey } from '../identity/fingerprint.ts'
import { ForeseenFiles, NOT_KNOWN, type Coming } from './planned-files.ts'
import { foreseeItems } from './planned-items.ts'
import {
  artifactIn,
  identify,
  outIn,
  uncacheable,
  type Identity,
  type ServiceState,
} from '../decide/resolve-inputs.ts'
import type { OrderedStep } from '../define/order.ts'
import { normalPath, type OutPlaces, type PlacedOut, type Touching } from '../decide/out-paths.ts'
import { namesOf, stepOf, type Pipeline } from '../define/pipeline.ts'
import type { Evidence, PlannedIngredients } from './plan.ts'
import type { LastExecution, PlannedStep } from './planned-step.ts'
import { compareIngredients, type Reason } from '../identity/reason.ts'
import type { RecentOutputs } from './unsaved-outputs.ts'
import { foreseeOuts } from '../decide/restore.ts'
import { codesOf, findReusable, leftBy, lossOf, type Snapshot } from '../record/snapshot.ts'
import { planServices } from './plan-services.ts'
import { serviceOutputs } from '../decide/service-output.ts'
import { definition, isService, type Input } from '../define/step.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'
import type { Workspace } from '../store/workspace/workspace.ts'
import { findToCome } from './pending-inputs.ts'
import { withFiles } from '../decide/changed-files.ts'

export interface PlanOptions {
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  readonly code: PipelineCode
  readonly snapshot: Snapshot
  readonly artifacts: ArtifactStore
  readonly files: ProjectFiles
  readonly downloads: Downloads
  readonly workspace: Workspace
  readonly dir: string
  /** Where steps of the pipeline write. */
  readonly places: OutPlaces
  readonly forced: ReadonlySet<string>
  /** What items gave: without it, nothing is said of items. */
  readonly ledgers?: ItemLedgers
  /** What runs have put into the cache that have written no snapshot yet. @default nothing */
  readonly recent?: ReadonlyMap<StepKey, RecentOutputs>
}

/**
 * Decides what a run would do, from the last known state alone: it opens no database, waits for no
 * other process and changes nothing.
 *
 * @throws StepwellError STEPWELL_PARAMS.
 */
export async function planSteps(
  options: PlanOptions,
): Promise<{ readonly steps: PlannedStep[]; readonly evidence: Evidence }> {
  const { steps, code, snapshot, artifacts, workspace, dir, places, forced, recent, ledgers } =
    options
  const names = namesOf(options.pipeline)
  const byName = new Map(steps.map((ordered) => [ordered.name, ordered]))
  const part = new Set(steps.map(({ name }) => name))
  const outputs = new Map<string, Outputs>()
  /** Outs that are put back, by their normal paths. */
  const putBack = new Map<string, OutArtifact>()
  /** Of services whose outputs are known. */
  const serviceKeys = new Map<string, StepKey>()
  const skipped = new Set<string>()
  /** Steps that a condition may skip which cannot be asked yet, and what reads them. */
  const unsure = new Set<string>()
  const planned: PlannedStep[] = []
  const evidence: [string, PlannedIngredients][] = []
  const present = codesOf(code)
  const codes = { ...snapshot.codes, ...present }
  for (const ordered of steps) planned.push(await planStep(ordered))
  return {
    steps: planServices(steps, planned, forced),
    evidence: { ingredients: Object.fromEntries(evidence), codes: present },
  }

  async function planStep(ordered: OrderedStep): Promise<PlannedStep> {
    const { name, step, upstream } = ordered
    const last = snapshot.steps[name]?.entries[0]
    const { work } = definition(step)
    const pinned = 'pin' in work ? work.pin : undefined
    const base = {
      name,
      action: actionOf(step),
      upstream,
      inputs: [],
      ...(pinned !== undefined && { pinned }),
      ...(last !== undefined && { last: executionOf(last) }),
    }
    const blockers = upstream.filter((read) => skipped.has(read))
    if (blockers.length > 0) return skip([{ kind: 'blocked', by: blockers }])
    const isPassable = !forced.has(name) && upstream.every((read) => outputs.has(read))
    const excuse = isPassable ? await definition(step).passOver?.() : undefined
    if (excuse !== undefined) {
      outputs.set(name, await nothingGiven(artifacts, false))
      return { ...base, decision: 'cached', reasons: [{ kind: 'adopted', because: excuse }] }
    }
    const earlier = new Set(upstream)
    const touching = (path: string): Touching[] =>
      earlier.size === 0 ? [] : places.touching(path).filter(([out]) => earlier.has(out.stepName))
    const files = new ForeseenFiles({
      files: options.files,
      artifacts,
      touching,
      coming: comingOf,
      before: last?.ingredients,
    })
    let identity: Identity
    try {
      identity = await identify(ordered, {
        code,
        files,
        outPaths: places.paths,
        nameOf: (read) => names.get(read) ?? '',
        outputOf: (read, field) => artifactOf(read, field),
        outOf: (read, out) => outOf(read, out),
        serviceOf,
        download,
      })
    } catch (error) {
      if (!(error instanceof StepwellError) || error.code === 'STEPWELL_PARAMS') throw error
      return { ...base, decision: 'run', reasons: [{ kind: 'problem', message: adviceOf(error) }] }
    }
    const { key, ingredients } = identity
    const { makers, sources, ...toCome } = findToCome(step, ingredients, makerOf, (path) =>
      files.makersOf(path),
    )
    const waitsFor = upstream.filter((read) => !outputs.has(read) || makers.has(read))
    const inputs = identity.inputs.map((input) =>
      sources.has(input.source) ? { name: input.name, source: input.source } : input,
    )
    evidence.push([name, { ...ingredients, toCome }])
    const known = findReusable(snapshot, name, key) ?? recent?.get(key)
    const own = await ownReasons()
    if (waitsFor.length > 0) {
      const reasons: Reason[] = [...own, { kind: 'upstream', steps: waitsFor }]
      if (definition(step).when !== undefined || upstream.some((read) => unsure.has(read))) {
        unsure.add(name)
      }
      const isSure = own.length > 0 && !unsure.has(name)
      return { ...base, inputs, decision: isSure ? 'run' : 'depends', reasons }
    }
    const wanted = await askCondition(ordered, identity, { artifacts, dir })
    if (wanted === false) return skip([{ kind: 'condition' }])
    if (wanted !== true) {
      const { message } = wanted
      return { ...base, inputs, decision: 'run', reasons: [{ kind: 'problem', message }] }
    }
    let served: Outputs | undefined
    try {
      served = await serviceOutputs(ordered, digestBytes)
    } catch (error) {
      if (!(error instanceof StepwellError)) throw error
      const reasons: Reason[] = [{ kind: 'problem', message: adviceOf(error) }]
      return { ...base, inputs, decision: 'run', reasons }
    }
    if (served !== undefined) {
      outputs.set(name, served)
      serviceKeys.set(name, key)
      // Whether it is started is decided when it is known of all that read it.
      return { ...base, inputs, key, decision: 'cached', reasons: [] }
    }
    const adopted =
      known === undefined && !forced.has(name) && uncacheable(ordered, identity) === undefined
        ? await adoptOuts(ordered, options, false)
        : undefined
    if (adopted !== undefined) {
      outputs.set(name, adopted.outputs)
      const reasons: Reason[] = [{ kind: 'adopted', because: adopted.because }]
      return { ...base, inputs, key, decision: 'cached', reasons }
    }
    const reasonsToRun: readonly Reason[] =
      own.length === 0 && known === undefined ? [lossOf(last)] : own
    if (known === undefined || reasonsToRun.length > 0) {
      const isReused = !reasonsToRun.some(({ kind }) => kind === 'forced' || kind === 'uncacheable')
      const items =
        ledgers && (await foreseeItems(ordered, identity, isReused, { artifacts, ledgers }))
      const told = items !== undefined && { items }
      return { ...base, inputs, key, decision: 'run', reasons: reasonsToRun, ...told }
    }
    try {
      outputs.set(name, await derivePicks(ordered, known.outputs, artifacts, digestBytes))
    } catch (error) {
      if (!(error instanceof StepwellError)) throw error
      return {
        ...base,
        inputs,
        decision: 'run',
        reasons: [{ kind: 'problem', message: adviceOf(error) }],
      }
    }
    const restored = await foreseeOuts(known.outputs, workspace)
    notePutBack(known.outputs, restored)
    const reasons = [...reasonsOfHit(known), ...restored]
    return { ...base, inputs, key, decision: 'cached', reasons, last: executionOf(known) }

    function skip(why: readonly Reason[]): PlannedStep {
      skipped.add(name)
      return { ...base, decision: 'skip', reasons: why }
    }

    /** What makes the step run whatever the steps before it turn out to give. */
    async function ownReasons(): Promise<Reason[]> {
      if (forced.has(name)) return [{ kind: 'forced' }]
      // It is started or not, whatever was before.
      if (isService(step)) return []
      const never = uncacheable(ordered, identity)
      if (never !== undefined) return [never]
      if (known !== undefined && waitsFor.length === 0) {
        return await checkHit(ordered, known.outputs, artifacts, workspace, dir)
      }
      if (last === undefined) return [{ kind: 'new' }]
      const changes = compareIngredients(last.ingredients, ingredients, codes)
      const trees = new Map([...identity.trees].filter(([digest]) => digest !== NOT_KNOWN))
      return await withFiles(changes, last.ingredients, { ingredients, trees }, artifacts)
    }

    /** As `artifactOf`: nothing is known of an out before the step has run. */
    function outOf(read: string, out: string): OutArtifact {
      if (!part.has(read)) return outIn(leftBy(read, snapshot), out)
      const made = outputs.get(read)
      if (made !== undefined) return outIn(made, out)
      const before = inputBefore(`${read}:${out}`)
      if (before?.kind === 'file') return { ...before, size: 0 }
      const { digest = NOT_KNOWN, path = '' } = before?.kind === 'dir' ? before : {}
      return { kind: 'dir', path, digest, size: 0, files: 0 }
    }

    /** The output of a step that will run is taken for what it was: no reason of its own to run. */
    function artifactOf(read: string, field: string | undefined): Artifact {
      if (!part.has(read)) return artifactIn(leftBy(read, snapshot), field)
      const made = outputs.get(read)
      if (made !== undefined) return artifactIn(made, field)
      const before = inputBefore(field === undefined ? read : `${read}.${field}`)
      const isKnown = before?.kind === 'value' || before?.kind === 'service'
      const digest = isKnown ? before.digest : NOT_KNOWN
      return { kind: 'value', digest, size: 0, about: '' }
    }

    /** As `artifactOf`. */
    function serviceOf(read: string): ServiceState | undefined {
      if (!isService(byName.get(read)?.step)) return undefined
      const before = inputBefore(read)
      const old = before?.kind === 'service' ? before.key : (NOT_KNOWN as StepKey)
      return { key: serviceKeys.get(read) ?? old, holds: async () => await Promise.resolve(true) }
    }

    function inputBefore(from: string): FingerprintInput | undefined {
      const entries = Object.entries(last?.ingredients.sources ?? {})
      const input = entries.find(([, source]) => source === from)
      return input && last?.ingredients.fingerprint.inputs[input[0]]
    }
  }

  function makerOf(handle: Input): string | undefined {
    const read = stepOf(handle)
    const maker = read && names.get(read)
    return maker !== undefined && part.has(maker) && !outputs.has(maker) ? maker : undefined
  }

  function comingOf({ stepName, path }: PlacedOut): Coming {
    if (!outputs.has(stepName)) return 'made'
    return putBack.get(path) ?? 'in place'
  }

  function notePutBack({ outs }: Outputs, restored: readonly Reason[]): void {
    const paths = new Set(restored.flatMap((each) => (each.kind === 'restored' ? [each.path] : [])))
    for (const out of Object.values(outs)) {
      if (paths.has(out.path)) putBack.set(normalPath(out.path), out)
    }
  }

  /** A plan asks no server: what was there the last time is taken to be there still. */
  async function download(address: string): Promise<Download> {
    const known = await options.downloads.recall(address)
    if (known !== undefined) return known
    throw new StepwellError({
      code: 'STEPWELL_URL',
      summary: `${shownUrl(address)} was not downloaded yet`,
      hint: 'run the step: it will be',
    })
  }
}

function executionOf({ run, at, duration }: LastExecution): LastExecution {
  return { run, at, duration }
}
