/**
 * What a large `dvc.yaml` costs: to resolve its stages, to write and read its `dvc.lock`, and to find
 * that nothing has changed; then the command, to plan and to reproduce what has not changed, and a real DVC
 * beside it, where `STEPWELL_DVC` is the path of one.
 */
import { spawnSync } from 'node:child_process'
import {
  DvcCache,
  dvcIgnore,
  loadProject,
  lockText,
  measureStage,
  ProjectFiles,
  readLock,
  stageStatus,
  workspaceOf,
  type LockEntry,
} from '../packages/dvc/src/index.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const [stages = 10_000] = process.argv.slice(2).map(Number)
const root = mkdtempSync(join(tmpdir(), 'stepwell-bench-dvc-'))

const MAIN = resolve(import.meta.dirname, '..', 'packages', 'cli', 'src', 'main.ts')

/** Runs a program in the project, without its output. */
function call([program = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, DVC_NO_ANALYTICS: '1' },
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}

/** The least of some rounds, in milliseconds. */
function best(rounds: number, what: string, work: () => void): number {
  let least = Infinity
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now()
    work()
    least = Math.min(least, performance.now() - start)
  }
  process.stdout.write(`${what.padEnd(32)} ${least.toFixed(0)} ms, the least of ${rounds}\n`)
  return least
}

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  process.stdout.write(`${what.padEnd(32)} ${(performance.now() - start).toFixed(0)} ms\n`)
  return result
}

try {
  const items = Array.from({ length: stages }, (_, index) => `n${index}`)
  mkdirSync(join(root, 'in'))
  mkdirSync(join(root, 'out'))
  for (const item of items) {
    writeFileSync(join(root, 'in', item), `in ${item}`)
    writeFileSync(join(root, 'out', item), `out ${item}`)
  }
  writeFileSync(join(root, 'params.yaml'), `items: [${items.join(', ')}]\nlr: 0.1\n`)
  writeFileSync(
    join(root, 'dvc.yaml'),
    `stages:
  s:
    foreach: \${items}
    do:
      cmd: python train.py \${item} \${lr}
      deps: ["in/\${item}"]
      params: [lr]
      outs: ["out/\${item}": {cache: false}]
`,
  )
  const project = await timed(`resolve ${stages} stages`, () => loadProject(root))
  const files = new ProjectFiles(root)
  const workspace = workspaceOf(root, dvcIgnore(root))
  const cache = new DvcCache(root, project.config.cacheDir)
  const entries = await timed('measure all of them', async () => {
    const measured = new Map<string, LockEntry>()
    for (const stage of project.stages) {
      measured.set(stage.name, (await measureStage(stage, workspace, files)).entry)
    }
    return measured
  })
  await timed('write dvc.lock', () => {
    writeFileSync(join(root, 'dvc.lock'), lockText('dvc.lock', '', entries))
  })
  const lock = await timed('read dvc.lock', () => readLock('dvc.lock', files))
  await timed('find that nothing changed', async () => {
    for (const stage of project.stages) {
      const reasons = await stageStatus(stage, lock.get(stage.name), { workspace, cache, files })
      if (reasons.length > 0) throw new Error(`${stage.name} changed`)
    }
  })
  process.stdout.write('\nprocesses of their own\n')
  const ours = [process.execPath, '--conditions=@stepwell/source', MAIN] as const
  // A plan leaves no trace: each of them compares every file with dvc.lock.
  best(3, 'stepwell plan, by dvc.lock', () => call([...ours, 'plan', '--json']))
  rmSync(join(root, 'dvc.lock'))
  best(3, 'stepwell plan, nothing known', () => call([...ours, 'plan', '--json']))
  writeFileSync(join(root, 'dvc.lock'), lockText('dvc.lock', '', entries))
  await timed('stepwell repro, by dvc.lock', () => call([...ours, 'repro', '-q']))
  const own = best(3, 'stepwell repro, nothing to do', () => call([...ours, 'repro', '-q']))
  const dvc = process.env['STEPWELL_DVC']
  if (dvc === undefined) {
    process.stdout.write('dvc repro: skipped, since STEPWELL_DVC names none\n')
  } else {
    call([dvc, 'init', '-q', '--no-scm'])
    // It takes minutes for thousands.
    const theirs = best(1, 'dvc repro, nothing to do', () => call([dvc, 'repro', '-q']))
    process.stdout.write(`ratio ${(theirs / own).toFixed(1)}\n`)
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
