import { loadProject, lockFileOf, ProjectFiles, readLock } from '@stepwell/dvc'
import { StepwellError } from '@stepwell/engine'
import { readFileSync, rmSync } from 'node:fs'
import { adviceOf } from '@stepwell/base/errors'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PROJECTS } from './cases/index.ts'
import { REFUSED_CASES } from './cases/refused.ts'
import { compareState } from './compare.ts'
import { afterUs, readRecording, realDvc, record, refuses } from './real-dvc.ts'
import { reproduce } from './reproduce.ts'
import { temporaryDir, writeFiles } from './sandbox.ts'

const made = JSON.parse(
  readFileSync(new URL('fixtures/recorded/dvc.json', import.meta.url), 'utf8'),
) as { readonly version: string; readonly refused: Readonly<Record<string, boolean>> }

test('there are at least 25 projects with several edits', () => {
  expect(PROJECTS.length).toBeGreaterThanOrEqual(25)
})

describe(`what DVC ${made.version} said and wrote, as recorded`, () => {
  for (const { name } of PROJECTS) {
    for (const state of readRecording(name).states) {
      test(`${name}: ${state.edit}`, async () => {
        await compareState(state)
      })
    }
  }
})

describe('what is refused', () => {
  test.each(REFUSED_CASES)('$name', ({ name, files, code, says, ours }) => {
    const dir = temporaryDir()
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    writeFiles(dir, files)
    let thrown: unknown
    try {
      const project = loadProject(dir)
      for (const { file } of project.files) readLock(lockFileOf(file), new ProjectFiles(dir))
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(StepwellError)
    expect(thrown).toMatchObject({ code })
    expect(adviceOf(thrown)).toContain(says)
    expect(made.refused[name], 'DVC refuses it, too').toBe(ours !== true)
  })
})

// Slow, and not everywhere: the recorded results above are what is compared always.
const dvc = realDvc()
describe.skipIf(dvc === undefined)(
  'a real DVC, live (skipped where STEPWELL_DVC does not name one)',
  () => {
    test.each(PROJECTS)('$name', async (project) => {
      if (dvc === undefined) return
      const { states } = await record(dvc, project)
      for (const state of states) await compareState(state)
    })

    test.each(PROJECTS)('finds $name up to date after we ran it', async (project) => {
      if (dvc === undefined) return
      const { always, status, ran } = await afterUs(dvc, project, reproduce)
      expect(status.filter((line) => !line.includes('always changed'))).toEqual([])
      expect(ran.toSorted()).toEqual(always.toSorted())
    })

    test.each(REFUSED_CASES)('refuses $name', async (project) => {
      if (dvc === undefined) return
      expect(await refuses(dvc, project)).toBe(project.ours !== true)
    })
  },
)
