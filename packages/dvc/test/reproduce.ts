import {
  DvcCache,
  diskPath,
  dvcIgnore,
  isCallback,
  loadProject,
  lockFileOf,
  measureStage,
  ProjectFiles,
  readLock,
  shellArguments,
  stageEnvironment,
  workspaceOf,
  writeLock,
} from '@stepwell/dvc'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * Runs all stages of a project, keeps what they made in the cache of DVC, and writes `dvc.lock`.
 * @returns the stages that are run whatever is recorded
 */
export async function reproduce(dir: string): Promise<readonly string[]> {
  const { stages, graph, config } = loadProject(dir)
  const cache = new DvcCache(dir, config.cacheDir)
  const workspace = workspaceOf(dir, dvcIgnore(dir))
  for (const address of graph.order) {
    const stage = stages.find((each) => each.address === address)
    if (stage === undefined) continue
    for (const command of stage.frozen ? [] : stage.commands) {
      const [shell = '', ...args] = shellArguments(command, '/bin/sh')
      const { status, stderr } = spawnSync(shell, args, {
        cwd: join(dir, stage.wdir),
        env: { ...process.env, ...stageEnvironment(stage, dir, {}) },
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${address} ended with ${status}: ${stderr}`)
    }
    const files = new ProjectFiles(dir)
    const lock = lockFileOf(stage.file)
    const recorded = readLock(lock, files).get(stage.name)
    const measured = await measureStage(stage, workspace, files, recorded)
    for (const { path, location, cache: cached } of stage.outs) {
      const [out, source] = [measured.outs.get(path), diskPath(dir, location)]
      if (cached && out !== undefined && source !== undefined) await cache.keep(out, source)
    }
    writeLock(dir, lock, new Map([[stage.name, measured.entry]]))
  }
  return stages
    .filter((stage) => !stage.frozen && (stage.alwaysChanged || isCallback(stage)))
    .map(({ address }) => address)
}
