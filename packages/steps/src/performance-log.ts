import { jsonText, memberOf, parseJson } from '@stepwell/base/json-text'
import { removeLeftovers, replaceFileSync } from '@stepwell/base/atomic-file'
import { readIfPresent } from '@stepwell/base/files'

/** A line is known by the model's version and its window; the rest is what was measured. */
export interface PerformanceLine {
  readonly version: string
  readonly window: string
}

/**
 * Writes lines into the log, NDJSON: a line takes the place of an earlier one for the same version and
 * window, or goes to the end. Other lines stay as they are, whatever they hold. The file is replaced
 * in one step, and left alone when nothing changes.
 */
export function writePerformance(path: string, lines: readonly PerformanceLine[]): void {
  removeLeftovers(path)
  const text = readText(path)
  const fresh = new Map(lines.map((line) => [keyOf(line), jsonText(line)]))
  const written = new Set<string>()
  const merged: string[] = []
  for (const line of linesOf(text)) {
    const key = keyOf(parseJson(line))
    const replacement = fresh.get(key)
    if (replacement === undefined) merged.push(line)
    else if (!written.has(key)) merged.push(replacement)
    written.add(key)
  }
  for (const [key, line] of fresh) if (!written.has(key)) merged.push(line)
  const next = merged.map((line) => `${line}\n`).join('')
  if (next !== text) replaceFileSync(path, Buffer.from(next))
}

/** The first of the lines that the log does not hold exactly once, and why. */
export function problemOfPerformance(
  path: string,
  lines: readonly PerformanceLine[],
): string | undefined {
  const held = Map.groupBy(linesOf(readText(path)), (line) => keyOf(parseJson(line)))
  for (const line of lines) {
    const name = `the line of version ${line.version}, window ${line.window}`
    const [first, ...more] = held.get(keyOf(line)) ?? []
    if (first === undefined) return `${name} is missing`
    if (first !== jsonText(line) || more.length > 0) return `${name} differs`
  }
  return undefined
}

function keyOf(line: unknown): string {
  return JSON.stringify([memberOf(line, 'version'), memberOf(line, 'window')])
}

function readText(path: string): string {
  return readIfPresent(path)?.toString('utf8') ?? ''
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
