import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryCase } from './cases/histories.ts'
import type { Dvc } from './real-dvc.ts'
import { layOut, takeSnapshot, temporaryDir, writeFiles, type Snapshot } from './sandbox.ts'

/** What a real DVC said of a project with a history. */
export interface HistoryRecording {
  readonly name: string
  /** All of the project at each commit, and at last in the workspace. */
  readonly states: readonly Snapshot[]
  readonly answers: readonly { readonly args: readonly string[]; readonly said: unknown }[]
}

export async function recordHistory(
  dvc: Dvc,
  { name, states, asks }: HistoryCase,
): Promise<HistoryRecording> {
  const dir = temporaryDir()
  try {
    git(dir, 'init', '-q', '-b', 'main')
    await call('init', '-q')
    const snapshots: Snapshot[] = []
    for (const [index, files] of states.entries()) {
      writeFiles(dir, files)
      await call('repro', '--all-pipelines', '-q')
      snapshots.push(takeSnapshot(dir))
      if (index < states.length - 1) commit(dir)
    }
    const answers: { args: readonly string[]; said: unknown }[] = []
    for (const args of asks) {
      const more = args[0] === 'plots' ? ['--json', '--split'] : ['--json']
      const said: unknown = JSON.parse(await call(...args, ...more))
      answers.push({ args, said: args[0] === 'plots' ? plotsOf(said as DvcPlots) : said })
    }
    return { name, states: snapshots, answers }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }

  async function call(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await dvc.call(dir, args)
    if (code !== 0) throw new Error(`dvc ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }
}

/** Makes the project of a recording, with its commits, in an empty directory. */
export function makeHistory(dir: string, states: readonly Snapshot[]): void {
  git(dir, 'init', '-q', '-b', 'main')
  for (const [index, state] of states.entries()) {
    for (const name of readdirSync(dir)) {
      if (name !== '.git') rmSync(join(dir, name), { recursive: true, force: true })
    }
    layOut(dir, state)
    if (index < states.length - 1) commit(dir)
  }
}

export function readHistory(name: string): HistoryRecording {
  const path = new URL(`fixtures/recorded/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as HistoryRecording
}

function git(dir: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org']
  return execFileSync('git', [...who, ...args], { cwd: dir, encoding: 'utf8' })
}

function commit(dir: string): void {
  git(dir, 'add', '-A')
  git(dir, 'commit', '-q', '--allow-empty', '-m', 'state')
}

/** A plot in a form that both have: points as text by revision, file and field. */
export interface ComparedPlot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly points: Readonly<Record<string, readonly string[]>>
}

type Row = Readonly<Record<string, string | number | undefined>>

interface DvcPlots {
  readonly data: Readonly<Record<string, readonly DvcPlot[]>>
}
interface DvcPlot {
  readonly content: unknown
  readonly anchor_definitions: Readonly<Record<string, unknown>>
}

function plotsOf({ data }: DvcPlots): Record<string, ComparedPlot> {
  return Object.fromEntries(
    Object.entries(data).map(([id, [plot]]) => {
      const anchors = plot?.anchor_definitions ?? {}
      const text = JSON.stringify(plot?.content)
      const [, x = ''] = /"x":\{(?:[^{}]*,)?"field":"([^"]+)"/.exec(text) ?? []
      const [, y = ''] = /"y":\{(?:[^{}]*,)?"field":"([^"]+)"/.exec(text) ?? []
      const rows = anchors['<DVC_METRIC_DATA>'] as readonly Row[]
      const points = rows.map((row) => ({
        key: ['rev', 'filename', 'field'].map((name) => `${row[name] ?? ''}`),
        point: [row[x], row[y]],
      }))
      const label = (name: string): string => String(anchors[`<DVC_METRIC_${name}>`])
      return [
        id,
        {
          title: label('TITLE'),
          xLabel: label('X_LABEL'),
          yLabel: label('Y_LABEL'),
          points: gather(points),
        },
      ]
    }),
  )
}

/** Points by where they are from; numbers are the same, however they are written. */
export function gather(
  points: readonly { readonly key: readonly string[]; readonly point: readonly unknown[] }[],
): Record<string, string[]> {
  const groups: Record<string, string[]> = {}
  for (const { key, point } of points) {
    const name = key.join(' | ')
    const text = point.map((value) => String(Number.isNaN(Number(value)) ? value : Number(value)))
    groups[name] = [...(groups[name] ?? []), text.join(', ')]
  }
  return groups
}
