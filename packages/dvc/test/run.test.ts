import { rmSync } from 'node:fs'
import { openEngine, type RunRecord } from '@stepwell/engine'
import { dvcPipeline, locationKey, prepare, recordRun, selectStages } from '@stepwell/dvc'
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
  /** Stages of which an out came back from DVC's cache. */
  readonly back: ReadonlySet<string>
}

/** What `stepwell repro --all-pipelines` does. */
async function reproduce(dir: string): Promise<Ran> {
  const dvc = dvcPipeline(dir)
  const { stages, addresses } = selectStages(dvc, [], { cwd: dir, allPipelines: true })
  const back = new Set((await prepare(dvc, addresses, {})).restored)
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
    back: new Set(
      dvc.project.stages.flatMap(({ address, outs }) =>
        outs.some(({ location }) => back.has(locationKey(location))) ? [address] : [],
      ),
    ),
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
    Object.entries(snapshot).filter(
      ([path]) => !/^\.(?:stepwell|dvc|git)\/|^kept\/runs\//.test(path),
    ),
  )
}

function succeeded({ ended }: Ran): string[] {
  return Object.keys(ended).filter((name) => ended[name] === 'succeeded')
}

// What DVC does not do, or does otherwise, and why.
const REMOVED = 'a dependency or param was removed: DVC does not see that'
const SOURCE = 'data of a *.dvc file that was edited is used as it is, and not recorded there'
const THERE = 'the output is as it was recorded: it is put into the cache again, and not made again'
const OTHERWISE: Readonly<Record<string, string>> = {
  'removed-and-added: removed': REMOVED,
  'sources: edited': SOURCE,
  'source-directory: first': SOURCE,
  'source-directory: edited': SOURCE,
  'cache-lost: blob': THERE,
  'cache-lost: in-directory': THERE,
  'cache-elsewhere: gone': THERE,
}

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
          // DVC says of a frozen stage that it is verified.
          const stages = state.ran.filter((each) => !ran.frozen.has(each))
          const done = succeeded(ran).filter((each) => !ran.frozen.has(each))
          expect(new Set([...done, ...ran.back])).toEqual(new Set(stages))
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
