import { StepwellError } from '@stepwell/engine'
import {
  describeVersion,
  latestMove,
  moveAlias,
  movesOf,
  parseModelRef,
  requireAliasName,
  requireModelName,
  resolveVersion,
  versionBefore,
  type Move,
} from '@stepwell/registry'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { registryOf, requireModel, type ModelOptions } from './registry.ts'
import { print, printJson } from './project.ts'

export interface MoveOptions extends ModelOptions {
  readonly alias: string
  readonly because?: string
}

/** Moves an alias to a version. */
export async function promote(ref: string, options: MoveOptions): Promise<ExitCode> {
  const dir = await registryOf(options)
  const { model, id } = resolveVersion(dir, parseModelRef(ref), 'challenger')
  // What cannot be loaded is not promoted.
  describeVersion(dir, model, id)
  return move(dir, model, id, 'promote', options)
}

/** Moves an alias back to the version that it had before. */
export async function rollback(model: string, options: MoveOptions): Promise<ExitCode> {
  const dir = await registryOf(options)
  requireModel(dir, model)
  const { alias } = options
  const before = versionBefore(movesOf(dir, model, requireAliasName(alias)))
  if (before !== undefined) {
    describeVersion(dir, model, before)
    return move(dir, model, before, 'rollback', options)
  }
  throw new StepwellError({
    code: 'STEPWELL_ALIAS_UNKNOWN',
    summary: `${model}@${alias} cannot be rolled back`,
    details: 'it pointed to no other version before',
    hint: '`stepwell model show` has its history; promote another version',
  })
}

/** Removes an alias. */
export async function removeAlias(model: string, options: MoveOptions): Promise<ExitCode> {
  const dir = await registryOf(options)
  resolveVersion(dir, { model: requireModelName(model), which: options.alias }, options.alias)
  return move(dir, model, null, 'remove', options)
}

function move(
  dir: string,
  model: string,
  version: string | null,
  action: Move['action'],
  { alias, because, json }: MoveOptions,
): ExitCode {
  const from = latestMove(dir, model, requireAliasName(alias))?.version ?? null
  const request = { model, alias, version, action, by: 'stepwell model', why: because, from }
  const made = moveAlias(dir, request)
  const place = `${model}@${alias}`
  if (json) {
    const to = version === null ? {} : { version }
    printJson('stepwell.model-move/1', {
      model,
      alias,
      ...to,
      ...(from !== null && { previous: from }),
      moved: made !== undefined,
    })
  } else if (made === undefined) print(`${place} points to ${version} already`)
  else print(`${place} points to ${version ?? 'nothing'}; before: ${made.previous ?? 'nothing'}`)
  return EXIT.ok
}
