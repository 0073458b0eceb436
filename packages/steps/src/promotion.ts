import { digestValue, StepwellError, type StepContext } from '@stepwell/engine/author'
import {
  isVersionOf,
  hasAnswered,
  latestMove,
  moveAlias,
  movesOf,
  noteAnswered,
  problemOfVersion,
  readReference,
  registerVersion,
  rolledBack,
  type ModelSchema,
  type Move,
  type Release,
} from '@stepwell/registry'
import { readAliasPlace, type AliasPlace } from './alias-place.ts'
import { reasonOf } from './effect.ts'
import type { GatePassed } from './metric-gate.ts'
import type { Metrics } from './metrics.ts'
import { describeModel, requireModel, type Model } from './model.ts'
import { referenceOf } from './model-reference.ts'
import { significant } from './significant.ts'
import { readBounds, schemaOf, type FeatureBounds } from './model-schema.ts'
import { withModel } from './open-model.ts'
import { readParams } from './params.ts'
import { checkServer } from './smoke.ts'
import type { Rows } from './table.ts'

export interface PromoteModelInputs {
  readonly model: Model
  /** Kept with the model. */
  readonly metrics?: Metrics
  /** The gate that must have let the model pass; kept with it too. */
  readonly gate?: GatePassed
  /**
   * The rows it was trained on. Their ranges and at most 10,000 of them, drawn evenly, are kept with it, and
   * one of them is the smoke request.
   */
  readonly training?: Rows
  /** The bearer token of the server at `url`: a `secret()`. */
  readonly token?: string
}

export interface PromoteModelParams {
  /** What the model is called in the registry. */
  readonly name: string
  /**
   * Folder of the registry, relative to the project directory and below it.
   * @default 'models'
   */
  readonly dir?: string
  /**
   * The alias that points to the version from then on.
   * @default 'champion'
   */
  readonly alias?: string
  /** What features may be, by their names. */
  readonly bounds?: Readonly<Record<string, FeatureBounds>>
  /**
   * A server of this model and alias, which must answer with the new version: `http://127.0.0.1:8080`.
   * @default none is asked
   */
  readonly url?: string
  /**
   * How long the server may take to answer with the new version, in seconds.
   * @default 10
   */
  readonly timeout?: number
}

export interface Promotion {
  readonly model: string
  /** 16 hex digits, a function of what is registered. */
  readonly version: string
  readonly alias: string
}

const PARAMS = ['name', 'dir', 'alias', 'bounds', 'url', 'timeout']

/**
 * Registers a model and moves an alias to it. Where a server is named, it must then answer a request
 * with the new version and the prediction that the model gives here; else the alias moves back.
 *
 * A model that the alias has already, with the same schema, keeps its version, whatever it was scored or
 * compared with now. A model that a person has taken the alias from is not promoted again: that is for a
 * person to do.
 * A cached promotion is stale when the alias points elsewhere, or when the version's files differ.
 *
 * @throws StepwellError STEPWELL_MODEL_INVALID; STEPWELL_MODEL_NAME; STEPWELL_ROLLED_BACK;
 *   STEPWELL_SMOKE_FAILED; STEPWELL_ALIAS_MOVED; STEPWELL_REGISTRY_DAMAGED; STEPWELL_PATH_OUTSIDE;
 *   STEPWELL_WRITE_FAILED; STEPWELL_PARAM_INVALID; STEPWELL_COLUMN_UNKNOWN, STEPWELL_CELL_MISSING and
 *   STEPWELL_CELL_NOT_NUMBER when `training` does not have the features and the target; and those of
 *   `openModel`.
 */
export const promoteModel: {
  (inputs: PromoteModelInputs, context: StepContext<PromoteModelParams>): Promise<Promotion>
  readonly stale: (
    output: Promotion,
    context: Pick<StepContext<PromoteModelParams>, 'params' | 'dir'>,
  ) => string | undefined
} = Object.assign(promote, { stale: stalePromotion })

async function promote(
  { model, metrics, gate, training, token }: PromoteModelInputs,
  context: StepContext<PromoteModelParams>,
): Promise<Promotion> {
  const { dir, name, alias } = placeOf(context)
  const params = readParams('promoteModel', context.params, PARAMS)
  const url = params.has('url') ? params.text('url') : undefined
  const timeout = params.number('timeout', { above: 0, max: 600 }, 10)
  if (url !== undefined && !/^https?:\/\//.test(url))
    params.refuse('url', 'an http: or https: address')
  requireModel(model)
  const bounds = readBounds('promoteModel', params, context.params.bounds, model.features)
  const schema: ModelSchema = schemaOf(model, bounds, training)
  const reference = referenceOf(model, training)
  // A model that cannot be opened is not promoted, and a server must predict the same as this process.
  const row = training?.[0] ?? exampleOf(schema)
  const prediction = await withModel(model, async (opened) =>
    url === undefined ? undefined : (await opened.predict([row]))[0],
  )
  context.signal.throwIfAborted()

  const data = training === undefined ? {} : { training: digestValue(training) }
  const release = { name, model, schema, metrics, gate, data, reference }
  const place = { model: name, alias, by: 'promoteModel' }
  let version = heldVersion(dir.absolute, alias, release)
  if (version === undefined) {
    version = registerVersion(dir.absolute, release, 'promoteModel')
    context.log(`version ${version} of ${name} is registered: ${describeModel(model)}`)
    const undone = takenBack(dir.absolute, alias, version, release)
    if (undone !== undefined) throw refused(`${name}@${alias}`, undone)
    const why =
      gate === undefined ? undefined : `${gate.metric} ${significant(gate.value)} passed the gate`
    const move = moveAlias(dir.absolute, { ...place, version, action: 'promote', why })
    context.log(
      move === undefined
        ? `${alias} pointed to it already`
        : `${alias} points to it; before: ${move.previous ?? 'nothing'}`,
    )
  } else context.log(`${alias} has this model already: version ${version}`)
  if (url !== undefined) {
    const expected = { model: name, version, row, prediction }
    const takeBack = (found: string): string => {
      const last = latestMove(dir.absolute, name, alias)
      // Also when an earlier run was killed before it had asked the server. What the server has answered with
      // since is not taken back because it is down now.
      const isOurs = last?.version === version && last.by === place.by
      if (!isOurs || hasAnswered(dir.absolute, { ...place, number: last.number })) {
        return 'the alias stays as it is'
      }
      const back = { version: last.previous, action: 'revert', from: version, why: found } as const
      moveAlias(dir.absolute, { ...place, ...back })
      return `the alias points to ${last.previous ?? 'nothing'} again`
    }
    let found: string | undefined
    try {
      found = await checkServer(url, expected, { timeout, token, signal: context.signal })
    } catch (error) {
      takeBack('the run was cancelled before the server had answered')
      throw error
    }
    if (found !== undefined) throw smokeFailed(`${name}@${alias}`, version, found, takeBack(found))
    context.log(`${url} answers with version ${version}`)
    const last = latestMove(dir.absolute, name, alias)
    if (last?.version === version) {
      noteAnswered(dir.absolute, { ...place, number: last.number }, { at: Date.now(), url })
    }
  }
  return { model: name, version, alias }
}

/**
 * The version that the alias points to, if that is this model. What the model was compared with is part of a
 * version's manifest, so that a champion compared with itself would otherwise become another version.
 */
function heldVersion(dir: string, alias: string, release: Release): string | undefined {
  const id = latestMove(dir, release.name, alias)?.version ?? undefined
  if (id === undefined || !isVersionOf(dir, id, release)) return undefined
  // Versions were once registered without a reference, and never change.
  const isLess = release.reference !== undefined && !readReference(dir, release.name, id)
  return isLess ? undefined : id
}

/**
 * The move by which a person has taken the alias from this model. All versions with it count as one: it may
 * have been compared with other champions before.
 */
function takenBack(
  dir: string,
  alias: string,
  version: string,
  release: Release,
): Move | undefined {
  const moves = movesOf(dir, release.name, alias)
  const ids = new Set(moves.flatMap((move) => move.version ?? []))
  const same = new Set([...ids].filter((id) => id !== version && isVersionOf(dir, id, release)))
  const one = (id: string | null): string | null => (id !== null && same.has(id) ? version : id)
  const found = rolledBack(
    moves.map((move) => ({ ...move, version: one(move.version), previous: one(move.previous) })),
    version,
  )
  return moves.find(({ number }) => number === found?.number)
}

function stalePromotion(
  { version }: Promotion,
  context: Pick<StepContext<PromoteModelParams>, 'params' | 'dir'>,
): string | undefined {
  return reasonOf(() => {
    const { dir, name, alias } = placeOf(context)
    const now = latestMove(dir.absolute, name, alias)?.version ?? null
    if (now !== version) return `${name}@${alias} points to ${now ?? 'nothing'}, not ${version}`
    const problem = problemOfVersion(dir.absolute, name, version)
    return typeof problem === 'string' ? `version ${version} of ${name}: ${problem}` : undefined
  })
}

function placeOf(context: Pick<StepContext<PromoteModelParams>, 'params' | 'dir'>): AliasPlace {
  return readAliasPlace(readParams('promoteModel', context.params, PARAMS), context.dir)
}

/** A row that the schema allows, for a model of whose rows none is known. */
function exampleOf({ inputs }: ModelSchema): Rows[number] {
  return Object.fromEntries(
    inputs.map(({ name, values, min = 1, max = min }) => [
      name,
      values?.[0] ?? Math.min(Math.max(1, min), Math.max(max, min)),
    ]),
  )
}

function refused(place: string, { previous: version, who, why }: Move): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ROLLED_BACK',
    summary: `version ${version} was taken back from ${place} by ${who}`,
    details: why ?? 'no reason was given',
    hint: `change what the model is made of; or promote it by hand: stepwell model promote ${place.split('@')[0]}@${version}`,
  })
}

function smokeFailed(place: string, version: string, found: string, then: string): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_SMOKE_FAILED',
    summary: `the server of ${place} does not answer with version ${version}`,
    details: `${found}; ${then}`,
    hint: 'look at the server, then run again',
  })
}
