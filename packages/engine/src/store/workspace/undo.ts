import { isMissing } from '@stepwell/base/files'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, messageOf, StepwellError } from '@stepwell/base/errors'
import { move } from '@stepwell/base/move'
import { isRecord } from '../../value/recorded-outputs.ts'
import { isRecordedName, isRecordedPath } from '../../value/recorded-path.ts'
import { blockerOf, statsAt } from './out-obstacle.ts'

/**
 * What a step that writes in place has taken from the project, in its place in `staging`:
 *
 *     outs.json        what it is about to take: written before it does
 *     before/<n>/...   what was at the path of the out, moved here by one rename
 *     none/<n>         nothing was there
 *     back/<n>/...     on its way back
 *
 * As long as `outs.json` exists, the next process that finds it puts all of it back. It is deleted, in
 * one act, once what the step left has been committed.
 */
export interface TakenOuts {
  readonly step: string
  /** Relative to the project; their places in this list are their numbers. */
  readonly paths: readonly string[]
}

const RECORD = 'outs.json'

/** Where the record is. */
export function recordIn(place: string): string {
  return join(place, RECORD)
}

/** Where what was at a path is kept meanwhile. */
export function beforeIn(place: string, nth: number, path: string): string {
  return join(place, 'before', String(nth), basename(path))
}

/** A file that says that nothing was at a path. */
export function noneIn(place: string, nth: number): string {
  return join(place, 'none', String(nth))
}

/** `undefined` where nothing is to be put back. */
export function readTaken(place: string): TakenOuts | undefined {
  try {
    const taken: unknown = JSON.parse(readFileSync(recordIn(place), 'utf8'))
    return isTakenOuts(taken) && hasNoLinks(place) ? taken : undefined
  } catch (error) {
    // One that the disk has damaged leads nowhere: what is here goes aside.
    if (error instanceof SyntaxError) return undefined
    if (isMissing(error)) return undefined
    throw error
  }
}

/** What was written by a stranger leads nowhere either. */
function isTakenOuts(value: unknown): value is TakenOuts {
  if (!isRecord(value) || !isRecordedName(value['step'])) return false
  const { paths } = value
  return Array.isArray(paths) && paths.every(isRecordedPath)
}

/** What is to be put back is in the place itself: a link could lead to anything. */
function hasNoLinks(place: string): boolean {
  const dirs = ['before', 'none', 'back'].map((name) => join(place, name))
  const numbered = dirs.flatMap((dir) => {
    if (statsAt(dir)?.isDirectory() !== true) return []
    return readdirSync(dir).map((nth) => join(dir, nth))
  })
  return [place, ...dirs, ...numbered].every((path) => statsAt(path)?.isSymbolicLink() !== true)
}

/** Ends that it is put back. */
export async function forgetTaken(place: string): Promise<void> {
  await rm(recordIn(place), { force: true })
}

/**
 * Puts back what was at the path of an out. May be killed at any moment and begun again. The caller has the
 * claim on the path.
 *
 * @param letGo takes away what has come there meanwhile
 * @throws StepwellError STEPWELL_OUT_PLACE when the project cannot be written.
 */
export async function putBack(
  project: string,
  place: string,
  { step, paths }: TakenOuts,
  nth: number,
  letGo: (path: string) => Promise<unknown>,
): Promise<void> {
  const path = paths[nth] ?? ''
  const final = join(project, path)
  const before = beforeIn(place, nth, path)
  const back = join(place, 'back', String(nth), basename(path))
  const none = noneIn(place, nth)
  try {
    if (statsAt(back) === undefined) {
      const isTaken = statsAt(before) !== undefined
      // It has not been touched, or has been put back.
      if (!isTaken && statsAt(none) === undefined) return
      const blocker = blockerOf(project, path)
      if (blocker === undefined) {
        if (statsAt(final) !== undefined) await letGo(final)
      } else if (isTaken) await letGo(blocker.path)
      await rm(none, { force: true })
      if (!isTaken) return
      await mkdir(dirname(dirname(back)), { recursive: true })
      await rename(dirname(before), dirname(back))
    }
    // What is there is this very thing, if it had to be copied; else it would have made room.
    if (statsAt(final) === undefined) await move(back, final)
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_OUT_PLACE',
      summary: `\`${path}\` cannot be put back as it was before step \`${step}\` ran`,
      details: `${codeOf(cause) ?? messageOf(cause)}; it is kept below ${place}`,
      hint: 'check the permissions and the room on the disk, and run again: nothing is lost',
      cause,
    })
  }
}
