/** What is ranked, in an order in which each comes after what it waits for. */
export interface Ranked {
  readonly name: string
  readonly downstream: readonly string[]
}

/**
 * The length of the longest way from each step to the end, itself included: who begins the longest way
 * first ends first (Hu 1961, "Parallel sequencing and assembly line problems").
 *
 * @param durations what steps took, in milliseconds; the others are taken for average ones
 */
export function ranksOf(
  steps: readonly Ranked[],
  durations: ReadonlyMap<string, number>,
): Map<string, number> {
  const known = [...durations.values()]
  const average = known.length === 0 ? 1 : known.reduce((sum, each) => sum + each, 0) / known.length
  const ranks = new Map<string, number>()
  for (const { name, downstream } of steps.toReversed()) {
    const after = downstream.reduce((most, next) => Math.max(most, ranks.get(next) ?? 0), 0)
    // A step of no length still comes before what waits for it.
    ranks.set(name, after + (durations.get(name) ?? average) + 0.001)
  }
  return ranks
}
