import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLI, ended, Project } from './rig.ts'

function project(): Project {
  const made = new Project()
  made.write('out.txt', 'before')
  made.write(
    'pipeline.ts',
    `import { command, file, pipeline } from '@stepwell/engine'
const slow = command({
  cmd: 'echo half > out.txt; echo $$ > pid; while [ ! -e go ]; do sleep 0.1; done; echo whole > out.txt',
  outs: { out: file('out.txt') },
  writes: 'in place',
})
export default pipeline('p', { slow })
`,
  )
  return made
}

/** Waits until the command is at work, and gives its process. */
async function working(made: Project): Promise<number> {
  while (!existsSync(made.path('pid')) || made.read('pid') === '') {
    await new Promise((done) => setTimeout(done, 20))
  }
  return Number(made.read('pid'))
}

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)

test.skipIf(process.platform === 'win32')(
  'a closed terminal and Ctrl-\\ end a run as SIGTERM does: nothing is left half done, nothing goes on',
  async () => {
    for (const signals of [['SIGTERM'], ['SIGQUIT'], ['SIGHUP'], ['SIGHUP', 'SIGHUP']] as const) {
      const made = project()
      const child = made.start(['run'])
      const exit = ended(child)
      const pid = await working(made)
      for (const signal of signals) child.kill(signal)
      expect([signals, (await exit).code]).toEqual([signals, 130])
      expect(isThere(pid)).toBe(false)
      expect(made.read('out.txt')).toBe('before')
    }
  },
)

test.skipIf(process.platform !== 'linux')(
  'a run goes on without its terminal where it is told to, whatever stands between',
  async () => {
    const starts = [['nohup'], ['sh', '-c', `trap '' HUP; "$@"; exit $?`, 'sh']]
    for (const [program = '', ...args] of starts) {
      const made = project()
      const child: ChildProcess = spawn(program, [...args, process.execPath, CLI, 'run'], {
        cwd: made.dir,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, _: program === 'nohup' ? '/usr/bin/nohup' : '/bin/sh' },
      })
      const exit = ended(child)
      await working(made)
      const { pid = 0 } = child
      // The command is in a session of its own.
      const told = program === 'sh' ? childrenOf(pid) : [pid]
      for (const each of told) process.kill(each, 'SIGHUP')
      made.write('go', '')
      const { code, stderr } = await exit
      expect(code, stderr).toBe(0)
      expect(made.read('out.txt')).toBe('whole\n')
    }
  },
)
