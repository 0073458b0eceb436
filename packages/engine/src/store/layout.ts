import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { replaceFileSync } from '@stepwell/base/atomic-file'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import { refuseNetwork } from './network-fs.ts'

/** Of the directory. Changes whenever what is in it cannot be read any more; keys have a format of their own. */
export const LAYOUT = 2

/** Where the parts of a project's `.stepwell` directory are. */
export interface StateDirs {
  /** The project directory itself. */
  readonly project: string
  readonly root: string
  readonly objects: string
  readonly runs: string
  readonly state: string
  readonly claims: string
  readonly staging: string
  readonly scratch: string
  readonly recycle: string
  /** Stored bytes that were damaged. */
  readonly quarantine: string
  readonly downloads: string
  readonly pins: string
  /** What the items of mapped steps gave. */
  readonly items: string
  /** Services that are up. */
  readonly services: string
  /** The audit trail of what was accepted. */
  readonly accepted: string
  /** What was found out about code. */
  readonly code: string
}

/**
 * Where a project keeps its state. Makes nothing, so that what only reads leaves no trace.
 *
 * @throws StepwellError STEPWELL_FORMAT when another version of Stepwell wrote it; STEPWELL_STATE where a
 *   symbolic link in it leads elsewhere.
 */
export function stateDirs(dir: string): StateDirs {
  const root = join(dir, '.stepwell')
  refuseLinks(root)
  const format = readFormat(root) ?? String(LAYOUT)
  if (format !== String(LAYOUT)) {
    throw new StepwellError({
      code: 'STEPWELL_FORMAT',
      summary: `${root} is in format ${JSON.stringify(format)}, and this version reads and writes format ${LAYOUT}`,
      hint: 'use the version of Stepwell that wrote it, or move the directory away: every step will then be rerun once',
    })
  }
  return {
    project: dir,
    root,
    objects: join(root, 'objects'),
    runs: join(root, 'runs'),
    state: join(root, 'state'),
    claims: join(root, 'claims'),
    staging: join(root, 'staging'),
    scratch: join(root, 'scratch'),
    recycle: join(root, 'recycle'),
    quarantine: join(root, 'quarantine'),
    downloads: join(root, 'downloads'),
    pins: join(root, 'pins'),
    items: join(root, 'items'),
    services: join(root, 'services'),
    accepted: join(root, 'accepted.ndjson'),
    code: join(root, 'code'),
  }
}

/**
 * Creates the state directory if it does not exist. It ignores itself in Git, so that a project needs no
 * entry for it.
 *
 * @throws StepwellError STEPWELL_STATE, STEPWELL_NETWORK_FS.
 */
export function createState({ project, root }: StateDirs): void {
  refuseNetwork(root)
  refuseLinks(root, 2)
  if (readFormat(root) !== undefined) return
  try {
    makePrivate(project, root)
    replaceFileSync(join(root, '.gitignore'), '*\n')
    // Durable: a format that is torn by a crash would read as that of another version.
    replaceFileSync(join(root, 'format'), `${LAYOUT}\n`)
  } catch (cause) {
    throw new StepwellError({
      code: 'STEPWELL_STATE',
      summary: `the state directory ${root} cannot be made`,
      hint: 'check that the project directory exists and is writable',
      cause,
    })
  }
}

/**
 * What steps read, log and leave may be private. So only the owner may look, and a group that may write to
 * the project, whatever the umask is.
 */
function makePrivate(project: string, root: string): void {
  const isShared = (statSync(project).mode & 0o020) !== 0
  const wanted = isShared ? 0o770 : 0o700
  mkdirSync(root, { recursive: true, mode: wanted })
  const { mode } = statSync(root)
  if ((mode & 0o777 & ~wanted) === 0) return
  try {
    chmodSync(root, mode & (wanted | 0o7000))
  } catch (error) {
    // Another user made it.
    if (codeOf(error) !== 'EPERM') throw error
  }
}

/**
 * The state directory itself may be a link, to a volume; nothing in it is: Stepwell makes none there, and one that
 * came with a copied project or a cache would lead what is written or removed to any place.
 */
function refuseLinks(dir: string, depth = 1): void {
  let entries: Dirent[]
  try {
    entries = readdirSync(dir, { withFileTypes: true })
  } catch {
    return
  }
  for (const entry of entries) {
    const path = join(dir, entry.name)
    if (entry.isSymbolicLink()) {
      throw new StepwellError({
        code: 'STEPWELL_STATE',
        summary: `${path} is a symbolic link`,
        details: 'Stepwell follows no link in its own directory: it could lead to any place',
        hint: 'remove it; to keep the state on another disk, link the whole .stepwell directory',
      })
    }
    if (depth > 1 && entry.isDirectory()) refuseLinks(path, depth - 1)
  }
}

function readFormat(root: string): string | undefined {
  try {
    return readFileSync(join(root, 'format'), 'utf8').trim()
  } catch {
    return undefined
  }
}
