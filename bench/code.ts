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
import type { Pipeline } from '../packages/engine/src/define/pipeline.ts'
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
  const { findCode } = await import('../packages/engine/src/code/manifest/manifest.ts')
  const { default: pipeline } = (await import(pathToFileURL(join(dir, 'pipeline.ts')).href)) as {
    default: Pipeline
  }
  const [start, before] = [performance.now(), process.cpuUsage()]
  const { isKnown, keep } = await findCode(pipeline, dir, join(dir, '.stepwell', 'code'))
  const took = performance.now() - start
  const cpu = process.cpuUsage(before).user / 1000
  await keep()
  process.stdout.write(JSON.stringify({ took, cpu, isKnown }))
}

function compare(): void {
  const [cpu] = cpus()
  say(
    `${cpu?.model ?? 'unknown CPU'} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}, Node ${process.versions.node}`,
  )
  say(
    'milliseconds of time and of user CPU, the least of seven each; importing the pipeline is not in it\n',
  )
  say('steps  modules             cold      one changed        unchanged')
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
      const costs = [cold, changed, unchanged].map(({ took, cpu: used }) => {
        return `${took.toFixed(1)} / ${used.toFixed(1)}`.padStart(17)
      })
      say(`${`${steps}`.padStart(5)}${`${modules}`.padStart(9)}${costs.join('')}`)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

interface Cost {
  readonly took: number
  readonly cpu: number
}

function least(dir: string, isKnown: boolean, before: () => void): Cost {
  const all = Array.from({ length: TIMES }, () => {
    before()
    const measured = once(dir)
    if (measured.isKnown !== isKnown) throw new Error(`expected a manifest to be used: ${isKnown}`)
    return measured
  })
  return {
    took: Math.min(...all.map(({ took }) => took)),
    cpu: Math.min(...all.map(({ cpu }) => cpu)),
  }
}

function once(dir: string): Cost & { readonly isKnown: boolean } {
  const args = ['--conditions=@stepwell/source', self, dir]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost & {
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
