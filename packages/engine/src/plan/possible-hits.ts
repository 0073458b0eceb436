import { canonicalJson } from '@stepwell/base/json'
import type { Digest } from '@stepwell/base/digest'
import { listingOf, type Fingerprint, type FingerprintInput } from '../identity/fingerprint.ts'
import type { FoundPending } from './pending-inputs.ts'
import type { Ingredients } from '../identity/reason.ts'
import type { KnownEntries } from '../store/cache/known-entries.ts'

/** A fingerprint of which some inputs are not known yet. */
export interface Open {
  readonly fingerprint: Fingerprint
  readonly isPending: (input: string, part: FingerprintInput) => boolean
}

/**
 * Whether a step some of whose inputs are pending may turn out to be what is in the cache, or what another
 * step makes in the same run.
 */
export class PossibleHits {
  readonly #known: KnownEntries
  /** By the digest of the code: of the entries, by all that is in a fingerprint besides inputs. */
  readonly #entries = new Map<Digest, ReadonlyMap<string, readonly Fingerprint[]> | undefined>()
  /** Of the steps of this plan that may be executed, by the same. */
  readonly #planned = new Map<string, Open[]>()

  constructor(known: KnownEntries) {
    this.#known = known
  }

  /** Takes down a step that may be executed. */
  add(open: Open): void {
    const rest = restOf(open.fingerprint)
    const others = this.#planned.get(rest)
    if (others === undefined) this.#planned.set(rest, [open])
    else others.push(open)
  }

  /** Whether another step of the plan may make the same. */
  isPlanned(open: Open): boolean {
    const others = this.#planned.get(restOf(open.fingerprint)) ?? []
    return others.some((other) => other !== open && mayBe(open, other))
  }

  async isCached(open: Open): Promise<boolean> {
    const { code } = open.fingerprint
    if (!this.#entries.has(code)) this.#entries.set(code, await this.#list(code))
    const entries = this.#entries.get(code)
    if (entries === undefined) return true
    const similar = entries.get(restOf(open.fingerprint)) ?? []
    return similar.some((fingerprint) => mayBe(open, { fingerprint, isPending: () => false }))
  }

  async #list(code: Digest): Promise<Map<string, Fingerprint[]> | undefined> {
    const entries = await this.#known.withCode(code)
    return (
      entries &&
      Map.groupBy(
        entries.map(({ ingredients }) => ingredients.fingerprint),
        restOf,
      )
    )
  }
}

/**
 * @param isPassing whether files may pass unseen from a step that is still to end
 */
export function openFingerprint(
  { fingerprint, sources }: Ingredients,
  { outputs, paths }: Pick<FoundPending, 'outputs' | 'paths'>,
  isPassing: boolean,
): Open {
  const [bySource, byPath] = [new Set(outputs), new Set(paths)]
  return {
    fingerprint,
    isPending: (input, part) => {
      if (bySource.has(sources[input] ?? '')) return true
      if (part.kind === 'file' || part.kind === 'dir') return isPassing || byPath.has(part.path)
      return isPassing && listingOf(part) !== undefined
    },
  }
}

/** Whether two fingerprints that are equal but for their inputs may turn out to be equal. */
function mayBe(one: Open, other: Open): boolean {
  const [a, b] = [one.fingerprint, other.fingerprint]
  const names = Object.keys(a.inputs)
  if (names.length !== Object.keys(b.inputs).length) return false
  return (
    names.every((name) => maybeSame(name, own(a.inputs, name), own(b.inputs, name))) &&
    // What a command names may come to be there.
    Object.entries(a.dependsOn ?? {}).every(([source, part]) => {
      return maybeSame(source, part, own(b.dependsOn ?? {}, source))
    })
  )

  function maybeSame(
    name: string,
    part: FingerprintInput | undefined,
    with_: FingerprintInput | undefined,
  ): boolean {
    if (part === undefined || with_ === undefined) return false
    if (one.isPending(name, part) || other.isPending(name, with_)) return true
    return canonicalJson(part) === canonicalJson(with_)
  }
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function restOf(fingerprint: Fingerprint): string {
  return canonicalJson({ ...fingerprint, inputs: {}, dependsOn: {} })
}
