import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { CommitSet, GitRepository, Revision } from '@stepwell/dvc'
import { openEngine, StepwellError } from '@stepwell/engine'
import type { ProjectOptions } from './project.ts'

/** Which states of a DVC project a command looks at. */
export interface RevisionOptions extends ProjectOptions {
  /** Ids of recorded runs. */
  readonly run?: readonly string[]
  readonly targets?: readonly string[]
}

export const WORKSPACE = 'workspace'
const RUN = 'run:'

/** A DVC project, and how its states are opened. */
export interface History {
  readonly root: string
  /** @throws StepwellError STEPWELL_GIT, STEPWELL_RUN_UNKNOWN, and what is wrong with its `dvc.yaml` */
  readonly open: (name: string) => Promise<Revision>
  /** All commits of a kind. */
  readonly commits: (set: CommitSet) => readonly { readonly name: string }[]
  /** @throws StepwellError STEPWELL_GIT where there is no repository */
  readonly git: () => GitRepository
  /** A path of the user's, from the root. */
  readonly inside: (path: string) => string
  /** A path of the project, from where the user is. */
  readonly shown: (path: string) => string
}

/** Does something with the states of a DVC project. */
export async function withHistory<T>(
  { cwd, pipeline }: ProjectOptions,
  targets: readonly string[],
  use: (history: History) => Promise<T>,
): Promise<T> {
  const dvc = await import('@stepwell/dvc')
  const base = resolve(cwd)
  const root = dvc.dvcRoot(pipeline === undefined ? base : resolve(base, pipeline))
  const inside = (path: string): string => relative(root, resolve(base, path)) || '.'
  const wanted = targets.map(inside)
  const left: string[] = []
  const named = new Map<string, string>()
  let repository: GitRepository | undefined
  const git = (): GitRepository => (repository ??= new dvc.GitRepository(root))

  const open = async (name: string): Promise<Revision> => {
    if (name === WORKSPACE) return dvc.workspaceRevision(root)
    if (name.startsWith(RUN)) return await openRun(name)
    const commit = named.get(name) ?? git().commitOf(name)
    return dvc.gitRevision(root, git(), { name, commit })
  }

  const openRun = async (name: string): Promise<Revision> => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwell-run-'))
    left.push(dir)
    const now = dvc.workspaceRevision(root)
    const shown = [...dvc.metricPaths(now), ...dvc.plotPaths(now), ...wanted]
    const wants = (path: string): boolean => shown.some((each) => overlap(each, path))
    await using engine = await openEngine({ dir: root })
    await engine.copyOuts(name.slice(RUN.length), { to: dir, wants })
    return dvc.runRevision(root, name, dir)
  }

  try {
    return await use({
      root,
      open,
      git,
      commits: (set) => {
        const found = git().commits(set)
        for (const { name, commit } of found) named.set(name, commit)
        return found
      },
      inside,
      shown: (path) => relative(base, join(root, path)),
    })
  } finally {
    for (const dir of left) rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * The two states that a diff is of: as named, else HEAD and what is there now.
 * @throws StepwellError STEPWELL_USAGE for more than two
 */
export function sidesOf(
  revisions: readonly (string | undefined)[],
  runs: readonly string[] = [],
): readonly [string, string] {
  const named = [...revisions.filter((name) => name !== undefined), ...runNames(runs)]
  const [before = 'HEAD', after = WORKSPACE, ...others] = named
  if (others.length === 0) return [before, after]
  throw new StepwellError({
    code: 'STEPWELL_USAGE',
    summary: 'a diff is of two revisions or runs',
    details: `got ${named.join(', ')}`,
    hint: 'name one or two',
  })
}

export function runNames(runs: readonly string[] = []): string[] {
  return runs.map((id) => `${RUN}${id}`)
}

/** Says on standard error what could not be read. */
export function warn(text: string): void {
  process.stderr.write(`warning: ${text}\n`)
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`) || one === '.'
}
