import type { Command } from '../commander.ts'
import { parseDuration } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { CachedEntry, VerifyReport } from '@stepwell/engine'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { renderTable } from '../ui/table.ts'
import { formatDuration, formatSize, formatTime, plural, shortDigest } from '../ui/text.ts'
import { print, printJson, withProject, type ProjectOptions } from './project.ts'

/** Adds `stepwell cache`. */
export function register({ command, exit }: Cli): void {
  const cache = command('cache', 'list or verify what is stored')
    .option('--lock-timeout <time>', 'how long to wait for another process: 30s', parseDuration)
    .option('--json', 'print JSON')
  cache
    .command('ls')
    .description('list the entries of the step cache, largest first')
    .action(async (_: unknown, ls: Command) =>
      exit(await listCache(ls.optsWithGlobals<CacheOptions>())),
    )
  cache
    .command('verify')
    .description('read all stored bytes, and put aside what is damaged')
    .action(async (_: unknown, verify: Command) =>
      exit(await verifyCache(verify.optsWithGlobals<CacheOptions>())),
    )
}

export interface CacheOptions extends ProjectOptions {
  readonly lockTimeout?: number
  readonly json?: boolean
}

/** Lists the entries of the step cache, largest first. */
export async function listCache({ json, ...options }: CacheOptions): Promise<ExitCode> {
  return await withProject(options, async (engine) => {
    const { entries, bytes } = await engine.cacheEntries()
    if (json) printJson('stepwell.cache/1', { entries, bytes })
    else if (entries.length === 0) print('the cache is empty')
    else print(`${entriesTable(entries)}\n\n${entriesText(entries.length)} of ${formatSize(bytes)}`)
    return EXIT.ok
  })
}

function entriesTable(entries: readonly CachedEntry[]): string {
  return renderTable(
    ['step', 'pipeline', 'key', 'size', 'time to make', 'made', 'last used by run'],
    entries.map(({ step, pipeline, key, size, duration, at, lastRun }) => [
      step ?? '-',
      pipeline ?? '-',
      shortDigest(key),
      formatSize(size),
      formatDuration(duration),
      formatTime(at),
      lastRun ?? '-',
    ]),
    ['pipeline', 'made'],
  )
}

/** Reads all that is stored and compares it with its digests. */
export async function verifyCache({ json, ...options }: CacheOptions): Promise<ExitCode> {
  return await withProject(options, async (engine) => {
    const report = await engine.verify({
      waiting: (owner) => process.stderr.write(`waiting for ${owner}\n`),
      ...(process.stderr.isTTY && { progress: showProgress }),
    })
    if (json) printJson('stepwell.verify/1', report)
    else print(render(report))
    const { damaged, healed, lost, lines } = report
    const isSound = damaged.length + healed.length + lost.length + lines === 0
    return isSound ? EXIT.ok : EXIT.integrity
  })
}

let shown = 0

function showProgress(done: number, total: number): void {
  const now = performance.now()
  if (done < total && now - shown < 100) return
  shown = now
  const end = done === total ? '\r\u001B[K' : ''
  process.stderr.write(`\r${formatSize(done)} of ${formatSize(total)}${end}`)
}

function render(report: VerifyReport): string {
  const { artifacts, bytes, entries, damaged, healed, lost, lines } = report
  const text = damaged.map(({ digest, aside }) => `damaged: ${digest}; it is now ${aside}`)
  for (const path of healed) text.push(`stored again, from the project: ${path}`)
  for (const { key, step } of lost) {
    text.push(
      `lost: the outputs of ${step ?? 'a step'} under ${shortDigest(key)}; they will be made again`,
    )
  }
  if (lines > 0) text.push(`removed: ${plural(lines, 'damaged line')} of journals`)
  const all = `${entriesText(entries)}, ${plural(artifacts, 'stored file')} of ${formatSize(bytes)}`
  const outcome = `${damaged.length} damaged, ${lost.length} lost`
  text.push(`${all}: ${text.length === 0 ? 'all as they were written' : outcome}`)
  return text.join('\n')
}

function entriesText(count: number): string {
  return plural(count, 'cache entry', 'cache entries')
}
