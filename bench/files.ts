/**
 * What large outs cost: a file of several gigabytes, and a directory of very many files. Each run of the
 * command is a process of its own, of which the highest resident memory is told by the kernel. Beside them
 * stands what the file system itself takes to copy as much.
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [gigabytes = 5, files = 100_000] = process.argv.slice(2).map(Number)
const ROOT = resolve(import.meta.dirname, '..')

const PIPELINE = `
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dir, file, pipeline, step } from '@stepwell/engine'

const large = step({
  params: { megabytes: ${Math.round(gigabytes * 1024)} },
  outs: { file: file('out/large.bin') },
  run: (_, { outs, params }) => {
    const to = openSync(outs.file, 'w')
    const block = Buffer.alloc(1 << 20)
    for (let i = 0; i < params.megabytes; i += 1) {
      block.fill(i & 255).writeUInt32LE(i)
      writeSync(to, block)
    }
    closeSync(to)
  },
})
const many = step({
  params: { files: ${files} },
  outs: { dir: dir('out/many') },
  run: (_, { outs, params }) => {
    for (let i = 0; i < params.files; i += 1) writeFileSync(outs.dir + '/' + i + '.txt', 'file ' + i)
  },
})
export default pipeline('files', { large, many })
`

const project = mkdtempSync(join(tmpdir(), 'stepwell-bench-'))
try {
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(join(ROOT, 'packages'), join(project, 'node_modules', '@stepwell'), 'junction')
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'pipeline.ts'), PIPELINE)
  for (const step of ['large', 'many']) {
    const what = step === 'large' ? `a file of ${gigabytes} GiB` : `a directory of ${files} files`
    say(`\n${what}`)
    await report('make, store and place', step)
    await report('unchanged, for the first time', step)
    await report('unchanged', step)
    const started = performance.now()
    cpSync(join(project, 'out'), join(project, 'copy'), { recursive: true })
    say(`${'the file system alone: a copy'.padEnd(32)}${seconds(started)}`)
    rmSync(join(project, 'copy'), { recursive: true })
    rmSync(join(project, 'out'), { recursive: true })
    await report('restore', step)
    rmSync(join(project, 'out'), { recursive: true })
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}

async function report(title: string, step: string): Promise<void> {
  const started = performance.now()
  const peak = await run(step)
  say(
    `${title.padEnd(32)}${seconds(started)}  ${`${Math.round(peak / 1024)} MB`.padStart(7)} at most`,
  )
}

/** @returns the highest resident memory of the process, in kB */
async function run(step: string): Promise<number> {
  const cli = join(ROOT, 'packages', 'cli', 'src', 'main.ts')
  const args = ['--conditions=@stepwell/source', cli, 'run', step, '-C', project, '--quiet']
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  let peak = 0
  const status = `/proc/${child.pid}/status`
  while (child.exitCode === null) {
    if (existsSync(status)) {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0))
    }
    await delay(20)
  }
  if (child.exitCode !== 0) throw new Error(`the run exited with ${child.exitCode}`)
  return peak
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`.padStart(10)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
