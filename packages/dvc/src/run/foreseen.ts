import { isWithin } from '@stepwell/base/paths'
import type { Stage } from '../project/stage.ts'
import { locationKey } from '../project/location.ts'
import type { DvcPipeline } from './dvc-pipeline.ts'
import { isMissing, type TrackedOut } from './tracked.ts'

/** Which stages have to run whatever those before them give, and what data these need. */
export class Foreseen {
  readonly #dvc: DvcPipeline
  readonly #addresses: ReadonlySet<string>
  readonly #force: boolean
  readonly #stages: ReadonlyMap<string, Stage>
  readonly #stale = new Map<string, Promise<boolean>>()

  /**
   * @param addresses of the stages and `*.dvc` files that take part
   * @param force whether all of these stages are going to run
   */
  constructor(dvc: DvcPipeline, addresses: ReadonlySet<string>, force: boolean) {
    this.#dvc = dvc
    this.#addresses = addresses
    this.#force = force
    this.#stages = new Map(dvc.project.stages.map((stage) => [stage.address, stage]))
  }

  /** What is missing of `*.dvc` files, and of stages that need not run for anything else. */
  async lost(): Promise<TrackedOut[]> {
    const lost: TrackedOut[] = []
    for (const [owner, outs] of this.#missing()) {
      if (this.#addresses.has(owner) && !(await this.#isStale(owner))) lost.push(...outs)
    }
    return lost
  }

  /** What is missing of what stages read that have to run, and is not going to be made. */
  async needed(): Promise<TrackedOut[]> {
    return await this.#missingOf(async (address) => await this.#isStale(address))
  }

  /** As `needed`, of stages that may have to run too, by what those before them give. */
  async maybeNeeded(): Promise<TrackedOut[]> {
    const changing = new Set<string>()
    for (const { address } of this.#ordered()) {
      const follows = this.#upstream(address).some((read) => changing.has(read))
      if (follows || (await this.#isStale(address))) changing.add(address)
    }
    return await this.#missingOf((address) => Promise.resolve(changing.has(address)))
  }

  /** The stages that make what is missing, and is needed by those that have to run, or by one another. */
  async makers(): Promise<ReadonlySet<string>> {
    const missing = this.#missing()
    const makers = new Set<string>()
    for (const stage of this.#ordered().toReversed()) {
      if (!makers.has(stage.address) && !(await this.#isStale(stage.address))) continue
      for (const { owner } of this.#readBy(stage, missing)) makers.add(owner)
    }
    return makers
  }

  async #missingOf(reads: (address: string) => Promise<boolean>): Promise<TrackedOut[]> {
    const missing = this.#missing()
    const found = new Set<TrackedOut>()
    for (const stage of this.#ordered()) {
      if (!(await reads(stage.address))) continue
      for (const out of this.#readBy(stage, missing)) {
        if (!(await this.#isStale(out.owner))) found.add(out)
      }
    }
    return [...found]
  }

  /** Outs that are missing now, by what makes them. */
  #missing(): ReadonlyMap<string, TrackedOut[]> {
    const missing = new Map<string, TrackedOut[]>()
    for (const out of this.#dvc.outs().values()) {
      if (!isMissing(this.#dvc.project.root, out.location)) continue
      missing.set(out.owner, [...(missing.get(out.owner) ?? []), out])
    }
    return missing
  }

  /** What a stage reads of some outs, and what is around or inside of that. */
  #readBy({ address, deps }: Stage, outs: ReadonlyMap<string, TrackedOut[]>): TrackedOut[] {
    const paths = deps.map(({ location }) => locationKey(location))
    const before = this.#upstream(address).flatMap((owner) => outs.get(owner) ?? [])
    return before.filter(({ location }) => {
      const out = locationKey(location)
      return paths.some(
        (dep) => isWithin({ path: out, dir: dep }) || isWithin({ path: dep, dir: out }),
      )
    })
  }

  #ordered(): Stage[] {
    return this.#dvc.project.graph.order.flatMap((address) => {
      const stage = this.#addresses.has(address) ? this.#stages.get(address) : undefined
      return stage ?? []
    })
  }

  #upstream(address: string): readonly string[] {
    return this.#dvc.project.graph.upstream.get(address) ?? []
  }

  /** Neither a `*.dvc` file nor what takes no part is run, and so is stale. */
  async #isStale(address: string): Promise<boolean> {
    const stage = this.#stages.get(address)
    if (stage === undefined || !this.#addresses.has(address)) return false
    if (this.#force) return true
    const stale = this.#stale.get(address) ?? this.#dvc.isUnchanged(stage).then((same) => !same)
    this.#stale.set(address, stale)
    return await stale
  }
}
