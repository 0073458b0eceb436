/** One move of an alias. A file of its own, numbered, that is written once and never changes. */
export interface Move {
  /** From 1 up, without gaps. */
  readonly number: number
  /** `revert`: a step took back what it had promoted, since the server did not answer with it. */
  readonly action: 'promote' | 'rollback' | 'revert' | 'remove'
  /** Where the alias points from then on; `null`: nowhere. */
  readonly version: string | null
  readonly previous: string | null
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `user@host`. */
  readonly who: string
  /** What moved it: a command, or a step function. */
  readonly by: string
  readonly why: string | null
}

/**
 * Where a rollback leads: the version that the alias had before the one it has, leaving out what was rolled
 * back already, so that two rollbacks lead two versions back. `undefined` when no such version exists.
 */
export function versionBefore(moves: readonly Move[]): string | undefined {
  const held: string[] = []
  for (const { action, version } of moves) {
    if (action === 'rollback' || action === 'revert') held.pop()
    if (version !== null && held.at(-1) !== version) held.push(version)
  }
  // An alias that was removed points to nothing now: a rollback brings back what it had.
  return moves.at(-1)?.version === null ? held.at(-1) : held.at(-2)
}

/** The move by which a person took the alias from this version, if that was the last said of it. */
export function rolledBack(moves: readonly Move[], version: string): Move | undefined {
  const last = moves.findLast((move) => move.previous === version || move.version === version)
  if (last?.version === version) return undefined
  return last?.action === 'rollback' || last?.action === 'remove' ? last : undefined
}
