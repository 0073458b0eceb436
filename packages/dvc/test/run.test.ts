import { rmSync } from 'node:fs'
import { openEngine, type RunRecord } from '@stepwell/engine'
import { checkOutMissing, dvcPipeline, recordRun, selectStages } from '@stepwell/dvc'
import { describe, expect, test, vi } from 'vitest'
import { PROJECTS } from './cases/index.ts'
import { readRecording, type RecordedState } from './real-dvc.ts'
import { layOut, takeSnapshot, temporaryDir, type Snapshot } from './sandbox.ts'

vi.stubEnv('SHELL', '/bin/sh')

interface Ran {
  readonly record: RunRecord
  /** Stages by how they ended. */
  readonly ended: Readonly<Record<string, string>>
  readonly after: Snapshot
  readonly frozen: ReadonlySet<string>
}

/** What `stepwell repro --all-pipelines` does. */
async function reproduce(dir: string): Promise<Ran> {
  const dvc = dvcPipeline(dir)
  const { stages, addresses } = selectStages(dvc, [], { cwd: dir, allPipelines: true })
  await checkOutMissing(dvc, addresses)
  await using engine = await openEngine({ dir, concurrency: 2 })
  const record = await engine.run(dvc.pipeline, { targets: stages, only: true }).result
  await recordRun(dvc, engine, record)
  const ended = Object.values(record.steps).map(({ name, status }) => [name, status] as const)
  const frozen = dvc.project.stages.flatMap((stage) => (stage.frozen ? [stage.address] : []))
  return {
    record,
    ended: Object.fromEntries(ended),
    after: takeSnapshot(dir),
    frozen: new Set(frozen),
  }
}

async function inProject<T>(snapshot: Snapshot, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = temporaryDir()
  try {
    layOut(dir, snapshot)
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What counts of a project: `dvc.lock` files, and all that no tool keeps for itself. */
function visible(snapshot: Snapshot): Snapshot {
  return Object.fromEntries(
    Object.entries(snapshot).filter(([path]) => !/^\.(?:stepwell|dvc|git)\//.test(path)),
  )
}

function succeeded({ ended }: Ran): string[] {
  return Object.keys(ended).filter((name) => ended[name] === 'succeeded')
}

// What DVC does not do, or does otherwise, and why.
const OTHERWISE: Readonly<Record<string, string>> = {}

describe('projects run as DVC ran them', () => {
  for (const { name } of PROJECTS) {
    for (const state of readRecording(name).states) {
      if (state.stages.length === 0) continue
      const title = `${name}: ${state.edit}`
      test(title, async () => {
        await inProject(state.before, async (dir) => {
          const ran = await reproduce(dir)
          expect(problems(ran)).toEqual([])
          if (OTHERWISE[title] !== undefined) return
          expect(new Set(succeeded(ran))).toEqual(new Set(ranBy(state)))
          expect(visible(ran.after)).toEqual(visible(state.after))
          // And then there is nothing to do.
          const again = await reproduce(dir)
          expect(succeeded(again)).toEqual(always(state, ran))
          expect(visible(again.after)).toEqual(visible(ran.after))
        })
      })
    }
  }
})

describe('what DVC has reproduced has nothing to do', () => {
  for (const { name } of PROJECTS) {
    const state = readRecording(name).states.at(-1)
    if (state === undefined || state.stages.length === 0) continue
    test(name, async () => {
      await inProject(state.after, async (dir) => {
        const ran = await reproduce(dir)
        expect(problems(ran)).toEqual([])
        expect(succeeded(ran)).toEqual(always(state, ran))
        expect(visible(ran.after)).toEqual(visible(state.after))
      })
    })
  }
})

function problems({ record }: Ran): string[] {
  return Object.values(record.steps).flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name}: ${error.message}`],
  )
}

/** Stages that DVC runs every time. */
function always({ statusAfter }: RecordedState, { frozen }: Ran): string[] {
  return Object.entries(statusAfter as Record<string, unknown[]>).flatMap(([name, marks]) =>
    marks.includes('always changed') && !frozen.has(name) ? [name] : [],
  )
}

function ranBy({ ran }: RecordedState): readonly string[] {
  return ran
}
