import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ended, Project, type Exit } from './rig.ts'

const PIPELINE = `
import { command, pipeline } from '@stepwell/engine'
const long = command({
  cmd: 'echo $$ > pid; echo ready; until [ -e "$PWD/go" ]; do sleep 0.02; done; echo late',
  description: 'waits',
})
const after = command({ cmd: 'cat', inputs: { long } })
export default pipeline('test', { long, after })
`

function isAlive(pid: number): boolean {
  expect(pid).toBeGreaterThan(0)
  try {
    return !/^\d+ \([^]*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Runs the pipeline, and does something once the command is at work, and each time that is told. */
async function interrupted(
  project: Project,
  next: (text: string, interrupt: () => void) => void,
): Promise<Exit> {
  const child = project.start(['run', '-v'])
  const told = (text: string): void => next(text, () => void child.kill('SIGINT'))
  child.stdout?.setEncoding('utf8').on('data', told)
  child.stderr?.setEncoding('utf8').on('data', told)
  return await ended(child)
}

const statusOf = async (project: Project) => {
  const { stdout } = await project.stepwell('runs', 'show', '--json')
  const { status, steps } = JSON.parse(stdout) as {
    status: string
    steps: Record<string, { status: string }>
  }
  return [status, steps['long']?.status, steps['after']?.status]
}

test('Ctrl-C once lets a command end, and starts nothing new', async () => {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  const { code } = await interrupted(project, (text, interrupt) => {
    if (text.includes('ready')) interrupt()
    if (text.includes('stopping')) project.write('go', '')
  })
  expect(code).toBe(130)
  expect(await statusOf(project)).toEqual(['cancelled', 'succeeded', 'cancelled'])
  expect((await project.stepwell('logs', 'long')).stdout).toContain('late')
  expect((await project.run()).statuses).toEqual({ long: 'cached', after: 'succeeded' })
})

test('Ctrl-C twice kills a command with all that it started', async () => {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  const { code } = await interrupted(project, (text, interrupt) => {
    if (text.includes('ready')) interrupt()
    if (text.includes('no others start')) interrupt()
  })
  expect(code).toBe(130)
  expect(await statusOf(project)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  expect(isAlive(Number(project.read('pid')))).toBe(false)
})

test('Ctrl-C again and again ends at once, and leaves nothing at work', async () => {
  const project = new Project()
  project.write(
    'pipeline.ts',
    PIPELINE.replace('echo $$', () => "trap \\'\\' TERM; echo $$"),
  )
  const { code } = await interrupted(project, (text, interrupt) => {
    if (/ready|no others start|are dropped/.test(text)) interrupt()
  })
  expect(code).toBe(130)
  // What is killed on the way out may take a moment longer.
  while (isAlive(Number(project.read('pid')))) await delay(10)
})

test('what a killed run left at work is ended by the next one, and told', async () => {
  const project = new Project()
  // Its first process is gone when the next run comes: what that started is found all the same.
  const cmd = `(trap "" TERM HUP; sh -c "echo $\\$ > pid; until [ -e /none ]; do sleep 0.02; done") & until [ -s pid ]; do sleep 0.02; done; echo ready; wait`
  project.write(
    'pipeline.ts',
    `
import { command, pipeline } from '@stepwell/engine'
export default pipeline('test', { long: command({ cmd: ${JSON.stringify(cmd)}, description: 'x' }) })
`,
  )
  const child = project.start(['run', '-v'])
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('ready')) child.kill('SIGKILL')
  })
  await ended(child)
  const pid = Number(project.read('pid'))
  expect(isAlive(pid)).toBe(true)
  const [file] = readdirSync(project.path('.stepwell/commands'))
  const [, second = ''] = project.read(`.stepwell/commands/${file}`).split('\n')
  const leader = JSON.parse(second) as { pid: number }
  process.kill(leader.pid, 'SIGKILL')
  project.edit('pipeline.ts', JSON.stringify(cmd), "'true'")
  const { code, record: next } = await project.run()
  expect(code).toBe(0)
  expect(next.warnings).toEqual([expect.stringMatching(/command of step `long` was still at work/)])
  expect(isAlive(pid)).toBe(false)
  expect(readdirSync(project.path('.stepwell/commands'))).toEqual([])
  expect((await project.run()).record.warnings).toEqual([])
})

test('a step that ends the whole process is no success, and leaves no command behind', async () => {
  const project = new Project()
  project.write(
    'pipeline.ts',
    `${PIPELINE.replace(/export default.*/, '')}
import { existsSync } from 'node:fs'
import { step } from '@stepwell/engine'
const quits = step({
  run: async (_, { dir }) => {
    while (!existsSync(dir + '/pid')) await new Promise((done) => setTimeout(done, 5))
    process.exit(0)
  },
})
export default pipeline('test', { long, quits })
`,
  )
  const { code, stderr } = await project.stepwell('run', '-j', '2')
  expect(code).toBe(1)
  expect(stderr).toContain('a step called process.exit()')
  await expect.poll(() => isAlive(Number(project.read('pid')))).toBe(false)
})

test('what a command is, and that it changed, is told', async () => {
  const project = new Project()
  project.write('pipeline.ts', PIPELINE)
  project.write('go', '')
  expect((await project.run()).statuses).toEqual({ long: 'succeeded', after: 'succeeded' })
  expect((await project.stepwell('graph', '--json')).stdout).toContain('"action": "cat"')
  project.edit('pipeline.ts', "'cat'", "'cat -'")
  const { stdout } = await project.stepwell('explain', 'after')
  expect(stdout).toContain('the command changed: "cat" -> "cat -"')
  expect(stdout).not.toContain('pinned')
  expect((await project.stepwell('code', 'after')).stdout).toContain('its command')
})
