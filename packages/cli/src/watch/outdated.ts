import type { Watched } from '@stepwell/engine'

/**
 * Names of the steps that would be another, or be given something else, after a change.
 *
 * @param given names of the steps that are given what changed
 * @param after what a run would depend on now, where code changed
 */
export function outdatedSteps(
  { steps }: Watched,
  given: readonly string[],
  after: Watched | undefined,
): Set<string> {
  const now = new Map(after?.steps.map(({ name, identity }) => [name, identity]))
  const outdated = new Set(given)
  // In execution order: what a step reads has been looked at before it.
  for (const { name, upstream, identity } of steps) {
    const isOther = after !== undefined && now.get(name) !== identity
    if (isOther || upstream.some((read) => outdated.has(read))) outdated.add(name)
  }
  return outdated
}
