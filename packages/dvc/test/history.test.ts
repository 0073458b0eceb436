import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HISTORIES } from './cases/histories.ts'
import {
  gather,
  makeHistory,
  readHistory,
  recordHistory,
  type ComparedPlot,
  type HistoryRecording,
} from './history.ts'
import { realDvc } from './real-dvc.ts'
import { temporaryDir } from './sandbox.ts'

const CLI = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

function ask(dir: string, args: readonly string[]): Record<string, unknown> {
  const argv = ['--conditions=@stepwell/source', CLI, ...args, '--json']
  const text = execFileSync(process.execPath, argv, { cwd: dir, encoding: 'utf8' })
  return JSON.parse(text) as Record<string, unknown>
}

/** What we say, in the form of what DVC says. */
function said(args: readonly string[], document: Record<string, unknown>): unknown {
  if (args[0] === 'plots') return plotsOf(document['plots'] as OurPlot[])
  if (args[1] === 'diff') return document['files']
  const revisions = document['revisions'] as Record<string, unknown>
  // Without a choice of revisions, DVC has no name for the one.
  return args.length > 2 ? revisions : { '': revisions['workspace'] }
}

interface OurPlot {
  readonly id: string
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series?: readonly {
    readonly revision: string
    readonly file: string
    readonly field: string
    readonly x: readonly unknown[]
    readonly y: readonly unknown[]
  }[]
  readonly matrices?: readonly {
    readonly revision: string
    readonly x: readonly string[]
    readonly y: readonly string[]
    readonly counts: readonly (readonly number[])[]
  }[]
}

function plotsOf(plots: readonly OurPlot[]): Record<string, ComparedPlot> {
  return Object.fromEntries(
    plots.map(({ id, title, xLabel, yLabel, series = [], matrices = [] }) => {
      const fields = new Set(series.map(({ field }) => field))
      const points = series.flatMap(({ revision, file, field, x, y }) => {
        const key = [revision, file, fields.size > 1 ? field : '']
        return y.map((value, index) => ({ key, point: [x[index], value] }))
      })
      const cells = matrices.flatMap(({ revision, x, y, counts }) =>
        counts.flatMap((row, at) =>
          row.flatMap((count, column) =>
            Array.from({ length: count }, () => {
              return { key: [revision, '', ''], point: [x[column], y[at]] }
            }),
          ),
        ),
      )
      return [id, { title, xLabel, yLabel, points: gather([...points, ...cells]) }]
    }),
  )
}

function compare({ states, answers }: HistoryRecording): void {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  makeHistory(dir, states)
  for (const { args, said: theirs } of answers) {
    expect(sorted(said(args, ask(dir, args))), args.join(' ')).toEqual(sorted(theirs))
  }
}

/** Points have no order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map(sorted).toSorted((one, other) => (String(one) < String(other) ? -1 : 1))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sorted(each)]))
}

describe('metrics, params and plots are what DVC said, as recorded', () => {
  test.each(HISTORIES)('$name', ({ name }) => {
    const recording = readHistory(name)
    expect(recording.answers.length).toBeGreaterThan(0)
    compare(recording)
  })
})

const dvc = realDvc()
describe.skipIf(dvc === undefined)(
  'a real DVC, live (skipped where STEPWELL_DVC does not name one)',
  () => {
    test.each(HISTORIES)('$name', async (history) => {
      if (dvc !== undefined) compare(await recordHistory(dvc, history))
    })
  },
)
