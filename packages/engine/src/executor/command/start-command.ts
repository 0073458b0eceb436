import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { codeOf, StepwellError } from '@stepwell/base/errors'
import type { Call } from './command-call.ts'
import { ProcessGroup, type Ended } from './process-group.ts'

export interface StartOptions {
  /** Takes down that it is at work, in the very turn. */
  readonly begun: (pid: number) => void
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** A program that has been started. */
export interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly group: ProcessGroup
}

/**
 * Starts a program as the leader of a group of its own, with nothing to read.
 * @throws StepwellError STEPWELL_COMMAND_START.
 */
export async function startCommand(
  step: string,
  { program, args }: Call,
  { cwd, env, begun }: StartOptions,
): Promise<Started> {
  const refuse = (facts: string, todo: string, cause?: unknown): never => {
    throw new StepwellError({
      code: 'STEPWELL_COMMAND_START',
      summary: `the command of step \`${step}\` cannot be started`,
      details: facts,
      hint: todo,
      cause,
    })
  }
  // The system says the same of a program that it does not find.
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    refuse(`there is no directory ${cwd}`, 'create it, or correct `dir`')
  // For the system, `..` would lead from where the link leads, and so to other files than those in the key.
  const real = realpathSync(cwd)
  if (real !== cwd)
    refuse(`${cwd} is reached by a symbolic link`, `let \`dir\` name ${real} itself`)
  const child = launch()
  const { pid } = child
  const ended = new Promise<Ended>((tell) => {
    child.once('exit', (code, signal) => tell({ code, signal }))
  })
  const started = new Promise<void>((tell, fail) => child.once('spawn', tell).once('error', fail))
  if (pid === undefined) {
    return await started.then(impossible, (error: unknown) => refuseFor(error))
  }
  try {
    begun(pid)
    await started
    return { child, group: new ProcessGroup(pid, ended) }
  } catch (error) {
    // It would run without a record.
    child.kill('SIGKILL')
    throw error
  }

  function launch(): Started['child'] {
    try {
      return spawn(program, args, {
        cwd,
        env,
        detached: process.platform !== 'win32',
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    } catch (error) {
      return refuseFor(error)
    }
  }

  function refuseFor(error: unknown): never {
    const [facts, todo] = explain(codeOf(error), program)
    return refuse(facts, todo, error)
  }
}

function impossible(): never {
  throw new TypeError('a process was started that has no id')
}

function explain(code: string | undefined, program: string): [facts: string, todo: string] {
  switch (code) {
    case 'ENOENT':
      return [
        `there is no program ${program}`,
        'install it, or correct its name; it is looked for in PATH, or by its path from where the command runs',
      ]
    case 'EACCES':
      return [`${program} may not be executed`, `make it executable: chmod +x ${program}`]
    case 'E2BIG':
      return [
        'its arguments are longer than the system admits',
        'give it fewer files, or the path of a list of them',
      ]
    default:
      return [`${program}: ${code ?? 'unknown reason'}`, 'see to what the system lacks']
  }
}
