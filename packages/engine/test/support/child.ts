import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** Starts a script of `test/fixtures` in a process of its own, which ends with the test at the latest. */
export function startChild(
  script:
    'claim-key' | 'hold-index' | 'put-entry' | 'read-entries' | 'run-and-block' | 'run-in-place',
  ...args: readonly string[]
): ChildProcess {
  // Not by `import.meta.url`: a loaded test is on the stack of the steps of its fixtures, so that the engine
  // takes what the test refers to for a part of their code.
  const path = join(dirname(expect.getState().testPath ?? ''), 'fixtures', `${script}.ts`)
  const child = spawn(process.execPath, ['--conditions=@stepwell/source', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Waits until a child has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Waits until a file is there. */
export async function fileAppears(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher = watch(dirname(path), (_, name) => {
    if (name === basename(path) && existsSync(path)) resolve()
  })
  try {
    if (!existsSync(path)) await promise
  } finally {
    watcher.close()
  }
}
