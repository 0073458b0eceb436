/**
 * What the analysis of code costs after a pipeline has been imported: all of it, after an edit of one
 * module, and when nothing changed; each in a process of its own, as a command has it.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Pipeline } from '../packages/engine/src/pipeline.ts'
import { writeProject } from './project.ts'

const TIMES = 7
const SIZES = [
  [10, 5],
  [100, 20],
  [1000, 50],
] as const

const [, self = '', project] = process.argv
if (project === undefined) compare()
else await measure(project)

/** In a process of its own: milliseconds on standard output. */
async function measure(dir: string): Promise<void> {
  // As the command does.
  enableCompileCache()
  const { findCode } = await import('../packages/engine/src/code/manifest.ts')
  const { default: pipeline } = (await import(pathToFileURL(join(dir, 'pipeline.ts')).href)) as {
    default: Pipeline
  }
  const start = performance.now()
  const { isKnown, keep } = await findCode(pipeline, dir, join(dir, '.stepwell', 'code'))
  const took = performance.now() - start
  await keep()
  process.stdout.write(JSON.stringify({ took, isKnown }))
}

function compare(): void {
  const [cpu] = cpus()
  say(
    `${cpu?.model ?? 'unknown CPU'} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}, Node ${process.versions.node}`,
  )
  say('milliseconds, the least of seven; importing the pipeline is not in it\n')
  say('steps  modules     cold  one changed  unchanged  cold/one  cold/unchanged')
  for (const [steps, modules] of SIZES) {
    const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
    try {
      writeProject(dir, resolve(import.meta.dirname, '../packages/engine'), steps, modules)
      const forget = (): void => rmSync(join(dir, '.stepwell'), { recursive: true, force: true })
      const cold = least(dir, false, forget)
      const changed = least(dir, false, () => edit(dir))
      waitUntilSettled(dir)
      once(dir)
      const unchanged = least(dir, true, () => undefined)
      const cells = [steps, modules, cold, changed, unchanged, cold / changed, cold / unchanged]
      const widths = [5, 9, 9, 13, 11, 10, 16]
      say(cells.map((cell, at) => cell.toFixed(at < 2 ? 0 : 1).padStart(widths[at] ?? 0)).join(''))
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

function least(dir: string, isKnown: boolean, before: () => void): number {
  const all = Array.from({ length: TIMES }, () => {
    before()
    const measured = once(dir)
    if (measured.isKnown !== isKnown) throw new Error(`expected a manifest to be used: ${isKnown}`)
    return measured.took
  })
  return Math.min(...all)
}

function once(dir: string): { readonly took: number; readonly isKnown: boolean } {
  const args = ['--conditions=@stepwell/source', self, dir]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as {
    took: number
    isKnown: boolean
  }
}

function edit(dir: string): void {
  appendFileSync(
    join(dir, 'steps', 'm1.ts'),
    `\nexport const more${process.hrtime.bigint()} = () => 1\n`,
  )
}

/** Time stamps are trusted two seconds after the last edit. */
function waitUntilSettled(dir: string): void {
  const { ctimeMs } = statSync(join(dir, 'steps', 'm1.ts'))
  const left = ctimeMs + 2_100 - Date.now()
  if (left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
