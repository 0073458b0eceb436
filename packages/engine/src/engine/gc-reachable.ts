import type { ArtifactStore } from '../store/objects/artifact-store.ts'
import type { OutArtifact, Outputs } from '../value/artifact.ts'
import type { Digest } from '@stepwell/base/digest'
import { StepwellError } from '@stepwell/base/errors'
import { listingOf } from '../identity/fingerprint.ts'
import type { Ingredients } from '../identity/reason.ts'
import type { ItemLedgers } from '../store/cache/map-cache.ts'
import { parseTree, type TreeEntry } from '../value/tree.ts'

/** Finds the stored bytes that records name, over the trees of directories. */
export class HeldBytes {
  readonly #artifacts: ArtifactStore
  readonly #ledgers: ItemLedgers
  readonly #trees = new Map<Digest, readonly TreeEntry[]>()

  constructor(artifacts: ArtifactStore, ledgers: ItemLedgers) {
    this.#artifacts = artifacts
    this.#ledgers = ledgers
  }

  /** Without which outputs cannot be used. */
  async promised({ value, picks, outs }: Partial<Outputs>): Promise<Set<Digest>> {
    const held = new Set<Digest>()
    for (const artifact of [value, ...Object.values(picks ?? {})]) {
      if (artifact !== undefined) held.add(artifact.digest)
    }
    for (const out of Object.values(outs ?? {})) {
      for (const digest of await this.#ofOut(out)) held.add(digest)
    }
    return held
  }

  /** What is promised; what else comes back of outs; what the items gave; and the listings that say later what of an input changed. */
  async of(outputs: Partial<Outputs>, ingredients?: Ingredients): Promise<Set<Digest>> {
    const held = await this.promised(outputs)
    const { items, outs } = outputs
    for (const out of Object.values(outs ?? {})) {
      if (out.kind === 'dir' && out.attributes !== undefined) held.add(out.attributes)
    }
    for (const output of items === undefined ? [] : (await this.#ledgers.read(items)).values()) {
      if ('digest' in output) held.add(output.digest)
    }
    const { inputs = {}, dependsOn = {} } = ingredients?.fingerprint ?? {}
    for (const input of [...Object.values(inputs), ...Object.values(dependsOn)]) {
      const listing = listingOf(input)
      if (listing !== undefined) held.add(listing)
    }
    return held
  }

  async #ofOut({ kind, digest }: OutArtifact): Promise<Digest[]> {
    if (kind === 'file') return [digest]
    const entries = await this.#entries(digest)
    return [digest, ...entries.flatMap((entry) => (entry.kind === 'file' ? [entry.digest] : []))]
  }

  async #entries(digest: Digest): Promise<readonly TreeEntry[]> {
    const known = this.#trees.get(digest)
    if (known !== undefined) return known
    let entries: readonly TreeEntry[] = []
    try {
      entries = parseTree(new TextDecoder().decode(await this.#artifacts.get(digest)))
    } catch (error) {
      // What cannot be read holds nothing.
      if (!(error instanceof StepwellError || error instanceof RangeError)) throw error
    }
    this.#trees.set(digest, entries)
    return entries
  }
}
