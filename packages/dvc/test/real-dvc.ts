import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ProjectCase, RefusedCase } from './project-case.ts'
import { takeSnapshot, temporaryDir, writeFiles, type Snapshot } from './sandbox.ts'

/** What a real DVC said and did in a project. */
export interface Recording {
  readonly name: string
  readonly states: readonly RecordedState[]
}

export interface RecordedState {
  readonly edit: string
  /** All of the project before DVC ran. */
  readonly before: Snapshot
  /** `dvc status --json`. */
  readonly status: unknown
  /** `dvc stage list --all --name-only`. */
  readonly stages: readonly string[]
  /**
   * The stages that `dvc repro --dry --all-pipelines` would run, in its order; `null` where it fails,
   * as it does for a stage that reads what is yet to be made.
   */
  readonly stale: readonly string[] | null
  /** The stages that `dvc repro --all-pipelines` ran, took from its cache or verified, in order. */
  readonly ran: readonly string[]
  readonly after: Snapshot
  readonly statusAfter: unknown
}

/** A real DVC, started once. */
export interface Dvc {
  readonly version: string
  readonly call: (dir: string, args: readonly string[]) => Promise<Answer>
  readonly close: () => void
}

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * The real DVC that the environment names by `STEPWELL_DVC`: the path of a `dvc` that pip installed.
 */
export function realDvc(): Dvc | undefined {
  const path = process.env['STEPWELL_DVC']
  if (path === undefined || path === '') return undefined
  const python = /^#!(\S+)/.exec(readFileSync(path, 'utf8'))?.[1]
  if (python === undefined) throw new Error(`${path} is no Python program`)
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
  const server = fileURLToPath(new URL('dvc-server.py', import.meta.url))
  const child = spawn(python, [server], { stdio: ['pipe', 'pipe', 'inherit'] })
  return { version, call: callerOf(child), close: () => child.stdin.end() }
}

function callerOf(child: ChildProcess): Dvc['call'] {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no pipes')
  const waiting: ((answer: Answer) => void)[] = []
  createInterface({ input: stdout }).on('line', (line) => {
    waiting.shift()?.(JSON.parse(line) as Answer)
  })
  return async (dir, args) => {
    const env = {
      SHELL: '/bin/sh',
      DVC_NO_ANALYTICS: '1',
      DVC_SITE_CACHE_DIR: join(dir, '.dvc', 'tmp', 'site'),
    }
    const { promise, resolve } = Promise.withResolvers<Answer>()
    waiting.push(resolve)
    stdin.write(`${JSON.stringify({ cwd: dir, args, env })}\n`)
    return await promise
  }
}

export async function record(dvc: Dvc, project: ProjectCase): Promise<Recording> {
  const dir = temporaryDir()
  try {
    const call = (...args: readonly string[]): Promise<string> => callDvc(dvc, dir, args)
    await initialize(dvc, dir, project.git === true)
    writeFiles(dir, project.files)
    const states: RecordedState[] = []
    for (const edit of [{ name: 'first' }, ...(project.edits ?? [])]) {
      if ('files' in edit && edit.files !== undefined) writeFiles(dir, edit.files)
      const before = takeSnapshot(dir)
      const status: unknown = JSON.parse(await call('status', '--json'))
      const stages = (await call('stage', 'list', '--all', '--name-only')).split('\n')
      const dry = await dvc.call(dir, ['repro', '--dry', '--all-pipelines'])
      const stale = dry.code === 0 ? namesIn(dry.stdout) : null
      const ran = namesIn(await call('repro', '--all-pipelines'))
      const statusAfter: unknown = JSON.parse(await call('status', '--json'))
      states.push({
        edit: edit.name,
        before,
        status,
        stages: stages.filter((name) => name !== ''),
        stale,
        ran,
        after: takeSnapshot(dir),
        statusAfter,
      })
    }
    return { name: project.name, states }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

interface AfterUs {
  /** What is run whatever is recorded. */
  readonly always: readonly string[]
  readonly status: readonly string[]
  readonly ran: readonly string[]
}

/** What DVC says and would run after somebody else ran a project. */
export async function afterUs(
  dvc: Dvc,
  project: ProjectCase,
  run: (dir: string) => Promise<readonly string[]>,
): Promise<AfterUs> {
  const dir = temporaryDir()
  try {
    await initialize(dvc, dir, project.git === true)
    writeFiles(dir, project.files)
    const always = await run(dir)
    const status = JSON.parse(await callDvc(dvc, dir, ['status', '--json'])) as object
    const ran = namesIn(await callDvc(dvc, dir, ['repro', '--all-pipelines']))
    // What is wrong with data that no command makes is not of our making.
    const stages = Object.entries(status).filter(([address]) => !address.endsWith('.dvc'))
    return { always, status: stages.map((entry) => JSON.stringify(entry)), ran }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Whether DVC refuses a project, too. */
export async function refuses(dvc: Dvc, project: RefusedCase): Promise<boolean> {
  const dir = temporaryDir()
  try {
    await initialize(dvc, dir, false)
    writeFiles(dir, project.files)
    await callDvc(dvc, dir, ['status', '--json'])
    // The graph is only looked at by who needs it.
    await callDvc(dvc, dir, ['repro', '--dry', '--all-pipelines'])
    return false
  } catch {
    return true
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The stages that `dvc repro` looks at with these arguments, each list sorted by nothing. */
export async function recordPlans(
  dvc: Dvc,
  files: ProjectCase['files'],
  plans: readonly (readonly string[])[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const dir = temporaryDir()
  try {
    await initialize(dvc, dir, false)
    writeFiles(dir, files)
    const found: Record<string, readonly string[]> = {}
    for (const args of plans) {
      // With --force, all that is looked at would be run.
      const dry = await callDvc(dvc, dir, ['repro', '--dry', '--force', ...args])
      found[args.join(' ')] = namesIn(dry)
    }
    return found
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function initialize(dvc: Dvc, dir: string, git: boolean): Promise<void> {
  if (git) execFileSync('git', ['init', '-q'], { cwd: dir })
  await callDvc(dvc, dir, git ? ['init', '-q'] : ['init', '-q', '--no-scm'])
  if (existsSync(join(dir, '.dvcignore'))) rmSync(join(dir, '.dvcignore'))
}

async function callDvc(dvc: Dvc, dir: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await dvc.call(dir, args)
  if (code !== 0) throw new Error(`dvc ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}

function namesIn(output: string): string[] {
  const names = output.split('\n').flatMap((line) => {
    const skipped = line.includes("' didn't change")
    const name =
      /^(?:Running (?:callback )?stage|Verifying outputs in frozen stage:?|Stage) '(.+)'/.exec(line)
    return name?.[1] === undefined || skipped ? [] : [name[1]]
  })
  return [...new Set(names)]
}

export function readRecording(name: string): Recording {
  const path = new URL(`fixtures/recorded/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as Recording
}
