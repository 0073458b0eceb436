import { StepwellError } from '@stepwell/engine/author'
import { aliasNames, latestMove, movesOf } from './alias.ts'
import type { Move } from './move.ts'
import { isVersionId, type ModelRef } from './name.ts'
import { unknownModel, unknownVersion, versionIds } from './registry.ts'

/** A version that was found, and the alias by which it was. */
export interface ResolvedVersion {
  readonly model: string
  readonly id: string
  readonly alias: string | undefined
}

/**
 * The version that a reference means.
 * @param otherwise the alias that is meant when the reference leaves it open
 * @throws StepwellError STEPWELL_MODEL_UNKNOWN; STEPWELL_ALIAS_UNKNOWN; STEPWELL_REGISTRY_DAMAGED.
 */
export function resolveVersion(dir: string, ref: ModelRef, otherwise: string): ResolvedVersion {
  const { model, which = otherwise } = ref
  if (versionIds(dir, model).length === 0) throw unknownModel(dir, model)
  if (isVersionId(which)) {
    if (!versionIds(dir, model).includes(which)) throw unknownVersion(dir, model, which)
    return { model, id: which, alias: undefined }
  }
  const id = latestMove(dir, model, which)?.version ?? undefined
  if (id !== undefined) return { model, id, alias: which }
  const others = aliasesOf(dir, model).map(({ alias }) => alias)
  throw new StepwellError({
    code: 'STEPWELL_ALIAS_UNKNOWN',
    summary: `${model} has no alias ${which}`,
    details: others.length === 0 ? 'it has none at all' : `it has ${others.join(', ')}`,
    hint: `set it with \`stepwell model promote ${model}@<version> --alias ${which}\``,
  })
}

/** The aliases that point somewhere, and where, sorted by name. */
export function aliasesOf(
  dir: string,
  model: string,
): { readonly alias: string; readonly version: string }[] {
  return aliasNames(dir, model).flatMap((alias) => {
    const version = latestMove(dir, model, alias)?.version ?? undefined
    return version === undefined ? [] : [{ alias, version }]
  })
}

/** A move, and which alias it was. */
export interface AliasMove extends Omit<Move, 'number'> {
  readonly alias: string
}

/** Who moved which alias of a model, when and why: oldest first. */
export function historyOf(dir: string, model: string): AliasMove[] {
  const moves = aliasNames(dir, model).flatMap((alias) => {
    // The moves of one alias stay in their order, also where a clock was set back.
    let latest = 0
    return movesOf(dir, model, alias).map(({ number: _number, ...move }) => {
      latest = Math.max(latest, move.at)
      return { latest, move: { alias, ...move } }
    })
  })
  return moves.toSorted((a, b) => a.latest - b.latest).map(({ move }) => move)
}
