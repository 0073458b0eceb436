import { execFileSync } from 'node:child_process'
import { posix } from 'node:path'
import { StepwellError } from '@stepwell/engine'
import type { Tree, TreeEntry } from '../project/tree.ts'

/** A commit, and what it is called: a branch, a tag, or its hash. */
export interface NamedCommit {
  readonly name: string
  readonly commit: string
}

export type CommitSet = 'branches' | 'tags' | 'commits'

/** The Git repository that a project is in, by the command `git`. It is read, and never written. */
export class GitRepository {
  readonly #root: string
  /** Where in the repository the project is: with a slash at its end, or empty. */
  readonly #prefix: string

  /** @throws StepwellError STEPWELL_GIT where there is no `git`, or no repository */
  constructor(root: string) {
    this.#root = root
    this.#prefix = this.#text('rev-parse', '--show-prefix').trim()
  }

  get hasCommits(): boolean {
    try {
      this.#text('rev-parse', '--verify', '--quiet', 'HEAD')
      return true
    } catch {
      return false
    }
  }

  /** @throws StepwellError STEPWELL_GIT where it names no commit */
  commitOf(revision: string): string {
    try {
      const name = `${revision}^{commit}`
      return this.#text('rev-parse', '--verify', '--quiet', '--end-of-options', name).trim()
    } catch (cause) {
      throw gitError(`there is no revision ${JSON.stringify(revision)}`, {
        hint: 'name a commit, a branch or a tag; `workspace` is what is there now, `run:<id>` a recorded run',
        cause,
      })
    }
  }

  /** The branch that is checked out, if one is. */
  get branch(): string | undefined {
    try {
      return this.#text('symbolic-ref', '--short', '--quiet', 'HEAD').trim()
    } catch {
      return undefined
    }
  }

  /** All commits of a kind, each once, latest name first. */
  commits(set: CommitSet): NamedCommit[] {
    if (set === 'commits') {
      const commits = lines(this.#text('rev-list', '--branches', '--tags', 'HEAD'))
      return commits.map((commit) => ({ name: commit, commit }))
    }
    const where = set === 'branches' ? 'refs/heads' : 'refs/tags'
    const names = lines(this.#text('for-each-ref', '--format=%(refname:strip=2)', where))
    return names.map((name) => ({ name, commit: this.commitOf(`${where}/${name}`) }))
  }

  /** Whether what Git tracks differs from the latest commit. */
  get isDirty(): boolean {
    return this.#text('status', '--porcelain', '--untracked-files=no').trim() !== ''
  }

  /**
   * The files of the project in a commit.
   * @throws StepwellError STEPWELL_GIT where the commit lacks the directory of the project
   */
  tree(commit: string): Tree {
    const dir = this.#prefix === '' ? commit : `${commit}:${this.#prefix.slice(0, -1)}`
    const listed = this.#text('ls-tree', '-r', '-z', '--full-tree', dir)
    const entries = listed.split('\0').flatMap((row) => {
      const [, mode = '', type, object = '', path = ''] = ROW.exec(row) ?? []
      return type === 'blob' ? [{ path, object, isLink: mode === '120000' }] : []
    })
    return commitTree(entries, (object) => this.#bytes('cat-file', 'blob', object))
  }

  #text(...args: readonly string[]): string {
    return this.#bytes(...args).toString('utf8')
  }

  #bytes(...args: readonly string[]): Buffer {
    try {
      return execFileSync('git', ['-C', this.#root, ...args], {
        maxBuffer: 2 ** 30,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
      })
    } catch (cause) {
      throw gitFailure(cause)
    }
  }
}

const ROW = /^(\d+) (\w+) ([\da-f]+)\t([^]+)$/
const MAX_LINKS = 10

interface Blob {
  readonly path: string
  readonly object: string
  readonly isLink: boolean
}

function commitTree(blobs: readonly Blob[], read: (object: string) => Uint8Array): Tree {
  const files = new Map(blobs.map((blob) => [blob.path, blob]))
  const dirs = new Map<string, Map<string, TreeEntry>>([['', new Map()]])
  for (const { path } of blobs) enter(path, false)

  function enter(path: string, isDir: boolean): void {
    const slash = path.lastIndexOf('/')
    const dir = slash === -1 ? '' : path.slice(0, slash)
    if (!dirs.has(dir)) {
      dirs.set(dir, new Map())
      enter(dir, true)
    }
    const name = path.slice(slash + 1)
    dirs.get(dir)?.set(name, { name, isDir })
  }

  // A link to a file is the file, as long as it stays inside of the commit.
  function blobAt(path: string, links = 0): Blob | undefined {
    const blob = files.get(path)
    if (blob?.isLink !== true) return blob
    if (links === MAX_LINKS) return undefined
    const target = Buffer.from(read(blob.object)).toString('utf8')
    return blobAt(posix.join(posix.dirname(path), target), links + 1)
  }

  return {
    isCommit: true,
    kind: (path) => {
      if (path === '.' || dirs.has(path)) return 'dir'
      if (!files.has(path)) return undefined
      return blobAt(path) === undefined ? 'other' : 'file'
    },
    bytes: (path) => read(blobAt(path)?.object ?? ''),
    list: (dir) => [...(dirs.get(dir)?.values() ?? [])],
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

function gitFailure(cause: unknown): StepwellError {
  const { code, stderr } = cause as { readonly code?: unknown; readonly stderr?: unknown }
  if (code === 'ENOENT') {
    return gitError('there is no command git', {
      hint: 'install Git: revisions are read by it',
      cause,
    })
  }
  const said = Buffer.isBuffer(stderr) ? stderr.toString('utf8').trim() : ''
  if (said.includes('not a git repository')) {
    return gitError('the project is in no Git repository', {
      hint: 'name two runs with --run, or make one with git init',
      cause,
    })
  }
  return gitError('git failed', {
    details: said.split('\n').at(-1)?.trim() || String(cause),
    hint: 'check that git works here: git status',
    cause,
  })
}

function gitError(
  what: string,
  more: { readonly details?: string; readonly hint: string; readonly cause: unknown },
): StepwellError {
  return new StepwellError({ code: 'STEPWELL_GIT', summary: what, ...more })
}
