import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize } from 'node:v8'
import { afterAll, beforeAll } from 'vitest'
import type { Assignment, Outcome } from './run-projects.ts'
import { makeTemporaryDir, writeFiles } from './temporary.ts'

type Files = Readonly<Record<string, string | undefined>>
type Env = Readonly<Record<string, string | undefined>>

export interface Scenario {
  /** The project before the edit. `pipeline.ts` has the pipeline as its default export. */
  readonly files: Files
  /** What the edit writes and, where it says `undefined`, removes. */
  readonly edit?: Files
  /** Variables before the edit, and after it. */
  readonly env?: Env
  readonly envAfter?: Env
  /** Symbolic links, by path, to paths relative to the project. */
  readonly links?: Readonly<Record<string, string>>
  /** The directory to put the project into. @default 'project' */
  readonly dir?: string
  /** The module to import. @default 'pipeline.ts' */
  readonly entry?: string
}

/** What came of a scenario: a first run, one with nothing changed, and one after the edit. */
export interface Story {
  readonly first: Outcome
  readonly again: Outcome
  readonly edited: Outcome
}

const ENGINE = fileURLToPath(new URL('../..', import.meta.url))
const SCRIPT = fileURLToPath(new URL('run-projects.ts', import.meta.url))

/**
 * Tells stories of projects that are edited, for all tests of a file at once: one process runs all of
 * them before the edits, one again, one after the edits.
 */
export function createStories(): (scenario: Scenario) => () => Story {
  const scenarios: Scenario[] = []
  const stories: Story[] = []
  let root: string

  beforeAll(() => {
    root = makeTemporaryDir()
    const dirs = scenarios.map((scenario, index) => make(join(root, String(index)), scenario))
    const assign = (env: (scenario: Scenario) => Env): Assignment[] =>
      scenarios.map((scenario, index) => ({
        dir: dirs[index] ?? '',
        entry: scenario.entry ?? 'pipeline.ts',
        env: env(scenario),
      }))
    const first = carryOut(
      root,
      assign(({ env = {} }) => env),
    )
    const again = carryOut(
      root,
      assign(({ env = {} }) => env),
    )
    for (const [index, { edit = {} }] of scenarios.entries()) writeFiles(dirs[index] ?? '', edit)
    const edited = carryOut(
      root,
      assign(({ env = {}, envAfter = env }) => envAfter),
    )
    for (const index of scenarios.keys()) {
      stories.push({
        first: first[index] as Outcome,
        again: again[index] as Outcome,
        edited: edited[index] as Outcome,
      })
    }
  })

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  return (scenario) => {
    const index = scenarios.push(scenario) - 1
    return () => stories[index] as Story
  }
}

/** What came of an edit: before it, after it, and what the edited project gives from scratch. */
export interface Edited {
  readonly first: Outcome
  readonly edited: Outcome
  readonly scratch: Outcome
}

/** Tells of edits of one project, for all tests of a file at once: it runs once, and is copied for each edit. */
export function createEdits(files: Files): (edit: Files) => () => Edited {
  const edits: Files[] = []
  const told: Edited[] = []
  let root: string

  beforeAll(() => {
    root = makeTemporaryDir()
    const base = make(join(root, 'base'), { files })
    const [first] = carryOut(root, [plainly(base)])
    const edited = edits.map((edit, index) => {
      const dir = join(root, `edited/${index}`)
      cpSync(base, dir, { recursive: true, verbatimSymlinks: true })
      writeFiles(dir, edit)
      return plainly(dir)
    })
    const scratch = edits.map((edit, index) => {
      return plainly(make(join(root, `scratch/${index}`), { files: { ...files, ...edit } }))
    })
    const [after, truth] = [carryOut(root, edited), carryOut(root, scratch)]
    for (const index of edits.keys()) {
      told.push({
        first: first as Outcome,
        edited: after[index] as Outcome,
        scratch: truth[index] as Outcome,
      })
    }
  })

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  return (edit) => {
    const index = edits.push(edit) - 1
    return () => told[index] as Edited
  }
}

function plainly(dir: string): Assignment {
  return { dir, entry: 'pipeline.ts', env: {} }
}

function make(parent: string, { files, links = {}, dir = 'project' }: Scenario): string {
  const project = join(parent, dir)
  mkdirSync(project, { recursive: true })
  writeFiles(project, { 'package.json': '{"type":"module"}', ...files })
  mkdirSync(join(project, 'node_modules/@stepwell'), { recursive: true })
  symlinkSync(ENGINE, join(project, 'node_modules/@stepwell/engine'))
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(project, path, '..'), { recursive: true })
    symlinkSync(join(project, target), join(project, path))
  }
  return project
}

function carryOut(root: string, assignments: readonly Assignment[]): Outcome[] {
  const list = join(root, 'assignments.json')
  writeFileSync(list, JSON.stringify(assignments))
  execFileSync(process.execPath, ['--conditions=@stepwell/source', SCRIPT, list], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return deserialize(readFileSync(`${list}.outcomes`)) as Outcome[]
}
