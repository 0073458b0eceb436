import { StepwellError } from '@stepwell/engine/author'
import { basename, join } from 'node:path'
import { whoAmI } from '@stepwell/base/user'
import { createFileSync, removeLeftovers } from '@stepwell/base/atomic-file'
import { namesInSync, readIfPresent, writing } from '@stepwell/base/files'
import { jsonText, memberOf, parseJson } from '@stepwell/base/json-text'
import type { Move } from './move.ts'
import { isAliasName, requireAliasName, requireModelName } from './name.ts'

// Each move is a file with the next number: `aliases/champion/00000007.json`. The highest one says where
// the alias points, so that the move and its record are one act; a file is linked into place whole, and a
// link never replaces one, so that of two who move at once one sees the other.
const MOVE = /^(\d{8})\.json$/

/** The folder that changes when the alias moves. */
export function aliasFolder(dir: string, model: string, alias: string): string {
  return join(dir, requireModelName(model), 'aliases', requireAliasName(alias))
}

/** The names of a model's aliases, also of those that were removed, sorted. */
export function aliasNames(dir: string, model: string): string[] {
  const names = namesInSync(join(dir, requireModelName(model), 'aliases'))
  return names.filter(isAliasName).toSorted()
}

/**
 * The latest move of an alias, or `undefined` if it never moved.
 * @throws StepwellError STEPWELL_REGISTRY_DAMAGED
 */
export function latestMove(dir: string, model: string, alias: string): Move | undefined {
  const folder = aliasFolder(dir, model, alias)
  const number = numbersIn(folder).at(-1)
  return number === undefined ? undefined : readMove(folder, number)
}

/**
 * The latest move among files of an alias's folder, for who has them and not the folder.
 * @throws StepwellError STEPWELL_REGISTRY_DAMAGED
 */
export function latestMoveIn(
  files: readonly { readonly path: string; readonly text: () => string }[],
): Move | undefined {
  const moves = files.flatMap((file) => {
    const [, digits] = MOVE.exec(basename(file.path)) ?? []
    return digits === undefined ? [] : [{ file, number: Number(digits) }]
  })
  const last = moves.toSorted((a, b) => a.number - b.number).at(-1)
  return last && parseMove(last.file.path, last.number, last.file.text())
}

/**
 * All moves of an alias, oldest first.
 * @throws StepwellError STEPWELL_REGISTRY_DAMAGED
 */
export function movesOf(dir: string, model: string, alias: string): Move[] {
  const folder = aliasFolder(dir, model, alias)
  return numbersIn(folder).map((number) => readMove(folder, number))
}

export interface MoveRequest {
  readonly model: string
  readonly alias: string
  /** `null` removes the alias. */
  readonly version: string | null
  readonly action: Move['action']
  readonly by: string
  readonly why?: string | undefined
  /**
   * Where the alias must point for the move to be made.
   * @default wherever it points
   */
  readonly from?: string | null
}

/**
 * Moves an alias, durably and atomically, even if others move it at the same time or the process is killed.
 * The caller makes sure that the version is registered.
 *
 * @returns the move, or `undefined` when the alias points there already
 * @throws StepwellError STEPWELL_ALIAS_MOVED when it does not point to `from`; STEPWELL_REGISTRY_DAMAGED;
 *   STEPWELL_WRITE_FAILED.
 */
export function moveAlias(dir: string, request: MoveRequest): Move | undefined {
  const { model, alias, version, action, by, why, from } = request
  const folder = aliasFolder(dir, model, alias)
  for (;;) {
    const before = latestMove(dir, model, alias)
    const previous = before?.version ?? null
    if (from !== undefined && from !== previous) throw moved(request, previous)
    if (previous === version) return undefined
    const number = (before?.number ?? 0) + 1
    const rest = { version, previous, at: Date.now(), who: whoAmI(), by, why: why ?? null }
    const move: Move = { number, action, ...rest }
    const isMade = writing(folder, () => {
      for (const each of [number - 1, number]) removeLeftovers(join(folder, nameOf(each)))
      return createFileSync(join(folder, nameOf(number)), Buffer.from(`${jsonText(move, 2)}\n`))
    })
    // Else another one was faster: what it did decides what there is to do.
    if (isMade) return move
  }
}

/** Notes beside a move that a server has answered with its version. */
export function noteAnswered(
  dir: string,
  { model, alias, number }: MoveRef,
  answered: { readonly at: number; readonly url: string },
): void {
  const path = join(aliasFolder(dir, model, alias), answeredName(number))
  writing(path, () => createFileSync(path, Buffer.from(`${jsonText(answered, 2)}\n`)))
}

/** Whether a server has answered with the version of a move since. */
export function hasAnswered(dir: string, { model, alias, number }: MoveRef): boolean {
  return namesInSync(aliasFolder(dir, model, alias)).includes(answeredName(number))
}

export interface MoveRef {
  readonly model: string
  readonly alias: string
  readonly number: number
}

function answeredName(number: number): string {
  return nameOf(number).replace('.json', '.answered')
}

function numbersIn(folder: string): number[] {
  const numbers = namesInSync(folder).map((name) => MOVE.exec(name)?.[1])
  return numbers
    .filter((digits) => digits !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
}

function nameOf(number: number): string {
  return `${String(number).padStart(8, '0')}.json`
}

function readMove(folder: string, number: number): Move {
  const path = join(folder, nameOf(number))
  return parseMove(path, number, readIfPresent(path)?.toString('utf8') ?? '')
}

function parseMove(path: string, number: number, text: string): Move {
  const value = parseJson(text)
  const version = memberOf(value, 'version')
  const isMove =
    memberOf(value, 'number') === number && (version === null || typeof version === 'string')
  if (isMove) return value as Move
  throw new StepwellError({
    code: 'STEPWELL_REGISTRY_DAMAGED',
    summary: 'a move of an alias cannot be read',
    details: path,
    hint: 'put the file back from a copy; without one, remove it, and the alias points where it did before',
  })
}

function moved({ model, alias, from }: MoveRequest, previous: string | null): StepwellError {
  return new StepwellError({
    code: 'STEPWELL_ALIAS_MOVED',
    summary: `${model}@${alias} was moved by another process`,
    details: `it points to ${previous ?? 'nothing'}, not to ${from ?? 'nothing'}`,
    hint: 'look at `stepwell model show`, then decide again',
  })
}
