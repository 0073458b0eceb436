import { hostname } from 'node:os'
import { parseBytes, parseCount, parseDuration } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { type Engine, type GarbageReport, type GarbageRequest } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { formatDuration, formatSize, formatTime, plural, shortDigest } from '../ui/text.ts'
import { print, printJson, withProject, type ProjectOptions } from './project.ts'

/** Adds `stepwell gc`. */
export function register({ command, exit }: Cli): void {
  command('gc', 'delete what no kept run needs')
    .option('--keep-runs <n>', 'how many of the latest runs of each pipeline to keep', parseCount)
    .option('--keep-days <n>', 'keep all runs of this many days, too', parseCount)
    .option('--max-size <size>', 'the largest size that remains: 10GB or 10GiB', parseBytes)
    .option(
      '-n, --dry-run',
      'say what would be deleted, and how long it would take to make it again',
    )
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
    .action(async (options: GcOptions) => exit(await gc(options)))
}

export interface GcOptions extends ProjectOptions {
  readonly keepRuns?: number
  readonly keepDays?: number
  readonly maxSize?: number
  readonly dryRun?: boolean
  readonly lockTimeout?: number
  readonly json?: boolean
}

/** Deletes what no kept run needs. */
export async function gc({ json, ...options }: GcOptions): Promise<ExitCode> {
  const { keepRuns, keepDays, maxSize, dryRun = false } = options
  const request: GarbageRequest = {
    dryRun,
    ...(keepRuns !== undefined && { keepRuns }),
    ...(keepDays !== undefined && { keepDays }),
    ...(maxSize !== undefined && { maxSize }),
  }
  return await withProject(options, async (engine) => {
    const report = await engine.gc({
      ...request,
      waiting: (owner) => process.stderr.write(`waiting for ${owner}\n`),
    })
    if (json) printJson('stepwell.gc/1', { dryRun, ...report })
    else {
      print(render(report, dryRun, maxSize))
      for (const id of report.waitsFor) print(await liveText(engine, id))
    }
    return EXIT.ok
  })
}

function render(report: GarbageReport, dryRun: boolean, maxSize: number | undefined): string {
  const { waitsFor, runs, entries, artifacts, bytes, kept } = report
  const stays = dryRun || waitsFor.length > 0
  const lines: string[] = []
  if (stays && entries.length > 0) {
    lines.push(entriesTable(entries), '')
    const again = entries.reduce((sum, { duration }) => sum + duration, 0)
    lines.push(`to make them again would take ${formatDuration(again)} of computing`)
  }
  lines.push(
    `${stays ? 'would go' : 'gone'}: ${plural(entries.length, 'cache entry', 'cache entries')}, ` +
      `${plural(artifacts, 'stored file')} of ${formatSize(bytes)}, ${plural(runs.length, 'run')}`,
    `kept: ${plural(kept.entries, 'cache entry', 'cache entries')} with ${formatSize(kept.bytes)}, ` +
      plural(kept.runs, 'run'),
  )
  if (maxSize !== undefined && kept.bytes > maxSize) {
    lines.push(`the latest runs need more than ${formatSize(maxSize)}, which is kept`)
  }
  if (waitsFor.length > 0) {
    const noun = plural(waitsFor.length, 'run')
    lines.push(`nothing was removed, because of ${noun} under way; try again afterwards:`)
  }
  return lines.join('\n')
}

async function liveText(engine: Engine, id: string): Promise<string> {
  const { pipeline, startedAt, process: by } = await engine.runRecord(id)
  const where = by.host === hostname() ? '' : `; if that is gone, remove .stepwell/runs/${id}`
  return `  ${id} of ${pipeline} since ${formatTime(startedAt)}, process ${by.pid} on ${by.host}${where}`
}

function entriesTable(entries: GarbageReport['entries']): string {
  return renderTable(
    ['step', 'key', 'made', 'time to make', 'size'],
    entries.map(({ step, key, at, duration, size }) => [
      step ?? '-',
      shortDigest(key),
      formatTime(at),
      formatDuration(duration),
      formatSize(size),
    ]),
  )
}
