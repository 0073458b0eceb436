import { lstatSync, readdirSync } from 'node:fs'
import { chmod, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecordedPath } from '../../value/recorded-path.ts'

/**
 * What a tree leaves out, because it does not count for identity: the modes of a directory's files and
 * directories, and the order in which the files were written. By path; the empty path is the directory
 * itself.
 */
export type Attributes = ReadonlyMap<string, Attribute>

interface Attribute {
  readonly mode: number
  /** Of files: equal for the same time, higher for a later one. */
  readonly rank?: number
}

const HEAD = 'stepwell attributes 1'
// Of files none that lets others act as their owner; of directories those by which new files get their group,
// and that keep others from removing them.
const FILE_MODE = 0o777
const DIR_MODE = 0o3777
// Far more than clocks of file systems tell apart, far less than anybody waits.
const STEP_S = 0.000_01

/** The part of a file's mode that comes back. */
export function fileMode(mode: number): number {
  return mode & FILE_MODE
}

/** @param root absolute */
export function readAttributes(root: string): string {
  const rows: [path: string, mode: number, time?: bigint][] = [['', modeOf(root)]]
  const pending = ['']
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readdirSync(join(root, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isDirectory()) {
        rows.push([path, modeOf(join(root, path))])
        pending.push(path)
      } else if (entry.isFile()) {
        const { mode, mtimeNs } = lstatSync(join(root, path), { bigint: true })
        rows.push([path, fileMode(Number(mode)), mtimeNs])
      }
    }
  }
  const times = [...new Set(rows.flatMap(([, , time]) => (time === undefined ? [] : [time])))]
  times.sort((a, b) => (a < b ? -1 : 1))
  const ranks = new Map(times.map((time, rank) => [time, rank]))
  const lines = rows
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, mode, time]) => {
      return JSON.stringify(time === undefined ? [path, mode] : [path, mode, ranks.get(time)])
    })
  return `${[HEAD, ...lines].join('\n')}\n`
}

/** @throws RangeError when the text does not hold attributes. */
export function parseAttributes(text: string): Attributes {
  const [head, ...lines] = text.split('\n')
  if (head !== HEAD || lines.pop() !== '') throw new RangeError('not attributes')
  return new Map(
    lines.map((line) => {
      const row: unknown = JSON.parse(line)
      const [path, mode, rank] = Array.isArray(row) ? (row as unknown[]) : []
      const isOurs =
        (path === '' || isRecordedPath(path)) &&
        Number.isInteger(mode) &&
        (rank === undefined || Number.isInteger(rank))
      if (!isOurs) throw new RangeError('not attributes')
      const isFile = typeof rank === 'number'
      const counted = (mode as number) & (isFile ? FILE_MODE : DIR_MODE)
      return [path, { mode: counted, ...(isFile && { rank }) }]
    }),
  )
}

/**
 * Sets the modes of a written directory, and the times of its files in the order in which they were written:
 * the last one that of now, so that none seems older than what was there before.
 *
 * @param files paths of those that are no links to anything else
 */
export async function applyAttributes(
  root: string,
  attributes: Attributes,
  files: Iterable<string>,
): Promise<void> {
  const latest = [...attributes.values()].reduce((max, { rank = 0 }) => Math.max(max, rank), 0)
  const now = Date.now() / 1000
  for (const path of latest === 0 ? [] : files) {
    const { rank } = attributes.get(path) ?? {}
    if (rank === undefined) continue
    const time = now - (latest - rank) * STEP_S
    await utimes(join(root, path), time, time)
  }
  const dirs = [...attributes].filter(([, { rank }]) => rank === undefined)
  // What is inside comes first: its directory may not admit it afterwards.
  for (const [path, { mode }] of dirs.toReversed()) await chmod(join(root, path), mode & DIR_MODE)
}

function modeOf(dir: string): number {
  return lstatSync(dir).mode & DIR_MODE
}
