import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { files, left } from './files.ts'
import { ended, Project, type RunOutcome } from './rig.ts'

/** Each step notes that it was executed; the first one waits for a file. */
const COUNTING = `
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pipeline, step } from '@stepwell/engine'

const note = (dir: string, name: string): void => appendFileSync(join(dir, 'calls.txt'), name + ' ')
const slow = step({
  run: async (_, { dir }) => {
    note(dir, 'slow')
    while (!existsSync(join(dir, 'release'))) await delay(5)
    return 1
  },
})
const after = step({ inputs: { slow }, run: ({ slow: n }, { dir }) => (note(dir, 'after'), n + 1) })
const beside = step({ run: (_, { dir }) => (note(dir, 'beside'), 3) })
export default pipeline('counting', { slow, after, beside })
`

function counting(): Project {
  const project = new Project()
  project.write('pipeline.ts', COUNTING)
  return project
}

function startRun(project: Project): ChildProcess {
  const child = project.start(['run', '--events'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Reads events until one fits. The rest are read by nobody. */
async function eventOf(
  child: ChildProcess,
  fits: (event: { type: string; step?: string; message?: string }) => boolean,
): Promise<void> {
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    if (fits(JSON.parse(line) as { type: string; step?: string })) return
  }
  throw new Error('the run ended without such an event')
}

const calls = (project: Project): string[] =>
  readFileSync(project.path('calls.txt'), 'utf8').trim().split(' ').toSorted()

describe('two runs of one project', () => {
  test('do what both need once: the second waits, says for whom, and takes what the first made', async () => {
    const project = counting()
    const first = startRun(project)
    await eventOf(first, ({ type, step }) => type === 'step-started' && step === 'slow')
    const second = startRun(project)
    await eventOf(
      second,
      ({ type, message = '' }) =>
        type === 'warning' && message.includes(`waits for process ${first.pid} `),
    )
    project.write('release', '')
    for (const child of [first, second]) {
      if (child.exitCode === null) await once(child, 'exit')
      expect(child.exitCode).toBe(0)
    }
    expect(calls(project)).toEqual(['after', 'beside', 'slow'])
  })

  test('one of which is killed: the other goes on by itself', async () => {
    const project = counting()
    const first = startRun(project)
    await eventOf(first, ({ type, step }) => type === 'step-started' && step === 'slow')
    const second = startRun(project)
    await eventOf(second, ({ type }) => type === 'run-started')
    first.kill('SIGKILL')
    project.write('release', '')
    await once(second, 'exit')
    expect(second.exitCode).toBe(0)
    expect(calls(project).filter((name) => name === 'slow')).toHaveLength(2)
    expect((await project.run()).statuses).toEqual({
      slow: 'cached',
      after: 'cached',
      beside: 'cached',
    })
  })
})

// By hand: STEPWELL_KILLS=200 npm test -- test/processes.test.ts
const KILLS = Number(process.env['STEPWELL_KILLS'] ?? 24)

test(`two runs competing, each killed at any of ${KILLS} moments: no damaged file, and the end is the same`, async () => {
  const older = files()
  const before = await older.run()
  const newer = Project.copy(older)
  const change = (project: Project): void =>
    project.edit('pipeline.ts', 'size: 10 ', 'size: 200000 ')
  change(newer)
  const started = performance.now()
  const after = await newer.run()
  const took = performance.now() - started
  const [old, expected] = [left(older), { left: left(newer), outputs: after.outputs }]
  expect(before.outputs).not.toEqual(after.outputs)

  let project = Project.copy(older)
  change(project)
  let killed = 0
  for (let round = 0; killed < KILLS; round += 1) {
    const children = [project.start(['run']), project.start(['run'])]
    const timers = children.map((child) =>
      setTimeout(() => child.kill('SIGKILL'), Math.random() * took),
    )
    const exits = await Promise.all(children.map(ended))
    for (const timer of timers) clearTimeout(timer)
    killed += exits.filter(({ signal }) => signal === 'SIGKILL').length
    for (const { code, signal, stderr } of exits) if (signal === null) expect(code, stderr).toBe(0)
    // A file of a directory that is being replaced may not be there for a moment; what is there is whole.
    for (const [path, content] of Object.entries(projectFiles(project))) {
      expect([old[path], expected.left[path]], `${path} after ${killed} kills`).toContain(content)
    }
    if (round % 3 !== 2) continue
    const again: RunOutcome = await project.run()
    expect.soft(again.code, again.stderr).toBe(0)
    expect({ left: left(project), outputs: again.outputs }, `after ${killed} kills`).toEqual(
      expected,
    )
    project = Project.copy(older)
    change(project)
  }
})

function projectFiles(project: Project): Record<string, string> {
  const found: Record<string, string> = {}
  for (const root of ['out', 'report.txt']) {
    try {
      if (root === 'out') Object.assign(found, project.tree(root))
      else found[root] = project.read(root)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return found
}
