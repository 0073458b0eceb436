/**
 * What a large `dvc.yaml` costs: to resolve its stages, to write and read its `dvc.lock`, and to find
 * that nothing has changed.
 */
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
import { join } from 'node:path'

const [stages = 10_000] = process.argv.slice(2).map(Number)
const root = mkdtempSync(join(tmpdir(), 'stepwell-bench-dvc-'))

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
} finally {
  rmSync(root, { recursive: true, force: true })
}
