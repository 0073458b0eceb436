import { StepwellError, type FileInput, type StepContext } from '@stepwell/engine/author'
import { aliasFolder, latestMove, latestMoveIn, loadVersion } from '@stepwell/registry'
import { dirname, resolve } from 'node:path'
import { readAliasPlace, type AliasPlace } from './alias-place.ts'
import { reasonOf, type EffectStep } from './effect.ts'
import type { Metrics } from './metrics.ts'
import { requireModel, type Model } from './model.ts'
import { readParams } from './params.ts'

export interface FindChampionInputs {
  /**
   * The moves of the alias: `glob('models/<name>/aliases/<alias>/*.json', { optional: true })`, since no move
   * exists before the first promotion.
   */
  readonly moves: readonly FileInput[]
}

export interface FindChampionParams {
  /** What the model is called in the registry. */
  readonly name: string
  /**
   * Folder of the registry, relative to the project directory and below it.
   * @default 'models'
   */
  readonly dir?: string
  /**
   * The alias that points to the champion.
   * @default 'champion'
   */
  readonly alias?: string
}

/** What an alias points to; all of it is `null` while it points to nothing. */
export interface Champion {
  /** 16 hex digits. */
  readonly version: string | null
  /** For `evaluateModel` to compare with. */
  readonly model: Model | null
  /** As they were when it was registered: on other rows than those of today; `NaN` where not defined. */
  readonly metrics: Metrics | null
}

/**
 * The model that an alias of the registry points to.
 *
 * The moves of the alias decide which version that is, and they are an input. The files of a version are
 * none; they need not be in the key, since what is under an id never changes.
 *
 * @throws StepwellError STEPWELL_MOVES_OTHER when `moves` are not those of the alias; STEPWELL_MODEL_NAME;
 *   STEPWELL_MODEL_UNKNOWN; STEPWELL_MODEL_INVALID; STEPWELL_REGISTRY_DAMAGED; STEPWELL_PATH_OUTSIDE;
 *   STEPWELL_PARAM_INVALID.
 */
export const findChampion: EffectStep<FindChampionInputs, FindChampionParams, Champion> =
  Object.assign(find, { stale: staleChampion })

function find({ moves }: FindChampionInputs, context: StepContext<FindChampionParams>): Champion {
  const place = placeOf(context)
  const { dir, name, alias } = place
  const folder = aliasFolder(dir.absolute, name, alias)
  const other = moves.find(({ path }) => dirname(resolve(context.dir, path)) !== folder)
  if (other !== undefined) throw otherMoves(place, `\`${other.path}\` is none of them`)
  const last = latestMoveIn(moves)
  if (last === undefined && latestMove(dir.absolute, name, alias) !== undefined) {
    throw otherMoves(place, 'there is no move in it, and the alias has moved')
  }
  const version = last?.version ?? null
  if (version === null) {
    context.log(`${name}@${alias} points to nothing`)
    return { version, model: null, metrics: null }
  }
  const found = loadVersion(dir.absolute, name, version)
  const model = found.model as Model
  requireModel(model)
  context.log(`${name}@${alias} points to version ${version}`)
  const metrics = Object.entries(found.manifest.metrics ?? {})
  return {
    version,
    model,
    metrics: Object.fromEntries(metrics.map(([metric, value]) => [metric, value ?? Number.NaN])),
  }
}

/** With another glob, the key would not change with the alias, and every model be as good as none. */
function staleChampion(
  { version }: Champion,
  context: Pick<StepContext<FindChampionParams>, 'params' | 'dir'>,
): string | undefined {
  return reasonOf(() => {
    const { dir, name, alias } = placeOf(context)
    const now = latestMove(dir.absolute, name, alias)?.version ?? null
    const [is, was] = [now ?? 'nothing', version ?? 'nothing']
    return now === version ? undefined : `${name}@${alias} points to ${is}, not ${was}`
  })
}

function placeOf(context: Pick<StepContext<FindChampionParams>, 'params' | 'dir'>): AliasPlace {
  const params = readParams('findChampion', context.params, ['name', 'dir', 'alias'])
  return readAliasPlace(params, context.dir)
}

function otherMoves({ dir, name, alias }: AliasPlace, facts: string): StepwellError {
  const pattern = `${dir.relative}/${name}/aliases/${alias}/*.json`
  return new StepwellError({
    code: 'STEPWELL_MOVES_OTHER',
    summary: `the input \`moves\` is not that of ${name}@${alias}`,
    details: facts,
    hint: `declare it as glob('${pattern}', { optional: true }), or correct the params`,
  })
}
