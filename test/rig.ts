import { spawn, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { inject, onTestFinished } from 'vitest'

export const ROOT = resolve(import.meta.dirname, '..')
/** Where the packed packages are installed, outside of the repository. */
const PACKED = join(inject('packed'), 'node_modules')
export const CLI: string = join(PACKED, '@stepwell', 'cli', 'dist', 'main.js')

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A project directory of its own, in which the real CLI runs as a real process. */
export class Project {
  readonly dir: string

  /** `at`: an empty directory to be used, which the caller removes. @default a temporary one */
  constructor(at?: string) {
    this.dir = at ?? mkdtempSync(join(tmpdir(), 'stepwell-test-'))
    if (at === undefined) onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }))
    symlinkSync(PACKED, join(this.dir, 'node_modules'), 'junction')
    this.write('package.json', '{ "type": "module" }\n')
  }

  /** A copy of an example, without what running it left behind. */
  static example(name: string): Project {
    const project = new Project()
    const from = join(ROOT, 'examples', name)
    const left = new Set([
      'node_modules',
      '.stepwell',
      'deployed',
      'models',
      'monitor',
      'predictions',
      'work',
    ])
    cpSync(from, project.dir, {
      recursive: true,
      filter: (path) => !left.has(relative(from, path)),
    })
    return project
  }

  /** All of a project as it stands, with what running it left behind. */
  static copy(of: Project): Project {
    const project = new Project()
    rmSync(project.dir, { recursive: true })
    cpSync(of.dir, project.dir, { recursive: true, verbatimSymlinks: true })
    return project
  }

  path(name: string): string {
    return join(this.dir, name)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  /** Replaces a text that must be there. */
  edit(name: string, from: string, to: string): void {
    const text = this.read(name)
    if (!text.includes(from)) throw new Error(`${name} does not hold ${JSON.stringify(from)}`)
    this.write(name, text.replace(from, to))
  }

  /** Every file below a directory, by relative path, with its content. */
  tree(name: string): Record<string, string> {
    const files = readdirSync(this.path(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.dir, join(entry.parentPath, entry.name)))
    return Object.fromEntries(files.toSorted().map((file) => [file, this.read(file)]))
  }

  /** `as`: the id of the user and group who runs it. */
  start(args: readonly string[], env: Record<string, string> = {}, as?: number): ChildProcess {
    return spawn(process.execPath, [CLI, ...args], {
      cwd: this.dir,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(as !== undefined && { uid: as, gid: as }),
    })
  }

  /** Runs a program of the project's own to its end. */
  async program(name: string, ...args: string[]): Promise<Exit> {
    const child = spawn(process.execPath, [name, ...args], {
      cwd: this.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return await ended(child)
  }

  /** Runs the CLI to its end. */
  async stepwell(...args: string[]): Promise<Exit> {
    return await ended(this.start(args))
  }

  /** Runs the pipeline, and gives each step's status. */
  async run(...args: string[]): Promise<RunOutcome> {
    const exit = await this.stepwell('run', '--json', ...args)
    if (!exit.stdout.startsWith('{')) throw new Error(`no record: ${exit.stderr}`)
    const record = JSON.parse(exit.stdout) as RunOutcome['record']
    const steps = Object.values(record.steps)
    return {
      ...exit,
      record,
      statuses: Object.fromEntries(steps.map(({ name, status }) => [name, status])),
      outputs: Object.fromEntries(steps.map(({ name, output }) => [name, output?.digest])),
    }
  }
}

export interface RunOutcome extends Exit {
  readonly record: {
    readonly id: string
    readonly status: string
    readonly warnings: readonly string[]
    readonly steps: Readonly<
      Record<
        string,
        {
          readonly name: string
          readonly status: string
          readonly output?: { readonly digest: string; readonly about: string }
          readonly reasons: readonly { readonly kind: string }[]
          readonly metrics: Readonly<Record<string, number>>
          readonly items?: Readonly<Record<string, number>>
          readonly error?: { readonly code?: string; readonly message: string }
        }
      >
    >
  }
  readonly statuses: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string | undefined>>
}

export async function ended(child: ChildProcess): Promise<Exit> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return await new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }))
  })
}

/** The same status for each of some steps. */
export function all(status: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, status]))
}
