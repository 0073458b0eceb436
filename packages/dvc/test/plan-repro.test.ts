import {
  loadProject,
  planRepro,
  selectTargets,
  type DvcProject,
  type ReproOptions,
} from '@stepwell/dvc'
import { readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLAN_FILES, PLANS } from './cases/plans.ts'
import { temporaryDir, writeFiles } from './sandbox.ts'

const recorded = JSON.parse(
  readFileSync(new URL('fixtures/recorded/plans.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>

const dir = temporaryDir()
let project: DvcProject
beforeAll(() => {
  writeFiles(dir, PLAN_FILES)
  project = loadProject(dir)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function planned(args: readonly string[]): readonly string[] {
  const has = (flag: string): boolean => args.includes(flag)
  const named = args.filter((arg) => !arg.startsWith('--'))
  const options: ReproOptions = {
    singleItem: has('--single-item'),
    downstream: has('--downstream'),
    pipeline: has('--pipeline'),
    allPipelines: has('--all-pipelines'),
  }
  const targets = selectTargets(project, named.length === 0 ? ['dvc.yaml'] : named, {
    glob: has('--glob'),
    recursive: has('--recursive'),
  })
  return planRepro(project, targets, options)
}

describe('dvc repro looks at the same stages, each behind what it reads from', () => {
  test.each(PLANS.map((args) => ({ args, shown: args.join(' ') || 'no arguments' })))(
    '$shown',
    ({ args }) => {
      const plan = planned(args)
      // Sources and frozen stages are looked at, but never run.
      const run = plan.filter((address) => address !== 'cold' && !address.endsWith('.dvc'))
      expect(run.toSorted()).toEqual([...(recorded[args.join(' ')] ?? [])].toSorted())
      if (args.includes('--single-item')) return
      for (const [index, address] of plan.entries()) {
        const upstream = project.graph.upstream.get(address) ?? []
        const inside = upstream.filter((other) => plan.includes(other))
        for (const other of inside) expect(plan.indexOf(other)).toBeLessThan(index)
      }
    },
  )
})

test('a target is named from where one is', () => {
  expect(selectTargets(project, ['dvc.yaml:far'], { cwd: 'sub' })).toEqual(['sub/dvc.yaml:far'])
  expect(selectTargets(project, ['farther'], { cwd: 'sub' })).toEqual([
    'sub/dvc.yaml:farther@1',
    'sub/dvc.yaml:farther@2',
  ])
  expect(selectTargets(project, ['../dvc.yaml:top'], { cwd: 'sub' })).toEqual(['top'])
})

test('a pattern that matches nothing is an error', () => {
  expect(() => selectTargets(project, ['nothing*'], { glob: true })).toThrow('there is no stage')
})

test.each(['unknown', 'each@x', 'sub/dvc.yaml:x', 'other/dvc.yaml'])('no stage: %s', (target) => {
  expect(() => selectTargets(project, [target])).toThrow(`there is no stage '${target}'`)
})
