import { expect, test } from 'vitest'
import { ended, Project, type RunOutcome } from './rig.ts'

const KILLS = 20

/** All that a run leaves for others: outputs, the deployment, the performance log. */
function result(project: Project, { outputs }: RunOutcome) {
  return { outputs, deployed: project.tree('deployed'), monitor: project.tree('monitor') }
}

/** Kills a run after `ms`. Returns false when the run was over before. */
async function kill(project: Project, ms: number): Promise<boolean> {
  const child = project.start(['run'])
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  const { signal } = await ended(child)
  clearTimeout(timer)
  return signal === 'SIGKILL'
}

const change = (project: Project) => project.edit('pipeline.ts', "'workingday',", '')

test(`a run killed at any of ${KILLS} moments and run again ends as if undisturbed`, async () => {
  const first = Project.example('bike-sharing')
  const started = performance.now()
  const firstResult = result(first, await first.run())
  const took = performance.now() - started

  // A second model over a first one: the pointer moves, and a version is kept.
  const second = Project.copy(first)
  change(second)
  const secondResult = result(second, await second.run())
  expect(secondResult.outputs).not.toEqual(firstResult.outputs)

  let killed = 0
  for (let round = 0; killed < KILLS; round += 1) {
    const onTop = round % 2 === 1
    const project = onTop ? Project.copy(first) : Project.example('bike-sharing')
    if (onTop) change(project)
    const ms = Math.random() * took
    if (!(await kill(project, ms))) continue
    killed += 1
    if (round % 3 === 2) await kill(project, Math.random() * took)
    const again = await project.run()
    expect.soft(again.code, `killed after ${ms} ms: ${again.stderr}`).toBe(0)
    expect(result(project, again), `killed after ${ms} ms`).toEqual(
      onTop ? secondResult : firstResult,
    )
  }
})
