import type { Command } from '../commander.ts'
import { collect, parseDigits } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { withoutStack } from '@stepwell/base/failure'
import type { FlatValues, RevisionValues } from '@stepwell/dvc'
import { StepwellError } from '@stepwell/engine'
import type { ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { visible } from '../ui/text.ts'
import { print, printJson } from './project.ts'
import {
  runNames,
  sidesOf,
  withHistory,
  WORKSPACE,
  type History,
  type RevisionOptions,
} from './revisions.ts'
import { errorsOf, isRead, printDiff, report, valueText, type ShownError } from './values.ts'

/** Adds `stepwell metrics`. */
export function register({ command, exit }: Cli): void {
  const metrics = command('metrics', 'the metrics of a DVC project')
  metrics
    .command('show')
    .description('show metrics of the workspace, of revisions, or of runs')
    .argument('[targets...]', 'files or directories (default: all metrics)')
    .option('--rev <rev>', 'in a Git revision; may be repeated', collect)
    .option('--run <id>', 'after a recorded run; may be repeated', collect)
    .option('-a, --all-branches', 'in all branches')
    .option('-T, --all-tags', 'in all tags')
    .option('-A, --all-commits', 'in all commits')
    .option('--precision <n>', 'digits after the decimal point (default: 5)', parseDigits)
    .option('--json', 'print JSON')
    .action(async (targets: string[], _: unknown, show: Command) =>
      exit(await showMetrics(targets, show.optsWithGlobals<ShowMetricsOptions>())),
    )
  metrics
    .command('diff')
    .description('compare metrics')
    .argument('[from]', 'a Git revision (default: HEAD)')
    .argument('[to]', 'a Git revision (default: workspace, the present files)')
    .option('--run <id>', 'a recorded run, as a side or as both', collect)
    .option('--targets <paths...>', 'files or directories (default: all metrics)')
    .option('--all', 'also show what does not differ')
    .option('--precision <n>', 'digits after the decimal point (default: 5)', parseDigits)
    .option('--json', 'print JSON')
    .action(async (from: string | undefined, to: string | undefined, _: unknown, diff: Command) =>
      exit(await diffMetrics([from, to], diff.optsWithGlobals<DiffMetricsOptions>())),
    )
}

export interface ShowMetricsOptions extends Omit<RevisionOptions, 'targets'> {
  readonly rev?: readonly string[]
  readonly allBranches?: boolean
  readonly allTags?: boolean
  readonly allCommits?: boolean
  readonly precision?: number
  readonly json?: boolean
}

/** Shows the metrics of a DVC project: as they are now, in revisions, or after runs. */
export async function showMetrics(
  targets: readonly string[],
  options: ShowMetricsOptions,
): Promise<ExitCode> {
  return await withHistory(options, targets, async (history) => {
    const names = namesOf(history, options)
    const found = new Map<string, RevisionValues>()
    const errors: ShownError[] = []
    for (const name of names) {
      try {
        const values = await readMetrics(history, name, targets)
        found.set(name, values)
        errors.push(...errorsOf(name, values))
      } catch (error) {
        if (names.length === 1 || !(error instanceof StepwellError)) throw error
        errors.push({ revision: name, ...withoutStack(error), code: error.code })
      }
    }
    hideWorkspace(history, options, found)
    const { flatten, jsonOf } = await import('@stepwell/dvc')
    const flat = [...found].map(([name, values]): [string, [string, FlatValues][]] => [
      name,
      [...values].flatMap(([path, value]) =>
        isRead(value) ? [[history.shown(path), flatten(value.data)]] : [],
      ),
    ])
    if (options.json) {
      const revisions = [...found].map(([name, values]) => {
        const data = [...values].map(([path, value]) => [
          history.shown(path),
          isRead(value) ? { data: jsonOf(value.data) } : value,
        ])
        return [name, { data: Object.fromEntries(data) }]
      })
      printJson('stepwell.metrics/1', { revisions: Object.fromEntries(revisions), errors })
    } else if (flat.every(([, files]) => files.length === 0)) print('there are no metrics')
    else print(metricsTable(flat, options.precision))
    return report(errors, errors.length === 0 || flat.some(([, files]) => files.length > 0))
  })
}

export interface DiffMetricsOptions extends RevisionOptions {
  readonly all?: boolean
  readonly precision?: number
  readonly json?: boolean
}

/** Compares the metrics of two revisions, of two runs, or of one with what is there now. */
export async function diffMetrics(
  revisions: readonly (string | undefined)[],
  { all = false, targets = [], run = [], precision, json = false, ...options }: DiffMetricsOptions,
): Promise<ExitCode> {
  const sides = sidesOf(revisions, run)
  return await withHistory(options, targets, async (history) => {
    const read = async (name: string): Promise<RevisionValues> =>
      await readMetrics(history, name, targets)
    return await printDiff(history, sides, read, {
      schema: 'stepwell.metrics-diff/1',
      noun: 'metric',
      all,
      json,
      ...(precision !== undefined && { precision }),
    })
  })
}

async function readMetrics(
  { open, inside }: History,
  name: string,
  targets: readonly string[],
): Promise<RevisionValues> {
  const { metricValues } = await import('@stepwell/dvc')
  return await metricValues(await open(name), targets.map(inside))
}

function namesOf(
  { commits }: History,
  { rev = [], run, allBranches, allTags, allCommits }: ShowMetricsOptions,
): string[] {
  const sets = [
    ...(allBranches ? (['branches'] as const) : []),
    ...(allTags ? (['tags'] as const) : []),
    ...(allCommits ? (['commits'] as const) : []),
  ]
  const found = sets.flatMap((set) => commits(set).map(({ name }) => name))
  const named = [...rev, ...runNames(run)]
  return [...new Set([...(named.length === 0 ? [WORKSPACE] : []), ...named, ...found])]
}

/** As DVC does: beside its own branch, what is there now is shown where it differs. */
function hideWorkspace(
  { git }: History,
  { allBranches }: ShowMetricsOptions,
  found: Map<string, RevisionValues>,
): void {
  const branch = allBranches ? git().branch : undefined
  const [now, latest] = [found.get(WORKSPACE), branch && found.get(branch)]
  if (now === undefined || !latest) return
  const text = (values: RevisionValues): string =>
    JSON.stringify([...values], (_, value: unknown) => {
      if (value instanceof Map) return [...value]
      return typeof value === 'bigint' ? `${value}n` : value
    })
  if (text(now) === text(latest)) found.delete(WORKSPACE)
}

function metricsTable(
  revisions: readonly [string, readonly [string, FlatValues][]][],
  precision: number | undefined,
): string {
  const [only] = revisions
  if (revisions.length === 1 && only !== undefined) {
    const rows = only[1].flatMap(([file, values]) =>
      [...values].map(([name, value]) => [
        visible(file),
        visible(name),
        valueText(value, precision),
      ]),
    )
    return renderTable(['file', 'metric', 'value'], rows)
  }
  const all = revisions.flatMap(([, files]) => files.flatMap(([, values]) => [...values.keys()]))
  const names = [...new Set(all)].toSorted()
  const rows = revisions.flatMap(([revision, files]) =>
    files.map(([file, values]) => [
      visible(revision),
      visible(file),
      ...names.map((name) => valueText(values.get(name), precision)),
    ]),
  )
  return renderTable(['revision', 'file', ...names.map(visible)], rows)
}
