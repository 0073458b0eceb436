import type { Artifact, OutArtifact, Outputs } from '../value/artifact.ts'
import { artifactIn, pickedFrom } from '../decide/picks.ts'
import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import { digestBytes, type Digest } from '@stepwell/base/digest'
import type { Download, Downloads } from '../store/inputs/downloads.ts'
import { findPending, type FoundPending } from './pending-inputs.ts'
import { findReusable, leftBy, type Snapshot } from '../record/snapshot.ts'
import type { FingerprintInput, StepKey } from '../identity/fingerprint.ts'
import { isService, type Input } from '../define/step.ts'
import type { KnownEntries } from '../store/cache/known-entries.ts'
import { namesOf, stepOf, type Pipeline } from '../define/pipeline.ts'
import { normalPath, type OutPlaces, type PlacedOut, type Touching } from '../decide/out-paths.ts'
import type { OrderedStep } from '../define/order.ts'
import { outIn } from '../decide/resolve-inputs.ts'
import type { ServiceState } from '../decide/inputs/resolved-input.ts'
import type { PipelineCode } from '../identity/code.ts'
import { PlannedFiles, type Coming } from './planned-files.ts'
import type { ProjectFiles } from '../store/inputs/project-files.ts'
import type { Step } from '../define/step.ts'
import type { Ingredients } from '../identity/reason.ts'
import { shownUrl } from '../define/shown-url.ts'
import { UNKNOWN, type World } from '../decide/world.ts'
import type { Verdict } from '../decide/verdict.ts'
import type { Workspace } from '../store/workspace/workspace.ts'

export interface PlannedWorldOptions {
  readonly pipeline: Pipeline
  readonly steps: readonly OrderedStep[]
  readonly code: PipelineCode
  readonly snapshot: Snapshot
  readonly artifacts: ArtifactStore
  readonly files: ProjectFiles
  readonly downloads: Downloads
  readonly workspace: Workspace
  /** What there is besides the snapshot. */
  readonly known: KnownEntries
  readonly dir: string
  /** Where steps of the pipeline write. */
  readonly places: OutPlaces
}

/** A world as one step finds it, and what of its inputs is still to be made. */
export interface PlannedView extends World {
  readonly pendingInputs: (ingredients: Ingredients) => FoundPending
}

/**
 * What is known of what will be when a step's turn comes, as the verdicts on the steps before it have it.
 * Outputs that those are still to make are taken to be the same as the last time, so that they are not a
 * reason to run, and are pending.
 */
export class PlannedWorld {
  readonly #options: PlannedWorldOptions
  readonly #names: ReadonlyMap<Step, string>
  readonly #byName: ReadonlyMap<string, OrderedStep>
  /** Of the steps that need not be executed. */
  readonly #outputs = new Map<string, Outputs>()
  /** Outs that are put back, by their normal paths. */
  readonly #putBack = new Map<string, OutArtifact>()
  readonly #serviceKeys = new Map<string, StepKey>()
  /** What a run would store. */
  readonly #bytes = new Map<Digest, Uint8Array>()
  readonly #artifacts: World['artifacts']

  constructor(options: PlannedWorldOptions) {
    this.#options = options
    this.#names = namesOf(options.pipeline)
    this.#byName = new Map(options.steps.map((ordered) => [ordered.name, ordered]))
    const { artifacts } = options
    this.#artifacts = {
      check: async (digest) =>
        this.#bytes.has(digest) ? 'present' : await artifacts.check(digest),
      get: async (digest) => this.#bytes.get(digest) ?? (await artifacts.get(digest)),
    }
  }

  /** Takes down what becomes of a step. */
  note(name: string, verdict: Verdict): void {
    if (!('outputs' in verdict)) return
    this.#outputs.set(name, verdict.outputs)
    for (const [digest, bytes] of verdict.bytes) this.#bytes.set(digest, bytes)
    if (verdict.kind === 'serve') this.#serviceKeys.set(name, verdict.identity.key)
    if (verdict.kind !== 'reuse') return
    for (const [out, artifact] of Object.entries(verdict.outputs.outs)) {
      const state = verdict.outs[out] ?? 'in place'
      if (state !== 'in place') this.#putBack.set(normalPath(artifact.path), artifact)
    }
  }

  /** The world as a step finds it whose turn is next. */
  of(ordered: OrderedStep): PlannedView {
    const { name, step, upstream } = ordered
    const { code, dir, snapshot, workspace, places, known, downloads } = this.#options
    const artifacts = this.#artifacts
    const last = snapshot.steps[name]?.entries[0]
    const earlier = new Set(upstream)
    const files = new PlannedFiles({
      files: this.#options.files,
      artifacts,
      touching: (path: string): Touching[] =>
        earlier.size === 0
          ? []
          : places.touching(path).filter(([out]) => earlier.has(out.stepName)),
      coming: (out) => this.#comingOf(out),
      before: last?.ingredients,
    })
    /** Addresses of which nothing is known: a plan asks no server. */
    const unasked = new Set<string>()
    const pendingInputs = (ingredients: Ingredients): FoundPending =>
      findPending(
        step,
        ingredients,
        (handle) => this.#makerOf(handle, unasked),
        (path) => files.makersOf(path),
      )
    return {
      code,
      dir,
      files,
      snapshot,
      artifacts,
      workspace,
      outPaths: places.paths,
      nameOf: (read) => this.#names.get(read) ?? '',
      outputOf: async (read, field) => await this.#outputOf(read, field, inputBefore),
      outOf: (read, out) => this.#outOf(read, out, inputBefore),
      serviceOf: (read) => this.#serviceOf(read, inputBefore),
      download: async (url) => (await downloads.recall(url)) ?? notAsked(url),
      pending: (identity) => {
        const makers = identity && pendingInputs(identity.ingredients).makers
        const steps = upstream.filter((read) => !this.#outputs.has(read) || makers?.has(read))
        return [...steps, ...unasked]
      },
      entry: async (_, key) => findReusable(snapshot, name, key) ?? (await known.get(key)),
      ask: async (answer) => await answer,
      pendingInputs,
    }

    function notAsked(url: string): Download {
      const shown = shownUrl(url)
      unasked.add(shown)
      const before = inputBefore(shown)
      return { path: '', digest: before?.kind === 'url' ? before.digest : UNKNOWN }
    }

    /** What came from a source when the step was executed the last time. */
    function inputBefore(from: string): FingerprintInput | undefined {
      const entries = Object.entries(last?.ingredients.sources ?? {})
      const input = entries.find(([, source]) => source === from)
      return input && last?.ingredients.fingerprint.inputs[input[0]]
    }
  }

  async #outputOf(read: string, field: string | undefined, before: Before): Promise<Artifact> {
    if (!this.#byName.has(read)) {
      const left = leftBy(read, this.#options.snapshot)
      return await pickedFrom(read, left, field, this.#artifacts, (bytes) => this.#keep(bytes))
    }
    const made = this.#outputs.get(read)
    if (made !== undefined) return artifactIn(made, field)
    const part = before(field === undefined ? read : `${read}.${field}`)
    const isKnown = part?.kind === 'value' || part?.kind === 'service'
    return { kind: 'value', digest: isKnown ? part.digest : UNKNOWN, size: 0, about: '' }
  }

  #keep(bytes: Uint8Array): Digest {
    const digest = digestBytes(bytes)
    this.#bytes.set(digest, bytes)
    return digest
  }

  #outOf(read: string, out: string, before: Before): OutArtifact {
    const made = this.#byName.has(read)
      ? this.#outputs.get(read)
      : leftBy(read, this.#options.snapshot)
    if (made !== undefined) return outIn(read, made, out)
    const part = before(`${read}:${out}`)
    if (part?.kind === 'file') return { ...part, size: 0 }
    const { digest = UNKNOWN, path = '' } = part?.kind === 'dir' ? part : {}
    return { kind: 'dir', path, digest, size: 0, files: 0 }
  }

  #serviceOf(read: string, before: Before): ServiceState | undefined {
    if (!isService(this.#byName.get(read)?.step)) return undefined
    const part = before(read)
    const old = part?.kind === 'service' ? part.key : (UNKNOWN as StepKey)
    return {
      key: this.#serviceKeys.get(read) ?? old,
      holds: async () => await Promise.resolve(true),
    }
  }

  /** The step, or the address, that is still to give what a handle stands for. */
  #makerOf(handle: Input, unasked: ReadonlySet<string>): string | undefined {
    if (handle.kind === 'url') {
      const shown = shownUrl(handle.url)
      return unasked.has(shown) ? shown : undefined
    }
    const read = stepOf(handle)
    const maker = read && this.#names.get(read)
    const isPending = maker !== undefined && this.#byName.has(maker) && !this.#outputs.has(maker)
    return isPending ? maker : undefined
  }

  #comingOf({ stepName, path }: PlacedOut): Coming {
    if (!this.#outputs.has(stepName)) return 'made'
    return this.#putBack.get(path) ?? 'in place'
  }
}

type Before = (source: string) => FingerprintInput | undefined
